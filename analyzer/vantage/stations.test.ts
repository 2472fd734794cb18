import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Nearer, placeStations, type Station, type StationEvidence } from './stations.ts';

const NEVER = null;
/** Seconds in which a capture had anything to show. */
const during = (from: number, to: number) => ({ from: from * 1e9, to: to * 1e9 });

/** Where a capture of an HA pair really was, and what it shows: the node takes one off the TTL. */
const TRUTH = {
  client: { rank: 0, ttl: { client: 64, server: 63 }, active: during(0, 60), frames: 1000 },
  'a.in': { rank: 1, ttl: { client: 64, server: 63 }, active: during(0, 20), frames: 500 },
  'a.out': { rank: 2, ttl: { client: 63, server: 64 }, active: during(0, 20), frames: 500 },
  'b.in': { rank: 1, ttl: { client: 64, server: 63 }, active: during(30, 60), frames: 400 },
  'b.out': { rank: 2, ttl: { client: 63, server: 64 }, active: during(30, 60), frames: 400 },
  server: { rank: 3, ttl: { client: 63, server: 64 }, active: during(0, 60), frames: 1000 },
} as const;
type Name = keyof typeof TRUTH;
const ALL = Object.keys(TRUTH) as Name[];
const nodeOf = (name: Name): string => name.slice(0, 1);

function evidence(name: Name, more: Partial<StationEvidence> = {}): StationEvidence {
  const { ttl, active, frames } = TRUTH[name];
  // Its own traffic alone: either end of its link.
  const guess = ttl.client === 64 ? 'client' : 'server';
  return {
    named: null,
    guess,
    passes: false,
    ttl,
    active,
    frames,
    leg: null,
    alone: false,
    lacks: { client: false, server: false },
    ...more,
  };
}

/** Who saw the same packets: those whose ways cross; the two nodes share none. */
const shares = (x: Name, y: Name): boolean =>
  !(x.includes('.') && y.includes('.') && nodeOf(x) !== nodeOf(y));

function place(
  names: readonly Name[],
  more: Partial<Record<Name, Partial<StationEvidence>>> = {},
): Station[] {
  const nearer: Nearer = (a, b) => {
    const [x, y] = [names[a] as Name, names[b] as Name];
    if (!shares(x, y)) return 0;
    return Math.sign(TRUTH[y].rank - TRUTH[x].rank) as -1 | 0 | 1;
  };
  const shared = (a: number, b: number): number => {
    const [x, y] = [names[a] as Name, names[b] as Name];
    return shares(x, y) ? Math.min(TRUTH[x].frames, TRUTH[y].frames) : 0;
  };
  return placeStations(
    names.map((n) => evidence(n, more[n])),
    nearer,
    shared,
  );
}

const said = ({ host, side, inferred }: Station): string =>
  `${host}${side === undefined ? '' : `.${side}`}${inferred ? '' : '!'}`;

describe('captures that nobody named', () => {
  it('are the client, both sides of node-a, both of node-b, and the server', () => {
    expect(place(ALL).map(said)).toEqual([
      'client',
      'node-a.in',
      'node-a.out',
      'node-b.in',
      'node-b.out',
      'server',
    ]);
    expect(place(ALL).map((s) => s.node)).toEqual([-1, 0, 0, 1, 1, -1]);
    expect(place(ALL).map((s) => s.place)).toEqual(['client', 'node', 'node', 'node', 'node', 'server']);
  });

  it('are so in any order', () => {
    const right: Record<Name, string> = {
      client: 'client',
      'a.in': 'node-a.in',
      'a.out': 'node-a.out',
      'b.in': 'node-b.in',
      'b.out': 'node-b.out',
      server: 'server',
    };
    fc.assert(
      fc.property(fc.shuffledSubarray(ALL, { minLength: 6 }), (names) => {
        expect(place(names).map(said)).toEqual(names.map((n) => right[n]));
      }),
    );
  });

  it.each<[Name[], string[]]>([
    [
      ['client', 'a.in', 'a.out', 'server'],
      ['client', 'node-a.in', 'node-a.out', 'server'],
    ],
    [
      ['client', 'b.in', 'b.out', 'server'],
      ['client', 'node-a.in', 'node-a.out', 'server'],
    ],
    [
      ['client', 'server'],
      ['client', 'server'],
    ],
    [
      ['client', 'a.out', 'server'],
      ['client', 'node-a.out', 'server'],
    ],
    [
      ['client', 'a.in'],
      ['client', 'node-a.in'],
    ],
    [
      ['a.out', 'server'],
      ['node-a.out', 'server'],
    ],
  ])('%j are told by what is there', (names, stations) => {
    expect(place(names).map(said)).toEqual(stations);
  });

  it('of one place at several times are all that place', () => {
    const names: readonly Name[] = ['client', 'client', 'client'];
    const stations = placeStations(
      names.map((n) => evidence(n)),
      () => 0,
      () => 0,
    );
    expect(stations.map(said)).toEqual(['client', 'client', 'client']);
  });

  it('the node that was first active is node-a, whatever the files are called', () => {
    const late = { 'a.in': { active: during(40, 60) }, 'a.out': { active: during(40, 60) } };
    const early = { 'b.in': { active: during(0, 20) }, 'b.out': { active: during(0, 20) } };
    expect(place(ALL, { ...late, ...early }).map(said)).toEqual([
      'client',
      'node-b.in',
      'node-b.out',
      'node-a.in',
      'node-a.out',
      'server',
    ]);
  });

  it('a node that passed nothing on is one node all the same', () => {
    const names = ALL;
    const nearer: Nearer = (a, b) =>
      shares(names[a] as Name, names[b] as Name)
        ? (Math.sign(TRUTH[names[b] as Name].rank - TRUTH[names[a] as Name].rank) as -1 | 0 | 1)
        : 0;
    const isB = (i: number): boolean => (names[i] as Name).startsWith('b');
    const stations = placeStations(
      names.map((n) => evidence(n)),
      nearer,
      (a, b) => (isB(a) && isB(b) ? 0 : shares(names[a] as Name, names[b] as Name) ? 100 : 0),
    );
    expect(stations.map(said).slice(3, 5)).toEqual(['node-b.in', 'node-b.out']);
  });

  it('a capture of a whole node has no side', () => {
    const stations = place(['client', 'a.in', 'b.in', 'server'], {
      'a.in': { passes: true, guess: 'node' },
      'b.in': { passes: true, guess: 'node' },
    });
    expect(stations.map(said)).toEqual(['client', 'node-a', 'node-b', 'server']);
  });

  it('empty ones are nowhere in particular, and disturb nobody', () => {
    const nothing = { active: NEVER, frames: 0, guess: 'unknown', ttl: { client: -1, server: -1 } } as const;
    const stations = place(ALL, { 'b.in': nothing, 'b.out': nothing });
    expect(stations.map(said)).toEqual(['client', 'node-a.in', 'node-a.out', 'unknown', 'unknown', 'server']);
    expect(stations[3]?.node).toBe(-1);
  });
});

describe('the user’s word', () => {
  it('wins over what the traffic looks like', () => {
    const named = { host: 'fw2', side: 'out', place: 'node' } as const;
    const stations = place(ALL, { 'a.in': { named } });
    expect(said(stations[1] as Station)).toBe('fw2.out!');
  });

  it('groups the two sides of a host, and leaves the rest to be found', () => {
    const of = (side: 'in' | 'out') => ({ named: { host: 'gw7', side, place: 'node' } }) as const;
    const stations = place(ALL, { 'b.in': of('in'), 'b.out': of('out') });
    expect(stations.map(said)).toEqual([
      'client',
      'node-a.in',
      'node-a.out',
      'gw7.in!',
      'gw7.out!',
      'server',
    ]);
    expect(stations[3]?.node).toBe(stations[4]?.node);
  });

  it('about one side helps to find the other side of that node', () => {
    const named = { host: 'gw7', side: 'in', place: 'node' } as const;
    const stations = place(ALL, { 'a.in': { named } });
    expect(stations[2]?.node).toBe(stations[1]?.node);
    expect(stations[2]?.side).toBe('out');
  });

  it('about an end leaves only nodes on its link', () => {
    const named = { host: 'laptop', place: 'client' } as const;
    expect(place(ALL, { client: { named } }).map((s) => s.place)).toEqual([
      'client',
      'node',
      'node',
      'node',
      'node',
      'server',
    ]);
  });
});

describe('a proxy', () => {
  it('gives each capture one leg, which tells its link where TTLs do not', () => {
    const untouched = { ttl: { client: 64, server: 64 } };
    const near = { ...untouched, leg: 'client' } as const;
    const far = { ...untouched, leg: 'server' } as const;
    const stations = place(['client', 'a.in', 'a.out', 'server'], {
      client: near,
      'a.in': near,
      'a.out': far,
      server: far,
    });
    expect(stations.map((s) => `${s.place} ${s.side ?? ''}`)).toEqual([
      'client ',
      'node in',
      'node out',
      'server ',
    ]);
  });
});

describe('one capture alone', () => {
  it('is what it was named, or what its traffic looks like', () => {
    const named = { host: 'client', place: 'client' } as const;
    expect(place(['client'], { client: { named } }).map(said)).toEqual(['client!']);
    expect(place(['server']).map((s) => s.place)).toEqual(['server']);
  });
});
