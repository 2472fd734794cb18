import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingOf, type JoinedLeg } from '../correlate.ts';
import { ORIGIN } from '../test-frames.ts';
import {
  correlated,
  type NodeName,
  PLACES,
  type Place,
  type Step,
  type Taken,
  type TakeOptions,
  Trip,
  type TripOptions,
  taken,
  takenOnAny,
} from '../test-path.ts';
import { Crossing, type CrossPacket, type CrossVantage, covers, type Point } from './crossing.ts';

const POINT: Record<Place, Point> = {
  client: { at: 'client', node: -1 },
  server: { at: 'server', node: -1 },
  'a.in': { at: 'in', node: 0 },
  'a.out': { at: 'out', node: 0 },
  'b.in': { at: 'in', node: 1 },
  'b.out': { at: 'out', node: 1 },
};

/** A short exchange through A, then something of B, so that both nodes are known. */
function trip(options: TripOptions = {}): Trip {
  const made = new Trip(options).handshake(0).client(0.5, { payload: 100 }).server(0.6, { payload: 1000 });
  made.client(0.7);
  return made.through('b').client(10, { payload: 50 }).server(10.1, { payload: 60 }).client(10.2);
}

function crossingIn(captures: readonly Taken[]): Crossing {
  const correlation = correlated(captures);
  expect(correlation.flows.length).toBe(1);
  return crossingOf(correlation.flows[0]?.legs[0] as JoinedLeg, correlation);
}

const crossing = (t: Trip, places: readonly Place[] = PLACES, options: TakeOptions = {}): Crossing =>
  crossingIn(taken([t], places, options));

/** The packet that an end sent, or a node made, at a time. */
function packetAt({ packets }: Crossing, at: number): CrossPacket {
  const found = packets.filter((p) => Math.abs(p.time / 1e9 - at) < 0.05);
  expect(found.length).toBe(1);
  return found[0] as CrossPacket;
}

/** `seen` and so on at every place of the path, the client first. */
const looks = (c: Crossing, packet: CrossPacket): Record<Place, string> =>
  Object.fromEntries(PLACES.map((p) => [p, c.look(packet, POINT[p])])) as Record<Place, string>;

describe('a packet that arrived', () => {
  it('was seen at every point of its way, in order, and at no point of the other node', () => {
    const c = crossing(trip());
    const packet = packetAt(c, 0.5);
    expect(looks(c, packet)).toEqual({
      client: 'seen',
      'a.in': 'seen',
      'a.out': 'seen',
      'b.in': 'missing',
      'b.out': 'missing',
      server: 'seen',
    });
    expect(packet.seen.map((s) => s.time - packet.time)).toEqual([0, 100_000, 120_000, 220_000]);
    expect(c.at(packet, POINT['a.out'])?.row.ttl).toBe(63);
    expect(c.at(packet, POINT['b.out'])).toBeNull();
  });

  it('is one packet under translated addresses and shifted numbers, by those of the client', () => {
    const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 62000' };
    const c = crossing(trip({ outside, shift: [700_000_000, 3_000_000_000] }));
    const packet = packetAt(c, 0.5);
    expect(packet.seen.length).toBe(4);
    expect(packet).toMatchObject({ from: 'client', seq: 1001, ack: 5001, length: 100 });
    expect(packetAt(c, 0.6)).toMatchObject({ from: 'server', seq: 5001, ack: 1101, length: 1000 });
  });

  it('is followed between clocks an hour apart', () => {
    const c = crossing(trip(), PLACES, { ahead: { server: 3600, 'a.in': 7, 'a.out': 7 } });
    expect(packetAt(c, 0.5).seen.length).toBe(4);
    expect(packetAt(c, 10.1).seen.length).toBe(4);
  });
});

describe('a packet that went missing', () => {
  it.each<[string, Step, string[]]>([
    ['before the node', { to: 'client' }, ['client']],
    ['in the node', { to: 'b.in' }, ['client', 'b.in']],
    ['behind the node', { to: 'b.out' }, ['client', 'b.in', 'b.out']],
  ])('%s is missing from there on', (_where, step, seen) => {
    const c = crossing(trip().client(11, { payload: 10, ...step }));
    const found = looks(c, packetAt(c, 11));
    expect(PLACES.filter((p) => found[p] === 'seen')).toEqual(seen);
    expect(PLACES.filter((p) => found[p] === 'missing').length).toBe(PLACES.length - seen.length);
  });

  it('is unknown where nobody captured', () => {
    const t = trip().client(11, { payload: 10, to: 'b.in' });
    const c = crossing(t, ['client', 'a.in', 'a.out', 'b.in']);
    expect(looks(c, packetAt(c, 11))).toMatchObject({
      'b.out': 'unknown',
      server: 'unknown',
      'a.out': 'missing',
    });
  });

  it('made by a node was seen from there on only', () => {
    const t = trip().server(11, { from: 'b.in', flags: 'RST ACK' });
    const c = crossing(t);
    expect(packetAt(c, 11).from).toBe('server');
    expect(looks(c, packetAt(c, 11))).toMatchObject({ client: 'seen', 'b.in': 'seen', 'b.out': 'missing' });
  });
});

describe('the same words said twice', () => {
  it('are two packets, each with its own way', () => {
    const t = trip({ stamped: false }).client(11, { payload: 10, to: 'b.in' });
    t.client(11.3, { seq: 151, payload: 10 });
    const c = crossing(t);
    expect(looks(c, packetAt(c, 11))).toMatchObject({
      'b.in': 'seen',
      'b.out': 'missing',
      server: 'missing',
    });
    expect(looks(c, packetAt(c, 11.3))).toMatchObject({ 'b.in': 'seen', 'b.out': 'seen', server: 'seen' });
  });

  it('are so also where both arrive', () => {
    const t = trip({ stamped: false }).client(11, { payload: 10 }).client(11.3, { seq: 151, payload: 10 });
    const c = crossing(t);
    expect(packetAt(c, 11).seen.length).toBe(4);
    expect(packetAt(c, 11.3).seen.length).toBe(4);
  });
});

describe('offload', () => {
  it('cuts a large segment of an end into what the node sees: its bytes are there', () => {
    const t = trip().server(11, { payload: 4344, to: 'server' });
    for (const i of [0, 1, 2]) {
      t.server(11.0001 + i * 1e-6, { seq: 1061 + i * 1448, payload: 1448, from: 'b.out', ttl: 63 });
    }
    const c = crossing(t);
    const whole = c.packets.find((p) => p.length === 4344) as CrossPacket;
    expect(looks(c, whole)).toMatchObject({
      server: 'seen',
      'b.out': 'seen',
      'b.in': 'seen',
      client: 'seen',
    });
    expect(looks(c, whole)).toMatchObject({ 'a.out': 'missing' });
  });

  it('merges what the node passed on into one that the end sees', () => {
    const t = trip();
    for (const i of [0, 1]) t.server(11 + i * 1e-5, { seq: 1061 + i * 1448, payload: 1448, to: 'b.in' });
    t.server(11.0003, { seq: 1061, payload: 2896, from: 'client' as Place, ttl: 63 });
    const c = crossing(t);
    for (const p of c.packets.filter((one) => one.length === 1448)) {
      expect(looks(c, p)).toMatchObject({ server: 'seen', 'b.in': 'seen', client: 'seen' });
    }
  });

  it('does not make bytes of one moment those of another', () => {
    const t = trip({ stamped: false }).server(11, { payload: 1000, to: 'b.out' });
    t.server(12, { seq: 1061, payload: 1000 });
    const c = crossing(t);
    expect(looks(c, packetAt(c, 11))).toMatchObject({ 'b.in': 'missing', client: 'missing' });
  });

  it('leaves a bare acknowledgement what it is: data with the same number does not stand for it', () => {
    const t = trip().client(11, { to: 'client' }).client(11.01, { payload: 700 });
    const c = crossing(t);
    const bare = c.packets.find((p) => Math.abs(p.time / 1e9 - 11) < 0.005) as CrossPacket;
    expect(looks(c, bare)).toMatchObject({ client: 'seen', 'b.in': 'missing' });
  });
});

describe('what a trail has left out', () => {
  /** 60 segments of the server at once, 10 ms apart. */
  const bulk = (): Trip => {
    const t = trip();
    for (let i = 0; i < 60; i++) t.server(11 + i * 0.01, { payload: 1000 });
    return t;
  };

  it('is unknown: the client’s capture kept it, the node’s did not', () => {
    // A capture that missed frames takes that for a pause, and keeps what follows it.
    const misses = { client: (at: number) => at > 10.5 && (at < 11.25 || at > 11.3) };
    const c = crossing(bulk(), PLACES, { misses });
    const kept = c.packets.filter((p) => p.time > 11e9 && c.at(p, POINT.client) !== null);
    expect(kept.length).toBeGreaterThan(2);
    for (const p of kept) expect(looks(c, p)).toMatchObject({ 'b.in': 'unknown', 'b.out': 'unknown' });
  });

  it('makes nothing missing that passed', () => {
    const c = crossing(bulk());
    for (const p of c.packets.filter((one) => one.time > 11e9)) {
      expect(PLACES.filter((at) => c.look(p, POINT[at]) === 'missing')).toEqual(['a.in', 'a.out']);
    }
  });

  it.each([0, 1])(
    'is unknown on both sides of a whole node, whichever side the gap was noted on (%i)',
    (odd) => {
      const t = trip();
      // One that the node took in and kept: from here on the rows of the two sides change places.
      for (let i = 0; i < odd; i++) t.server(11, { payload: 1000, to: 'b.out' });
      for (let i = 0; i < 60; i++) t.server(11.01 + i * 0.01, { payload: 1000 });
      const c = crossingIn(takenOnAny([t]));
      const passed = c.packets.filter((p) => p.time > 11.005e9);
      expect(passed.length).toBeGreaterThan(8);
      for (const p of passed) {
        for (const at of ['b.in', 'b.out'] as const) expect(c.look(p, POINT[at])).not.toBe('missing');
      }
    },
  );
});

describe('a capture of a whole node', () => {
  it('shows both sides: what leaves it, and what comes to it', () => {
    const t = trip().client(11, { payload: 10, to: 'b.in' }).server(12, { payload: 10 });
    const c = crossingIn(takenOnAny([t]));
    expect(looks(c, packetAt(c, 11))).toMatchObject({
      'b.in': 'seen',
      'b.out': 'missing',
      'a.in': 'missing',
    });
    expect(looks(c, packetAt(c, 12))).toMatchObject({ server: 'seen', 'b.out': 'seen', 'b.in': 'seen' });
  });

  it('with translation as well', () => {
    const outside = { a: '10.2.0.1 61000', b: '10.2.0.1 61000' };
    const c = crossingIn(takenOnAny([trip({ outside }).server(11, { payload: 10, to: 'b.out' })]));
    expect(looks(c, packetAt(c, 11))).toMatchObject({
      'b.out': 'seen',
      'b.in': 'missing',
      client: 'missing',
    });
  });
});

describe('where nothing can be said', () => {
  /** The vantages of a correlation with one of them changed. */
  function changed(t: Trip, file: string, change: Partial<CrossVantage>): Crossing {
    const captures = taken([t]);
    const correlation = correlated(captures);
    const at = captures.findIndex((c) => c.file === file);
    const vantages = correlation.vantages.map((v, i) => (i === at ? { ...v, ...change } : v));
    return new Crossing(correlation.flows[0]?.legs[0]?.views ?? [], vantages);
  }

  it('a packet after the end of a capture is unknown there', () => {
    const t = trip().client(20, { payload: 10, to: 'b.in' });
    expect(looks(crossing(t), packetAt(crossing(t), 20)).server).toBe('missing');
    const c = changed(t, 'server.pcap', { coveredUntil: 15e9 });
    expect(looks(c, packetAt(c, 20)).server).toBe('unknown');
  });

  it('a packet as the capture ends may still come, but not where it should have been before', () => {
    const t = trip().client(20, { payload: 10, to: 'b.in' }).server(30, { from: 'b.in', flags: 'RST' });
    const late = changed(t, 'server.pcap', { coveredUntil: 20.1e9 });
    expect(looks(late, packetAt(late, 20)).server).toBe('unknown');
    const made = changed(t, 'server.pcap', { coveredUntil: 30.1e9 });
    expect(looks(made, packetAt(made, 30)).server).toBe('missing');
  });

  it('a clock that nothing ties puts no segment anywhere, unless nothing of the kind was seen there at all', () => {
    const untied = {
      ...(correlated(taken([trip()])).clocks[5] as CrossVantage['clock']),
      tied: false,
      fits: [],
      errorAt: () => null,
    };
    const t = trip({ stamped: false }).client(11, { payload: 10, to: 'b.in' });
    t.client(30, { seq: 151, payload: 10 }).client(40, { payload: 10, to: 'b.in' });
    const c = changed(t, 'server.pcap', { clock: untied });
    expect(c.packets.filter((p) => p.seq === 1151).length).toBeGreaterThan(0);
    expect(looks(c, packetAt(c, 30)).server).not.toBe('missing');
    expect(looks(c, packetAt(c, 40)).server).toBe('missing');
  });

  it('one link of a node, and nobody says which: nothing is missing there', () => {
    const t = trip().client(11, { payload: 10, to: 'client' });
    const { side: _, ...station } = correlated(taken([t])).stations[3] as CrossVantage['station'];
    const c = changed(t, 'node-b.in.pcap', { station });
    expect(looks(c, packetAt(c, 11))['b.in']).toBe('unknown');
    expect(looks(c, packetAt(c, 11))['a.in']).toBe('missing');
  });
});

describe('covers', () => {
  const node = { place: 'node', host: 'n', node: 1, inferred: true } as const;
  it('an end its own point, a side its own, a whole node both', () => {
    const stations = [
      { place: 'client', host: 'c', node: -1, inferred: true } as const,
      { ...node, side: 'in' } as const,
      node,
    ];
    const points: Point[] = [POINT.client, POINT.server, POINT['b.in'], POINT['b.out'], POINT['a.in']];
    expect(stations.map((s) => points.map((p) => covers(s, p)))).toEqual([
      [true, false, false, false, false],
      [false, false, true, false, false],
      [false, false, true, true, false],
    ]);
  });
});

describe('whatever was sent', () => {
  const step = fc.record({
    from: fc.constantFrom<'client' | 'server'>('client', 'server'),
    via: fc.constantFrom<NodeName>('a', 'b'),
    reach: fc.nat({ max: 3 }),
    length: fc.constantFrom(0, 1, 1448),
    wait: fc.constantFrom(0.3, 1.1, 5),
    again: fc.boolean(),
  });

  it('was seen where it came by and is missing elsewhere', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        fc.constantFrom('cooked', 'on time', 'hours apart'),
        (steps, nat, how) => {
          const outside = nat ? { a: '10.2.0.1 61000', b: '10.9.0.1 61000' } : {};
          const t = trip({ outside });
          let at = 20;
          const truth = new Map<number, Place[]>();
          for (const { from, via, reach, length, wait, again } of steps) {
            at += wait;
            const way: Place[] = ['client', `${via}.in`, `${via}.out`, 'server'];
            if (from === 'server') way.reverse();
            const seen = way.slice(0, reach + 1);
            t[from](at, { via, payload: length, to: seen.at(-1) as Place, ...(again ? { seq: 1 } : {}) });
            truth.set(Math.round(at * 10), seen);
          }
          const ahead = how === 'hours apart' ? { server: 7200, 'b.in': 3600, 'b.out': 3600 } : {};
          const c = crossingIn(how === 'cooked' ? takenOnAny([t]) : taken([t], PLACES, { ahead }));
          for (const [tenths, seen] of truth) {
            const packet = packetAt(c, tenths / 10);
            expect(PLACES.filter((p) => c.look(packet, POINT[p]) === 'seen').sort()).toEqual(
              [...seen].sort(),
            );
            expect(PLACES.filter((p) => c.look(packet, POINT[p]) === 'unknown')).toEqual([]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

it('times are by the reference’s clock, from the first capture on', () => {
  const c = crossing(trip(), PLACES, { ahead: { server: 5 } });
  expect(c.packets[0]?.time).toBe(0);
  expect(ORIGIN % 1_000_000_000n).toBe(0n);
});

describe('a packet that a node held while it asked for a MAC', () => {
  /** Came to B at 3 s and left it 0.4 s later. */
  const held = (ipId: number): Crossing => {
    const same = {
      seq: 1001,
      ack: 101,
      payload: 800,
      options: { timestamps: { value: 20_001, echo: 10_201 } },
    };
    const t = trip().server(20, { ...same, ipId: 9000, to: 'b.out' });
    return crossing(t.server(20.4, { ...same, ipId, from: 'b.in' }));
  };
  const ways = ({ packets }: Crossing): string[] =>
    packets.filter((p) => p.time > 19e9).map((p) => p.seen.map((s) => s.point.at).join(' '));

  it('is one packet by its IP identification', () => {
    expect(ways(held(9000))).toEqual(['server out in client']);
  });

  it('is not taken for one that was sent again', () => {
    expect(ways(held(9001))).toHaveLength(2);
  });
});
