/**
 * The simulated world keeps its word: one segment at every vantage in the order
 * of its way, translated and shifted as the node says, and nothing where
 * nobody stands.
 */
import { describe, expect, test } from 'vitest';
import { createCaptureReader } from '../../packet/file/reader.ts';
import { millis as ms, type Nanos, seconds as s } from '../../packet/time.ts';
import { TcpFlag } from '../../packet/wire/frame.ts';
import { failover, Gateway, type GatewayOptions, VANTAGES, type VantageName } from './gateway.ts';
import { download, requests, upload } from './world/applications.ts';
import { has, type TcpPacket } from './world/packet.ts';
import type { Sighting } from './world/tap.ts';

const ALONE: Pick<GatewayOptions, 'tenures'> = { tenures: [{ node: 'a', from: 0 }] };
const PORTS = { clientPort: 41_001, serverPort: 80 };

function world(options: Partial<GatewayOptions> = {}): Gateway {
  return new Gateway({ ...ALONE, ...options });
}

interface Seen extends Omit<Sighting, 'packet'> {
  readonly packet: TcpPacket;
}

const tcpAt = (w: Gateway, vantage: VantageName): Seen[] =>
  w.sightings(vantage).filter((seen): seen is Seen => seen.packet.kind === 'tcp');

/** The n-th data segment of the server at a vantage. */
const dataAt = (w: Gateway, vantage: VantageName, n: number): Seen =>
  tcpAt(w, vantage).filter(({ packet }) => packet.sourcePort === 80 && packet.payload.length > 0)[n] as Seen;

/** Times at which a host sent a segment that fits. */
const sentAt = (w: Gateway, host: 'client' | 'server', fits: (p: TcpPacket) => boolean): Nanos[] =>
  tcpAt(w, host)
    .filter(({ came, packet }) => came === 'out' && fits(packet))
    .map(({ time }) => time);

const gaps = (times: readonly Nanos[]): number[] =>
  times.slice(1).map((t, i) => (t - (times[i] as Nanos)) / s(1));

describe('a segment on its way', () => {
  const w = world();
  w.open(download(PORTS, { length: 50_000 }), s(0.1));
  w.run(s(4));

  test('is seen at the server, both sides of node A and the client, in that order', () => {
    const order = ['server', 'node-a.out', 'node-a.in', 'client'] as const;
    const times = order.map((v) => dataAt(w, v, 3).time);
    expect(new Set(order.map((v) => dataAt(w, v, 3).packet.seq)).size).toBe(1);
    for (const gap of gaps(times)) {
      expect(gap).toBeGreaterThan(0.000_002);
      expect(gap).toBeLessThan(0.000_06);
    }
  });

  test('loses one hop and changes its MACs at the node', () => {
    const [before, after] = [dataAt(w, 'node-a.out', 3), dataAt(w, 'node-a.in', 3)];
    expect([before.packet.ttl, after.packet.ttl]).toEqual([64, 63]);
    expect(before.sourceMac).toBe('02:00:00:00:00:20');
    expect(after.destinationMac).toBe('02:00:00:00:00:10');
    expect(after.packet.ipId).toBe(before.packet.ipId);
  });

  test('is nowhere at a node that has no interfaces', () => {
    expect(w.sightings('node-b.in').length + w.sightings('node-b.out').length).toBe(0);
  });
});

test('a transfer ends whole, with a FIN of each side', () => {
  const w = world();
  w.open(download(PORTS, { length: 50_000 }), s(0.1));
  w.open(upload({ ...PORTS, clientPort: 41_002 }, { lasts: s(2) }), s(0.2));
  w.run(s(8));
  const bytes = tcpAt(w, 'client')
    .filter(({ packet }) => packet.destinationPort === 41_001)
    .reduce((n, { packet }) => n + packet.payload.length, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(50_300);
  const fins = tcpAt(w, 'client').filter(({ packet }) => has(packet, TcpFlag.Fin));
  expect(fins.map(({ packet }) => Math.min(packet.sourcePort, packet.destinationPort))).toEqual([
    80, 80, 80, 80,
  ]);
  expect(tcpAt(w, 'client').filter(({ packet }) => has(packet, TcpFlag.Rst))).toEqual([]);
});

test('the same plan gives the same bytes, and another seed others', () => {
  const bytes = (seed: number): string[] => {
    const w = world({ seed });
    w.open(download(PORTS, { length: 20_000 }), s(0.1));
    return w
      .run(s(2))
      .captures()
      .map((c) => Buffer.from(c.bytes).toString('base64'));
  };
  expect(bytes(3)).toEqual(bytes(3));
  expect(bytes(4)[0]).not.toEqual(bytes(3)[0]);
});

test('six captures, or four with both interfaces of a node in one', () => {
  const w = world();
  w.open(download(PORTS, { length: 20_000 }), s(0.1));
  w.run(s(2));
  expect(w.captures().map((c) => c.name)).toEqual(VANTAGES.map((v) => `${v}.pcap`));
  const any = w.captures(true);
  expect(any.map((c) => c.name)).toEqual(['client.pcap', 'node-a.pcap', 'node-b.pcap', 'server.pcap']);
  const count = w.sightings('node-a.in').length + w.sightings('node-a.out').length;
  expect(framesOf(any[1]?.bytes)).toBe(count);
});

function framesOf(bytes: Uint8Array | undefined): number {
  let frames = 0;
  const reader = createCaptureReader({
    packet: () => {
      frames += 1;
    },
    problem: (problem) => {
      throw new Error(problem.message);
    },
  });
  reader.push(bytes ?? new Uint8Array(0));
  reader.end();
  return frames;
}

describe('translation', () => {
  test('another source outside, the same numbers, and the answer finds its way back', () => {
    const outsideOf = ({ port }: { port: number }) => ({ address: '10.2.0.1', port: port + 1_000 });
    const w = world({ a: { outsideOf } });
    w.open(download(PORTS, { length: 20_000 }), s(0.1));
    w.run(s(2));
    const [inside, outside] = [dataAt(w, 'client', 2).packet, dataAt(w, 'server', 2).packet];
    expect([inside.destination, inside.destinationPort]).toEqual(['10.1.0.10', 41_001]);
    expect([outside.destination, outside.destinationPort]).toEqual(['10.2.0.1', 42_001]);
    expect(outside.seq).toBe(inside.seq);
  });

  test('an offset is the same for all segments of a direction, and SACK keeps the old numbers', () => {
    const w = world({
      a: { shiftOf: () => ({ toServer: 5_000, toClient: 70_000 }) },
      loses: ({ packet, to, now }) =>
        packet.kind === 'tcp' && to === 'client' && now > s(0.5) && now < s(0.55),
    });
    w.open(download(PORTS, { lasts: s(2), every: ms(20), burst: 4 }), s(0.1));
    w.run(s(3));
    for (const n of [0, 10, 40]) {
      expect(dataAt(w, 'node-a.out', n).packet.seq - dataAt(w, 'node-a.in', n).packet.seq).toBe(70_000);
    }
    const sacks = (v: VantageName) => tcpAt(w, v).flatMap(({ packet }) => packet.options.sack ?? []);
    expect(sacks('node-a.in').length).toBeGreaterThan(0);
    expect(sacks('node-a.out')).toEqual(sacks('node-a.in'));
  });
});

describe('a failover', () => {
  const run = (options: Partial<GatewayOptions>, sync: boolean): Gateway => {
    const w = world({ tenures: failover(s(3), s(8)), ...options });
    if (sync) w.at(s(3), () => w.nodes.b.adopt(w.nodes.a));
    const ends = { client: { keepalive: { idle: s(4), interval: s(4), count: 9 } } };
    w.open(download({ ...PORTS, ends }, { lasts: s(10) }), s(0.2));
    return w.run(s(30));
  };

  test('node A has nothing after the loss, node B nothing before the return', () => {
    const w = run({}, true);
    expect(Math.max(...w.sightings('node-a.in').map((x) => x.time))).toBeLessThan(s(3));
    expect(Math.min(...w.sightings('node-b.out').map((x) => x.time))).toBeGreaterThan(s(8));
  });

  test('with state the flow goes on at a rung, each twice as long as the one before', () => {
    const w = run({}, true);
    const first = dataAt(w, 'node-b.out', 0).packet.seq;
    const rungs = gaps(sentAt(w, 'server', (p) => p.seq === first && p.payload.length > 0)).slice(1);
    expect(rungs.length).toBeGreaterThan(3);
    for (let i = 1; i < rungs.length; i++) {
      expect((rungs[i] as number) / (rungs[i - 1] as number)).toBeGreaterThan(1.9);
      expect((rungs[i] as number) / (rungs[i - 1] as number)).toBeLessThan(2.1);
    }
    expect(dataAt(w, 'client', 100)).toBeDefined();
  });

  test('a node that refuses answers on the side that asked, and the other side has nothing of it', () => {
    const w = run({ b: { unknown: 'reject', ttl: 255 } }, false);
    const resets = (v: VantageName) => tcpAt(w, v).filter(({ packet }) => has(packet, TcpFlag.Rst));
    const inside = resets('node-b.in').filter(({ came }) => came === 'out');
    expect(inside.map(({ packet }) => packet.ttl)).toEqual([255]);
    expect(resets('node-b.out').filter(({ packet }) => packet.destinationPort === 41_001)).toEqual([]);
    expect(resets('client').length).toBe(1);
  });

  test('SYNs go out after 1 s each, then after 2, 4, 8 s', () => {
    const w = world({ tenures: failover(s(1), s(60)) });
    w.open(requests(PORTS, { times: [0] }), s(2));
    w.run(s(40));
    const waits = gaps(sentAt(w, 'client', (p) => has(p, TcpFlag.Syn)));
    expect(waits.map((x) => Math.round(x))).toEqual([1, 1, 1, 1, 1, 2, 4, 8, 16]);
  });
});

test("a vantage's clock and its misses change its own capture only", () => {
  const plan = (faults: GatewayOptions['faults'] = {}): Gateway => {
    const w = world({ faults });
    w.open(download(PORTS, { length: 20_000 }), s(0.1));
    return w.run(s(2));
  };
  const plain = plan().captures();
  const changed = plan({
    server: { offset: ms(250) },
    'node-a.in': { misses: (_packet, time) => time > s(0.2) },
  }).captures();
  expect(changed[0]?.bytes).toEqual(plain[0]?.bytes);
  expect(framesOf(changed[1]?.bytes)).toBeLessThan(framesOf(plain[1]?.bytes));
  expect(firstTime(changed[5]?.bytes) - firstTime(plain[5]?.bytes)).toBe(250_000);
});

/** µs of the first frame of a µs pcap. */
function firstTime(bytes: Uint8Array | undefined): number {
  const view = new DataView(bytes?.buffer ?? new ArrayBuffer(0), bytes?.byteOffset ?? 0);
  return view.getUint32(24, true) * 1e6 + view.getUint32(28, true);
}
