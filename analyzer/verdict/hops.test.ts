import { describe, expect, it } from 'vitest';
import { type Correlation, crossingOf } from '../correlate.ts';
import type { CrossPacket } from '../failover/crossing.ts';
import { buildLinkFacts } from '../failover/link-evidence.ts';
import { nodesSeen } from '../nodes-seen.ts';
import { HTTP_GET } from '../test-frames.ts';
import {
  correlated,
  MAC,
  PLACES,
  type Place,
  readAll,
  type Taken,
  Trip,
  type TripOptions,
  taken,
  takenOnAny,
} from '../test-path.ts';
import { type BySender, count, deriveHops, framesAt, type Hops, ingress } from './hops.ts';

/** Lives through A until 2 s. */
function untilLoss(options: TripOptions = {}): Trip {
  const t = new Trip(options).handshake(0).client(0.5, { payload: HTTP_GET }).server(1, { payload: 1000 });
  return t.client(1.001).server(2, { payload: 1000 }).client(2.001).through('b');
}
/** Another connection, by which the nodes and the takeover are known. */
function witness(): Trip {
  const t = new Trip({ client: '10.1.0.10 41000', isn: [2e9, 3e9] })
    .handshake(0.1)
    .client(0.2, { payload: 9 });
  return t.server(1.9, { payload: 9 }).through('b').client(12, { payload: 9 }).server(12.1, { payload: 9 });
}

function hopsIn(captures: readonly Taken[], since = 2.1, until = 60): { hops: Hops; c: Correlation } {
  const c = correlated(captures);
  const leg = c.flows.find((f) =>
    f.legs[0]!.views.some((v) => v.watch.connection.flow.port.includes(40_000)),
  )!.legs[0]!;
  const hops = deriveHops({
    crossing: crossingOf(leg, c),
    takeovers: c.takeovers,
    firstActs: c.firstActs,
    since: since * 1e9,
    until: until * 1e9,
    nodes: nodesSeen(leg, c, { from: since * 1e9, to: until * 1e9 }),
    heard: { client: 0, server: 0 },
    farTuples: [],
    links: buildLinkFacts(readAll(captures), c.vantages),
    ends: {
      client: c.stations.some((s) => s.place === 'client'),
      server: c.stations.some((s) => s.place === 'server'),
    },
    sure: { client: true, server: true },
    closedSomewhere: false,
    wentOnElsewhere: false,
  });
  return { hops, c };
}

const hops = (t: Trip, places: readonly Place[] = PLACES): Hops => hopsIn(taken([t, witness()], places)).hops;

/** Seconds at which the packets of a list were first seen, with their sender. */
const times = (lists: BySender<CrossPacket>): string[] =>
  (['client', 'server'] as const).flatMap((from) =>
    lists[from].map((p) => `${from[0]} ${(p.time / 1e9).toFixed(1)}`),
  );

const PROBE: { payload: number } = { payload: 7 };

describe('what the new node did', () => {
  it('passed on what left it again', () => {
    const { newNode } = hops(untilLoss().server(13, PROBE).client(13.1));
    expect(newNode?.host).toBe('node-b');
    expect(times(newNode!.passed)).toEqual(['c 13.1', 's 13.0']);
    expect(times(newNode!.arrived)).toEqual(['c 13.1', 's 13.0']);
    expect(count(newNode!.swallowed) + count(newNode!.made) + count(newNode!.flooded)).toBe(0);
  });

  it('swallowed what came in and did not leave', () => {
    const { newNode } = hops(
      untilLoss()
        .server(13, { ...PROBE, to: 'b.out' })
        .client(14, { ...PROBE, to: 'b.in' }),
    );
    expect(times(newNode!.swallowed)).toEqual(['c 14.0', 's 13.0']);
    expect(count(newNode!.passed)).toBe(0);
  });

  it('may only have heard what a switch flooded before it did anything itself', () => {
    const t = untilLoss()
      .server(2.3, { ...PROBE, to: 'b.out' })
      .server(2.8, { ...PROBE, to: 'b.out' })
      .server(14, { ...PROBE, to: 'b.out' });
    const { newNode, unreached } = hops(t);
    expect(times(newNode!.hearsay)).toEqual(['s 2.3', 's 2.8']);
    expect(times(newNode!.swallowed)).toEqual(['s 14.0']);
    // Nobody knows either that it reached no node.
    expect(times(unreached)).toEqual([]);
  });

  it('made what left it in the name of an end and had not come in', () => {
    const t = untilLoss()
      .client(13, { ...PROBE, to: 'b.in' })
      .server(13.001, { from: 'b.in', flags: 'RST' });
    const { newNode } = hops(t);
    expect(times(newNode!.made)).toEqual(['s 13.0']);
    expect(count(newNode!.passed)).toBe(0);
    expect(times(newNode!.swallowed)).toEqual(['c 13.0']);
  });

  it('made an RST that only its one captured side shows, where that has more hops left than the end’s segments', () => {
    const t = untilLoss().server(13, PROBE).server(14, { from: 'b.in', flags: 'RST' });
    const one = hops(t, ['client', 'a.in', 'b.in']);
    expect(times(one.newNode!.made)).toEqual(['s 14.0']);
    const passed = untilLoss().server(13, PROBE).server(14, { flags: 'RST' });
    expect(times(hops(passed, ['client', 'a.in', 'b.in']).newNode!.made)).toEqual([]);
  });

  it('did not swallow what its other side had no capture for', () => {
    const { newNode } = hops(untilLoss().client(14, { ...PROBE, to: 'b.in' }), [
      'client',
      'a.in',
      'a.out',
      'b.in',
    ]);
    expect(times(newNode!.arrived)).toEqual(['c 14.0']);
    expect(count(newNode!.swallowed)).toBe(0);
    expect(newNode!.captured).toEqual({ in: true, out: false });
  });

  it('never took in what went to another MAC on its link', () => {
    const t = untilLoss().client(14, { ...PROBE, to: 'b.in', destinationMac: MAC['a.in'] });
    const { newNode } = hops(t);
    expect(times(newNode!.flooded)).toEqual(['c 14.0']);
    expect(count(newNode!.arrived) + count(newNode!.swallowed)).toBe(0);
  });

  it('is the same from captures of whole nodes', () => {
    const t = untilLoss()
      .server(13, { ...PROBE, to: 'b.out' })
      .client(14, { ...PROBE, to: 'b.in' });
    t.server(14.001, { from: 'b.in', flags: 'RST' }).client(15);
    const [six, any] = [hopsIn(taken([t, witness()])).hops, hopsIn(takenOnAny([t, witness()])).hops];
    for (const list of ['arrived', 'passed', 'swallowed', 'made'] as const) {
      expect(times(any.newNode![list])).toEqual(times(six.newNode![list]));
    }
    expect(times(six.newNode!.made)).toEqual(['s 14.0']);
    expect(times(six.newNode!.passed)).toEqual(['c 15.0']);
  });

  it('is what happened since the stall began, not before', () => {
    const t = untilLoss()
      .client(13, { ...PROBE, to: 'b.in' })
      .client(20, { ...PROBE, to: 'b.in' });
    expect(times(hopsIn(taken([t, witness()]), 15).hops.newNode!.swallowed)).toEqual(['c 20.0']);
  });
});

describe('what reached nobody', () => {
  it('was sent by an end, and is missing at every node', () => {
    const t = untilLoss()
      .server(5, { ...PROBE, to: 'server' })
      .client(6, { ...PROBE, to: 'client' });
    const found = hops(t.server(13, { ...PROBE, to: 'b.out' }));
    expect(times(found.unreached)).toEqual(['c 6.0', 's 5.0']);
    expect(times(found.sent)).toEqual(['c 6.0', 's 5.0', 's 13.0']);
  });

  it('is not said where a node’s side toward the sender was not captured', () => {
    const t = untilLoss()
      .server(5, { ...PROBE, to: 'server' })
      .client(6, { ...PROBE, to: 'client' });
    expect(times(hops(t, ['client', 'a.in', 'a.out', 'b.in', 'server']).unreached)).toEqual(['c 6.0']);
  });

  it('is not said without nodes', () => {
    const t = untilLoss().server(5, { ...PROBE, to: 'server' });
    const found = hops(t, ['client', 'server']);
    expect(found.nodes).toEqual([]);
    expect(times(found.unreached)).toEqual([]);
    expect(found.newNode).toBeNull();
    expect(found.ends).toEqual({ client: true, server: true });
  });
});

describe('old and new', () => {
  it('are the two of the takeover that the stall lies in', () => {
    const { oldNode, newNode, takeover, earlier } = hops(untilLoss());
    expect([oldNode?.host, newNode?.host]).toEqual(['node-a', 'node-b']);
    expect((takeover!.lost / 1e9).toFixed(1)).toBe('2.0');
    expect(earlier).toEqual([]);
  });

  it('are those of the second takeover for a stall after the first, with the first before it', () => {
    const t = untilLoss().server(13, PROBE).server(20, PROBE).client(20.1);
    t.through('a').client(30, { ...PROBE, to: 'a.in' });
    const { hops: found } = hopsIn(taken([t, witness()]), 20.5);
    expect([found.oldNode?.host, found.newNode?.host]).toEqual(['node-b', 'node-a']);
    expect(found.earlier.map((e) => [e.from, e.to])).toEqual([[0, 1]]);
  });

  it('without a takeover: the node that segments came to since, and that had not carried them', () => {
    const t = untilLoss().client(13, { ...PROBE, to: 'b.in' });
    const { hops: found } = hopsIn(taken([t], ['client', 'b.in', 'b.out']));
    expect([found.takeover, found.oldNode]).toEqual([null, null]);
    expect(found.newNode?.host).toBe('node-b');
    const onlyOld = hopsIn(
      taken([untilLoss().client(13, { ...PROBE, via: 'a', to: 'a.in' })], ['client', 'a.in', 'a.out']),
    );
    expect(onlyOld.hops.newNode).toBeNull();
  });
});

describe('the frames that prove a list', () => {
  it('are those of the point that is asked for', () => {
    const captures = taken([untilLoss().client(14, { ...PROBE, to: 'b.in' }), witness()]);
    const { hops: found } = hopsIn(captures);
    const at = captures.findIndex((c) => c.file === 'node-b.in.pcap');
    const frames = framesAt(found.newNode!.swallowed.client, found.crossing, (from) => ingress(1, from));
    // The witness has two segments there before.
    expect(frames).toEqual([at * 2 ** 32 + 3]);
  });

  it('are at most six of a long series: its beginning and its end', () => {
    const t = untilLoss();
    for (let i = 0; i < 20; i++) t.client(14 + i, { ...PROBE, to: 'b.in' });
    const { hops: found } = hopsIn(taken([t, witness()]));
    const kept = found.newNode!.swallowed.client;
    expect(kept.length).toBe(20);
    const frames = framesAt(kept, found.crossing, (from) => ingress(1, from));
    const all = kept.map((p) => found.crossing.at(p, ingress(1, 'client'))!.row.id);
    expect(frames).toEqual([...all.slice(0, 4), ...all.slice(-2)]);
  });
});
