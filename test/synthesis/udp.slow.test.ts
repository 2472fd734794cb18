/**
 * UDP in bulk, and UDP that nobody would send: time and memory stay bounded,
 * nothing throws, and what comes out is a report.
 */
import { expect, test } from 'vitest';
import { UdpWatch } from '../../analyzer/stall/udp/udp-watch.ts';
import { judgeUdp, type UdpFlowReport } from '../../analyzer/verdict/udp.ts';
import { seconds as s } from '../../packet/time.ts';
import { buildUdp, recordOf } from '../../packet/wire/build.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { writeDns } from '../../packet/wire/dns.ts';
import { Frame } from '../../packet/wire/frame.ts';
import { writeQuicLong, writeQuicShort } from '../../packet/wire/quic.ts';
import { checkReport } from '../report-shape.ts';
import { UdpIncident } from './udp.ts';

const MILLION = 1_000_000;

/** A million frames made from one by changing it in place, and the flows that are told of them. */
function flood(
  payload: Uint8Array,
  change: (frame: Frame, i: number) => void,
): { watch: UdpWatch; flows: UdpFlowReport[]; bytes: number } {
  const record = recordOf(buildUdp({ payload, destinationPort: 443 }));
  const frame = new Frame();
  const watch = new UdpWatch();
  const before = memory();
  for (let i = 0; i < MILLION; i++) {
    decodeFrame(record, frame);
    frame.time = i * 100_000;
    change(frame, i);
    watch.observe(frame, i + 1);
  }
  const bytes = memory() - before;
  const flows = judgeUdp([
    {
      role: 'client',
      host: 'client',
      watch,
      clock: {
        time: (t) => String(Math.round(t)),
        frame: (frameNumber) => ({ capture: 'c1', frame: frameNumber }),
      },
      captureIds: ['c1'],
      coveredUntil: s(200),
      gaps: [],
      toReference: (t) => t,
    },
  ]);
  return { watch, flows, bytes };
}

const memory = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

function backwards(frame: Frame): void {
  const { sourcePort, address } = frame;
  frame.sourcePort = frame.destinationPort;
  frame.destinationPort = sourcePort;
  for (let i = 0; i < 4; i++) {
    const word = address[i] as number;
    address[i] = address[4 + i] as number;
    address[4 + i] = word;
  }
}

test('a bulk flow of QUIC is one conversation, and no victim', () => {
  const payload = writeQuicShort(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 5, new Uint8Array(1200));
  const { watch, flows } = flood(payload, (frame, i) => {
    frame.view.setUint8(frame.payloadOffset, 0x40 | (i & 31));
    if (i % 3 !== 0) backwards(frame);
  });
  expect([[...watch.quicRecords()].length, flows.length, watch.unfollowed]).toEqual([1, 0, 0]);
});

test('half a million names, each found at once, leave nothing behind but the newest', () => {
  const { watch, flows } = flood(writeDns({ id: 1, name: 'aaaa.example' }), (frame, i) => {
    const k = i >> 1;
    const { view, payloadOffset } = frame;
    frame.destinationPort = 53;
    frame.sourcePort = 1024 + (k % 60_000);
    view.setUint16(payloadOffset, (k * 7) & 0xffff);
    view.setUint16(payloadOffset + 2, i % 2 === 0 ? 0x0100 : 0x8180);
    for (let n = 0; n < 4; n++) view.setUint8(payloadOffset + 13 + n, 97 + ((k >> (4 * n)) & 15));
    if (i % 2 === 1) backwards(frame);
  });
  expect([flows.length, watch.unfollowed]).toEqual([0, 0]);
  expect([...watch.dnsRecords()].length).toBeLessThanOrEqual(32_768);
});

test('a million questions that nobody answers are bounded, and counted', () => {
  const { watch, flows, bytes } = flood(writeDns({ id: 1, name: 'aaaa.example' }), (frame, i) => {
    const { view, payloadOffset } = frame;
    frame.destinationPort = 53;
    // Above 5353, which is multicast DNS and not followed.
    frame.sourcePort = 6000 + (i % 50_000);
    frame.address[0] = 0x0a000000 + i;
    view.setUint16(payloadOffset, i & 0xffff);
    for (let n = 0; n < 4; n++) view.setUint8(payloadOffset + 13 + n, 97 + ((i >> (4 * n)) & 15));
  });
  expect(flows.length).toBeLessThanOrEqual(32_768 + 20_000);
  expect(watch.unfollowed).toBe(MILLION - 32_768 - 20_000);
  expect(bytes).toBeLessThan(250e6);
});

test('one question asked a million times is one flow', () => {
  const { flows } = flood(writeDns({ id: 1, name: 'aaaa.example' }), (frame, i) => {
    frame.destinationPort = 53;
    frame.sourcePort = 1024 + (i % 60_000);
    frame.view.setUint16(frame.payloadOffset, i & 0xffff);
  });
  expect(flows.map((f) => f.flow.outcome)).toEqual(['hung']);
});

test('a million Initials of a million clients are bounded', () => {
  const cid = new Uint8Array(8).fill(7);
  const { watch, bytes } = flood(
    writeQuicLong({ destination: cid, source: cid }, new Uint8Array(1200)),
    (frame, i) => {
      frame.address[0] = (i * 2_654_435_761) >>> 0;
    },
  );
  expect([...watch.quicRecords()].length).toBeLessThanOrEqual(30_000);
  expect(watch.unfollowed).toBeGreaterThan(900_000);
  expect(bytes).toBeLessThan(250e6);
});

class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  below(n: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** A payload that is nearly right. */
function mangled(random: Random): Uint8Array {
  const cid = random.bytes(random.below(22));
  const kinds = [
    () => random.bytes(random.below(80)),
    () =>
      writeDns({
        id: random.below(4),
        name: ['a', 'b.c', 'x'.repeat(63)][random.below(3)] as string,
        type: random.below(99),
      }),
    () => writeDns({ id: random.below(4), name: 'b.c', code: random.below(16), records: random.below(30) }),
    () =>
      writeQuicLong(
        { destination: cid, source: random.bytes(random.below(22)) },
        random.bytes(random.below(1300)),
      ),
    () => writeQuicShort(cid, random.below(64), random.bytes(random.below(60))),
  ];
  const payload = (kinds[random.below(kinds.length)] as () => Uint8Array)();
  for (let i = random.below(3); i > 0 && payload.length > 0; i--)
    payload[random.below(payload.length)] = random.below(256);
  return payload.subarray(0, payload.length - (random.below(4) === 0 ? random.below(payload.length + 1) : 0));
}

test.each(Array.from({ length: 60 }, (_, i) => i + 1))('hostile bytes and times, seed %i', (seed) => {
  const random = new Random(seed * 7919);
  const incident = new UdpIncident();
  const ports = [53, 443, 5353, 4433, 1, 65_535];
  let time = 0;
  for (let i = 0; i < 600; i++) {
    time += random.below(8) === 0 ? s(random.below(40) - 10) : random.below(300) * 1e6;
    const talk = incident.talk({
      clientPort: 40_000 + random.below(4),
      serverPort: ports[random.below(ports.length)] as number,
      ...(random.below(5) === 0 ? { client: 'fd00::1', server: `fd00::${2 + random.below(2)}` } : {}),
    });
    const way = {
      node: random.below(2) === 0 ? ('a' as const) : ('b' as const),
      outerPort: [0, 1111, 2222][random.below(3)] as number,
    };
    if (random.below(2) === 0) talk.up(Math.max(0, time), mangled(random), way);
    else talk.down(Math.max(0, time), mangled(random), way);
  }
  const all = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'];
  for (const vantages of [['client'], ['node-b.out', 'node-b.in'], all]) {
    for (const snaplen of [65_535, 43 + random.below(40)]) {
      const report = incident.diagnose(vantages, { until: time + s(60), snaplen });
      expect(checkReport(report)).toEqual([]);
    }
  }
});
