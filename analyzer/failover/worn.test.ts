import { describe, expect, it } from 'vitest';
import { correlated, PLACES, type Place, type TakeOptions, type Trip, taken } from '../test-path.ts';
import { goesOn, lost, opened, rungs } from '../test-stories.ts';

/** Downloads that went on through B, and one that B kept. */
const story = [
  goesOn(lost(), 6),
  opened({ port: 42_000, at: 8 }),
  rungs(lost({ client: '10.1.0.10 41000', isn: [77, 99] }), 'b.out'),
];

/** The captures that have lost too much to prove an absence. */
function worn(misses: TakeOptions['misses'] = {}, places: readonly Place[] = PLACES): Place[] {
  const { vantages } = correlated(taken(story, places, { misses }));
  return places.filter((_, i) => vantages[i]?.lossy);
}

/** Every second millisecond is not in it. */
const half = (at: number): boolean => Math.floor(at * 1000) % 2 === 0;

describe('a capture of a node', () => {
  it('is whole where the node keeps packets, and where nothing is captured beside it', () => {
    expect(worn()).toEqual([]);
    expect(worn({ 'b.in': half }, ['b.in'])).toEqual([]);
  });

  it.each(['b.in', 'b.out'] as const)('of %s is worn where it lacks what passed', (place) => {
    expect(worn({ [place]: half })).toEqual([place]);
  });

  it('that began late lacks nothing', () => {
    expect(worn({ 'a.in': (at) => at < 1, 'b.in': (at) => at < 7 })).toEqual([]);
  });
});

/** The captures that are not taken to run to the end of the incident. */
function stopped(
  misses: Partial<Record<Place, (at: number) => boolean>>,
  trips: readonly Trip[] = story,
): Place[] {
  const { vantages } = correlated(taken(trips, PLACES, { misses }));
  const end = Math.max(...vantages.map((v) => v.coveredUntil));
  return PLACES.filter((_, i) => (vantages[i]?.coveredUntil ?? 0) < end);
}

describe('a capture of a node that falls silent', () => {
  it('runs on where nothing is known to have passed it', () => {
    expect(stopped({})).toEqual([]);
    expect(stopped({ 'a.in': (at) => at > 1.2, 'a.out': (at) => at > 1.2 })).toEqual([]);
  });

  it.each(['b.in', 'b.out'] as const)('has stopped where %s lacks what passed later', (place) => {
    expect(stopped({ [place]: (at: number) => at > 6.5 })).toEqual([place]);
    expect(stopped({ [place]: () => true })).toEqual([place]);
  });

  it('has stopped where both ends have what neither node shows', () => {
    expect(stopped({ 'b.in': () => true, 'b.out': () => true })).toEqual(
      expect.arrayContaining(['b.in', 'b.out']),
    );
  });

  it('has stopped where the other side still passes data on to an end that is not captured', () => {
    const late = (at: number): boolean => at > 6.5;
    const later = [goesOn(lost(), 6).server(9, { payload: 1000 })];
    expect(stopped({ 'b.out': late, server: late, client: late }, later)).toEqual(['b.out']);
  });
});
