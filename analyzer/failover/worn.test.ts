import { describe, expect, it } from 'vitest';
import { correlated, PLACES, type Place, type TakeOptions, taken } from '../test-path.ts';
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
