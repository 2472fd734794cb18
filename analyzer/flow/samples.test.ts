import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TcpFrame } from '../../packet/wire/build.ts';
import { Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { segment } from '../test-frames.ts';
import { nameOf, Samples } from './samples.ts';
import { Trails } from './trail.ts';

const MOST = 16_384;

const frameOf = (fields: Partial<Frame>): Frame =>
  Object.assign(new Frame(), { flags: TcpFlag.Ack, ...fields });

/** The only name of one segment. */
function named(fields: TcpFrame): number | undefined {
  const samples = new Samples();
  samples.add(0, segment(fields), 0);
  return [...samples.byName().keys()][0];
}

const stamped = { timestamps: { value: 77, echo: 5 } };
const packet: TcpFrame = { seq: 1000, ack: 2000, payload: 500, flags: 'PSH ACK', options: stamped };

describe('the name of a packet', () => {
  const same: [string, TcpFrame][] = [
    ['other addresses and ports (NAT)', { source: '198.51.100.7', sourcePort: 6000, destinationPort: 8080 }],
    ['a hop less to go', { ttl: 61 }],
    ['another IP identification', { ipId: 999 }],
    ['other MACs', { sourceMac: '02:00:00:00:00:77' }],
    ['a cooked link', { link: 'sll2', packetType: 4 }],
    ['PSH left out by offload', { flags: 'ACK' }],
    ['congestion marks', { flags: 'PSH ACK ECE CWR' }],
    ['another window, MSS or echo', { window: 7, options: { timestamps: { value: 77, echo: 999 } } }],
  ];
  it.each(same)('is the same with %s', (_what, change) => {
    expect(named({ ...packet, ...change })).toBe(named(packet));
  });

  const other: [string, TcpFrame][] = [
    ['a byte further', { seq: 1001 }],
    ['another acknowledgement', { ack: 2001 }],
    ['a byte longer', { payload: 501 }],
    ['a later timestamp', { options: { timestamps: { value: 78, echo: 5 } } }],
    ['no timestamp', { options: {} }],
    ['FIN', { flags: 'FIN PSH ACK' }],
    ['RST', { flags: 'RST ACK' }],
  ];
  it.each(other)('is another with %s', (_what, change) => {
    expect(named({ ...packet, ...change })).not.toBe(named(packet));
  });

  it('is an exact number, as near as numbers go', () => {
    const word = fc.nat({ max: 0xffff_ffff });
    fc.assert(
      fc.property(
        word,
        word,
        fc.nat({ max: 65_535 }),
        fc.nat({ max: 0x1ff }),
        fc.integer({ min: -1 }),
        (...w) => {
          const [seq, ack, length, flags, tsVal] = w;
          const name = nameOf({ seq, ack, length, flags, tsVal });
          expect(Number.isSafeInteger(name) && name >= 0).toBe(true);
        },
      ),
    );
  });

  it('leaves out the acknowledgement number of a segment that has no ACK', () => {
    expect(named({ flags: 'SYN', seq: 5, ack: 0 })).toBe(named({ flags: 'SYN', seq: 5, ack: 123 }));
  });

  it('is the one that a trail gives the same frame', () => {
    for (const fields of [packet, { ...packet, options: {} }, { seq: 9, flags: 'SYN' }]) {
      const trails = new Trails();
      trails.add(0, segment(fields), 1, 0);
      expect(nameOf(trails.of(0)[0]!)).toBe(named(fields));
    }
  });

  it('is no other packet’s, among as many as a capture is sampled down from', () => {
    const names = new Set<number>();
    let count = 0;
    for (let i = 0; i < 100_000; i++) {
      // Two bulk transfers that differ little.
      names.add(nameOf({ seq: i * 1448, ack: 1, length: 1448, flags: 0x10, tsVal: (i / 100) | 0 }));
      names.add(nameOf({ seq: 1, ack: i * 1448, length: 0, flags: 0x10, tsVal: (i / 100) | 0 }));
      count += 2;
    }
    expect(names.size).toBe(count);
  });
});

describe('samples', () => {
  const fill = (count: number, from = 0): Samples => {
    const samples = new Samples();
    for (let i = from; i < from + count; i++) samples.add(i, frameOf({ seq: i * 1448, time: i }), 0);
    return samples;
  };

  it('hold every packet of a small capture, with its flow, sender and time', () => {
    const samples = new Samples();
    samples.add(5, segment({ ...packet, at: 1 }), 1);
    expect([...samples.byName().values()]).toEqual([
      { time: 1_000_000_000, flow: 5, sender: 1, ipId: -1, repeated: false },
    ]);
    expect(fill(1000).byName().size).toBe(1000);
  });

  it('stay bounded, and keep thousands', () => {
    const size = fill(200_000).byName().size;
    expect(size).toBeLessThanOrEqual(MOST);
    expect(size).toBeGreaterThan(MOST / 4);
  });

  it('of two vantages hold the same packets, whatever else either saw', () => {
    // One saw the packets 0 to 60,000, the other 20,000 to 170,000.
    const [one, two] = [fill(60_000).byName(), fill(150_000, 20_000).byName()];
    const shared = [...two].filter(([, { flow }]) => flow < 60_000);
    expect(shared.length).toBeGreaterThan(1000);
    for (const [name, { flow }] of shared) expect(one.get(name)?.flow).toBe(flow);
  });

  it('take two frames of one packet for one: it came to the host and left it', () => {
    const samples = new Samples();
    for (const at of [1, 1.0001, 1.09]) samples.add(0, segment({ ...packet, at }), 0);
    expect([...samples.byName().values()]).toMatchObject([{ time: 1_000_000_000, repeated: false }]);
  });

  it('say of the same words sent again that nobody knows which is meant', () => {
    const samples = new Samples();
    for (const at of [1, 1.2]) samples.add(0, segment({ ...packet, at }), 0);
    expect([...samples.byName().values()]).toMatchObject([{ repeated: true }]);
  });

  it('are not crowded out by one packet that comes again and again', () => {
    const samples = new Samples();
    for (let i = 0; i < 500; i++) samples.add(1, frameOf({ seq: i * 1448, time: i }), 0);
    const storm = frameOf({ seq: 7, ack: 9, time: 1 });
    for (let i = 0; i < 4 * MOST; i++) samples.add(2, storm, 0);
    expect(samples.byName().size).toBe(501);
  });

  it('come to an end also where all names fall into the finest sample', () => {
    const samples = new Samples();
    for (let i = 0; i < 2 * MOST; i++) {
      samples.add(i, frameOf({ seq: seqOfName0(i), ack: i }), 0);
      samples.add(i, frameOf({ seq: seqOfName0(0), ack: 0 }), 0);
    }
    const names = [...samples.byName().keys()];
    expect(names.every((name) => name % 2 ** 32 === 0)).toBe(true);
    expect(names.length).toBeGreaterThan(1000);
    expect(names.length).toBeLessThanOrEqual(MOST);
  });
});

/** The sequence number that gives a bare acknowledgement a name whose lower half is 0, as whoever wants to hang a reader would pick it. */
function seqOfName0(ack: number): number {
  const mix = (x: number): number => {
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  };
  return (0x27d4eb2f ^ mix(ack + 0x9e3779b9) ^ 0x85ebca6b) >>> 0;
}
