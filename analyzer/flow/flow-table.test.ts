import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildIcmp, buildTcp } from '../../packet/wire/build.ts';
import type { Frame } from '../../packet/wire/frame.ts';
import { decoded, segment } from '../test-frames.ts';
import type { Flow } from './flow.ts';
import { FlowTable } from './flow-table.ts';

interface Heard {
  from: string;
  to: string;
  fromPort: number;
  toPort: number;
  flags: 'SYN' | 'SYN ACK' | 'ACK' | 'RST' | 'SYN RST';
  seq: number;
}

/** Few addresses and ports, so that flows meet again. `a00:1::` has the words of 10.0.0.1, others differ in one. */
const ADDRESSES = {
  v4: ['10.0.0.1', '10.0.0.2', '127.0.0.1'],
  v6: ['fd00::1', 'fd00::1:0:0:1', 'fd00:1::1', '::a00:1', 'a00:1::', 'a00:2::'],
};
const heard: fc.Arbitrary<Heard> = fc.constantFrom('v4' as const, 'v6' as const).chain((version) => {
  const address = fc.constantFrom(...ADDRESSES[version]);
  return fc.record({
    from: address,
    to: address,
    fromPort: fc.constantFrom(80, 1000, 65535),
    toPort: fc.constantFrom(80, 1000, 65535),
    flags: fc.constantFrom('SYN', 'SYN ACK', 'ACK', 'RST', 'SYN RST'),
    seq: fc.constantFrom(0, 1, 4_294_967_295),
  });
});

const frameOf = (h: Heard) =>
  segment({
    source: h.from,
    destination: h.to,
    sourcePort: h.fromPort,
    destinationPort: h.toPort,
    flags: h.flags,
    seq: h.seq,
  });

/** The same rules over strings: flows by both ends, a pure SYN with another number begins a new one. */
class Oracle {
  private readonly known = new Map<string, { index: number; syn: number | null }>();
  private count = 0;

  find(h: Heard): { index: number; opened: boolean } {
    const name = [`${h.from} ${h.fromPort}`, `${h.to} ${h.toPort}`].sort().join(' - ');
    const isSyn = h.flags === 'SYN';
    let flow = this.known.get(name);
    const opened = flow === undefined || (isSyn && flow.syn !== h.seq);
    if (flow === undefined || opened) {
      flow = { index: this.count, syn: null };
      this.count += 1;
      this.known.set(name, flow);
    }
    if (isSyn || h.flags === 'SYN RST') flow.syn = h.seq;
    return { index: flow.index, opened };
  }
}

/** None of these tables is full. */
const found = (table: FlowTable, frame: Frame, id: number): Flow => table.find(frame, id) as Flow;

describe('FlowTable.find', () => {
  it('finds what a map of strings finds', () => {
    fc.assert(
      fc.property(fc.array(heard, { maxLength: 120, size: 'max' }), (all) => {
        const table = new FlowTable();
        const oracle = new Oracle();
        for (const [i, h] of all.entries()) {
          const flow = found(table, frameOf(h), i + 1);
          expect({ index: flow.index, opened: table.opened }).toEqual(oracle.find(h));
          expect(flow.lastFrame).toBe(i + 1);
        }
      }),
    );
  });

  it('tells who sent, from the addresses of the flow', () => {
    fc.assert(
      fc.property(heard, (h) => {
        const table = new FlowTable();
        const flow = found(table, frameOf(h), 1);
        const { sender } = table;
        expect([flow.addressOf(sender), flow.port[sender]]).toEqual([h.from, h.fromPort]);
        const back = { ...h, from: h.to, to: h.from, fromPort: h.toPort, toPort: h.fromPort, flags: 'ACK' };
        expect(found(table, frameOf(back as Heard), 2)).toBe(flow);
        const isSelf = h.from === h.to && h.fromPort === h.toPort;
        expect(table.sender).toBe(isSelf ? sender : 1 - sender);
      }),
    );
  });

  it('keeps every flow apart when it grows', () => {
    const table = new FlowTable();
    const between = (i: number) =>
      segment({ source: `10.1.${i >> 8}.${i & 255}`, destination: '10.0.0.2', sourcePort: 1024 + (i % 7) });
    const frames = Array.from({ length: 3000 }, (_, i) => between(i));
    const first = frames.map((f) => found(table, f, 1).index);
    const again = frames.map((f) => found(table, f, 2).index);
    expect(first).toEqual(frames.map((_, i) => i));
    expect(again).toEqual(first);
  });

  it('keeps what it saw first and last', () => {
    const table = new FlowTable();
    found(table, segment({ at: 1, seq: 77 }), 3);
    const flow = found(table, segment({ at: 2.5, seq: 99 }), 8);
    const { firstFrame, firstTime, firstSeq, lastFrame, lastTime, frames, ipVersion, stream } = flow;
    expect({ firstFrame, firstTime, firstSeq, lastFrame, lastTime, frames, ipVersion, stream }).toEqual({
      firstFrame: 3,
      firstTime: 1e9,
      firstSeq: 77,
      lastFrame: 8,
      lastTime: 2.5e9,
      frames: 2,
      ipVersion: 4,
      stream: 0,
    });
  });
});

describe('a SYN on known ends', () => {
  const streams = (...heardFlags: [string, number][]): number[] => {
    const table = new FlowTable();
    return heardFlags.map(([flags, seq]) => found(table, segment({ flags, seq }), 1).stream);
  };

  it('repeated, is the same flow', () => {
    expect(streams(['SYN', 5], ['SYN', 5], ['ACK', 6])).toEqual([0, 0, 0]);
  });

  it('with another number, or after segments whose SYN was missed, begins the next', () => {
    expect(streams(['SYN', 5], ['ACK', 6], ['SYN', 9], ['ACK', 10])).toEqual([0, 0, 1, 1]);
    expect(streams(['ACK', 6], ['SYN', 9])).toEqual([0, 1]);
  });

  it('with an ACK never begins one', () => {
    expect(streams(['SYN', 5], ['SYN ACK', 9])).toEqual([0, 0]);
  });
});

describe('FlowTable.findQuoted', () => {
  const quoting = (fields: Parameters<typeof buildTcp>[0]) =>
    decoded(
      buildIcmp({ source: '10.0.0.254', type: 3, code: 1, body: buildTcp({ link: 'raw', ...fields }) }),
    );

  it('finds the newest flow of the ends that an ICMP error quotes, and who had sent', () => {
    const table = new FlowTable();
    found(table, segment({ flags: 'SYN', seq: 1 }), 1);
    const newest = found(table, segment({ flags: 'SYN', seq: 2 }), 2);
    expect(table.findQuoted(quoting({}))).toBe(newest);
    expect(table.sender).toBe(0);
    const back = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 80, destinationPort: 40000 };
    expect(table.findQuoted(quoting(back))).toBe(newest);
    expect(table.sender).toBe(1);
  });

  it('finds nothing where the ends were not seen, and makes no flow of them', () => {
    const table = new FlowTable();
    found(table, segment({}), 1);
    expect(table.findQuoted(quoting({ sourcePort: 40001 }))).toBeUndefined();
    expect(table.flows.length).toBe(1);
  });

  it('finds flows over IPv6', () => {
    const table = new FlowTable();
    const flow = found(table, segment({ source: 'fd00::1', destination: 'fd00::2' }), 1);
    const quoted = buildTcp({ link: 'raw', source: 'fd00::1', destination: 'fd00::2' });
    const error = decoded(
      buildIcmp({ source: 'fd00::fe', destination: 'fd00::1', type: 1, code: 3, body: quoted }),
    );
    expect(table.findQuoted(error)).toBe(flow);
  });
});
