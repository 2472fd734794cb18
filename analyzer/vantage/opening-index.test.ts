/** The index against trying every two: the same legs, and work that grows with the connections, not with their pairs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Place, readAll, type Taken, Trip, taken, takenOnAny } from '../test-path.ts';
import { type Cluster, type FlowView, joinFlows } from './join.ts';
import { openedAlike } from './opening-index.ts';

/** Views by vantage and number of the flow there, with what was found of them. */
const described = (captures: readonly Taken[], manyUses: number): string[] =>
  joinFlows(readAll(captures), manyUses).map(({ views }) =>
    views
      .map((v) => `${v.vantage}#${v.watch.connection.flow.index} ${v.shift.join()} ${v.flipped}`)
      .join('; '),
  );

/** A use of the one port: few numbers, so that many are alike. */
const use = fc.record({
  isn: fc.tuple(fc.constantFrom(1000, 90_000_000, 2_000_000_000), fc.constantFrom(5000, 5000, 700_000_000)),
  shift: fc.constantFrom(
    undefined,
    undefined,
    [0, 0] as const,
    [0, 3_000_000] as const,
    [50_000_000, 0] as const,
  ),
  /** Places that met it only after its opening, or missed one direction of that, or all. */
  misses: fc.dictionary(
    fc.constantFrom('client', 'a.in', 'a.out', 'server'),
    fc.constantFrom('syn', 'answer', 'both', 'all'),
    {
      maxKeys: 2,
    },
  ),
  closed: fc.boolean(),
});
type Use = typeof use extends fc.Arbitrary<infer T> ? T : never;

const SPACING = 20;

function tripOf({ isn, shift, closed }: Use, at: number): Trip {
  const trip = new Trip({ isn, ...(shift === undefined ? {} : { shift }) }).handshake(at);
  trip
    .client(at + 0.1, { payload: 200 })
    .server(at + 0.101, { payload: 700 })
    .client(at + 0.103);
  return closed ? trip.client(at + 1, { flags: 'RST ACK' }) : trip;
}

const LOST = {
  syn: [-1, 0.0005],
  answer: [0.0005, 0.0019],
  both: [-1, 0.0019],
  all: [-1, SPACING - 1],
} as const;

const missesOf = (uses: readonly Use[]): Partial<Record<Place, (at: number) => boolean>> =>
  Object.fromEntries(
    (['client', 'a.in', 'a.out', 'server'] as const).map((place) => [
      place,
      (at: number): boolean => {
        const n = Math.round(at / SPACING);
        const missed = uses[n]?.misses[place];
        if (missed === undefined) return false;
        const [from, to] = LOST[missed];
        return at - n * SPACING >= from && at - n * SPACING < to;
      },
    ]),
  );

describe('connections of one tuple', () => {
  it('are joined by the index as they are by trying all', () => {
    fc.assert(
      fc.property(fc.array(use, { minLength: 2, maxLength: 12 }), fc.boolean(), (uses, onAny) => {
        const trips = uses.map((one, i) => tripOf(one, i * SPACING));
        const captures = onAny
          ? takenOnAny(trips)
          : taken(trips, ['client', 'a.in', 'a.out', 'server'], { misses: missesOf(uses) });
        expect(described(captures, 0)).toEqual(described(captures, Number.POSITIVE_INFINITY));
      }),
      { numRuns: 40 },
    );
  });

  it('whose SYN-ACKs carry one number are not tried two by two', () => {
    const tried = (count: number): number => {
      const trips = Array.from({ length: count }, (_, i) =>
        new Trip({ isn: [1000 + 70_001 * i, 5000] }).handshake(i).client(i + 0.5, { flags: 'RST ACK' }),
      );
      const watches = readAll(taken(trips, ['client'])).flatMap((analysis) => analysis.watches);
      const group = watches.map((watch): Cluster => {
        const view: FlowView = { vantage: 0, watch, shift: [0, 0], flipped: false };
        return { tuple: '', views: [view], joinedTo: null };
      });
      let asked = 0;
      const questions = {
        home: (cluster: Cluster): Cluster => {
          asked++;
          return cluster;
        },
        openedWith: (cluster: Cluster, end: 0 | 1): number | undefined =>
          cluster.views[0]?.watch.connection.sides[end].firstSeq,
      };
      expect(group).toHaveLength(count);
      expect([...openedAlike(group, questions)]).toEqual([]);
      return asked / count;
    };
    expect(tried(400)).toBeLessThan(5);
    expect(tried(1600)).toBeLessThan(5);
  });
});
