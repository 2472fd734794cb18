import { describe, expect, it } from 'vitest';
import { checkLabels, type LegTtls, type Tie } from './label-check.ts';
import type { SharedPacket } from './shared-packets.ts';
import type { Station } from './stations.ts';

const PLACES = ['client', 'a.in', 'a.out', 'b.in', 'b.out', 'server'] as const;
type Place = (typeof PLACES)[number];

/** Where a place is on the path, and how its node's packets came by: A dropped what B got, and B passed it on. */
const RANK: Record<Place, number> = { client: 0, 'a.in': 1, 'a.out': 2, 'b.in': 1, 'b.out': 2, server: 3 };
const TTL = (rank: number) => ({ client: rank < 2 ? 64 : 63, server: rank < 2 ? 63 : 64 });
const nodeOf = (p: Place): string | null => (p.includes('.') ? p.slice(0, 1) : null);

interface World {
  /** Pairs that share nothing though both are on one way. */
  readonly apart?: readonly string[];
  /** Packets that two places share in each direction. */
  readonly each?: number;
  /** All places show the TTLs of this one: a bridge, or a proxy. */
  readonly flat?: boolean;
  /** Captures whose traffic is of this node too: a link that floods. */
  readonly flooded?: readonly Place[];
}

function packets(each: number): SharedPacket[] {
  return (['c', 's'] as const).flatMap((dir) =>
    Array.from({ length: each }, (_, i): SharedPacket => ({ a: i, b: i, dir })),
  );
}

/** What is said against each label; `labels` are given in the order of `at`, where the captures were really taken. */
function against(at: readonly Place[], labels: readonly string[], world: World = {}): (string | null)[] {
  const stations = labels.map((label): Station => {
    const [host = '', side] = label.split('.');
    if (host === 'client' || host === 'server') return { place: host, host, node: -1, inferred: false };
    const named = { place: 'node', host, node: 0, inferred: false } as const;
    return side === 'in' || side === 'out' ? { ...named, side } : named;
  });
  const meets = (x: Place, y: Place): boolean => {
    if (world.apart?.includes(`${x} ${y}`)) return false;
    const [p, q] = [nodeOf(x), nodeOf(y)];
    return p === null || q === null || p === q || world.flooded?.some((f) => f === x || f === y) === true;
  };
  const ties: Tie[] = [];
  for (const [a, x] of at.entries()) {
    for (const [b, y] of at.entries()) {
      if (a >= b || !meets(x, y)) continue;
      const trips = Math.sign(RANK[y] - RANK[x]) as -1 | 0 | 1;
      ties.push({ a, b, packets: packets(world.each ?? 5), trips });
    }
  }
  const leg: LegTtls = new Map(at.map((p, i) => [i, TTL(world.flat === true ? 0 : RANK[p])]));
  return checkLabels({ stations, ties, ttls: [leg], active: at.map(() => true) });
}

/** All labels right but those two, which are swapped. */
function swapped(x: Place, y: Place, world: World = {}): string {
  const labels = PLACES.map((p) => (p === x ? y : p === y ? x : p));
  return against(PLACES, labels, world)
    .filter((c) => c !== null)
    .join('; ');
}

describe('right labels', () => {
  it('contradict nothing', () => {
    expect(swapped('client', 'client')).toBe('');
    expect(swapped('client', 'client', { flat: true })).toBe('');
    expect(swapped('client', 'client', { flooded: ['b.in'] })).toBe('');
    expect(against(['a.in', 'a.out', 'b.in', 'b.out'], ['x.in', 'x.out', 'y.in', 'y.out'])).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('contradict nothing where two gateways stand in a row', () => {
    const found = against(['client', 'a.in', 'a.out', 'server'], ['client', 'lb.out', 'fw.in', 'server'], {
      flat: true,
    });
    expect(found).toEqual([null, null, null, null]);
  });
});

describe('swapped labels', () => {
  it('of an end and a node: by the round trips', () => {
    expect(swapped('client', 'a.in')).toContain("client was named the client's, but by the round trips");
    expect(swapped('server', 'b.out')).toContain("server was named the server's, but by the round trips");
  });

  it('of two sides: by the round trips, or by the hops', () => {
    expect(swapped('a.in', 'a.out')).toContain('a.out is nearer to it');
    const hops = swapped('b.in', 'b.out', { apart: ['b.in b.out'] });
    expect(hops).toContain("the client's segments have lost no hop there");
    expect(hops).toContain("the server's segments have lost no hop there");
  });

  it('of two nodes on one link: by who shares packets', () => {
    expect(swapped('a.in', 'b.in')).toContain('those two are the sides of one node');
  });

  it('say nothing by too few packets, which a clock that was set may have turned', () => {
    expect(swapped('client', 'a.in', { each: 2 })).toBe('');
  });
});

describe('an end named as a node', () => {
  it('holds what passed both nodes, and stands before them', () => {
    const labels = ['c.in', 'a.in', 'a.out', 'b.in', 'b.out', 'server'];
    expect(against(PLACES, labels)[0]).toContain("it looks like the client's own");
  });

  it('is not what a flooded link makes of a node', () => {
    const at: Place[] = ['a.in', 'a.out', 'b.in', 'b.out', 'server'];
    expect(against(at, at, { flooded: ['b.in'] }).filter((c) => c !== null)).toEqual([]);
  });
});
