import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  courseAt,
  coursesOf,
  MAX_SLOPE,
  type Point,
  ROUNDING,
  relax,
  runOf,
  slopesWiderThan,
  stripOf,
  widest,
  widthOf,
} from './strip.ts';

/** Points as packets of some seconds and ms make them, some at one x. */
const points: fc.Arbitrary<Point[]> = fc
  .array(
    fc.record({
      x: fc.integer({ min: 0, max: 200 }).map((n) => n * 5e7),
      y: fc.integer({ min: -2_000_000, max: 2_000_000 }),
      way: fc.constantFrom(1 as const, -1 as const),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) => all.sort((p, q) => p.x - q.x));

const slope = fc.integer({ min: -500, max: 500 }).map((ppm) => ppm * 1e-6);

/** The width by the definition: no hull. */
function room(all: readonly Point[], s: number): number {
  const bounds = (way: 1 | -1) => all.filter((p) => p.way === way).map((p) => p.y + way * ROUNDING - s * p.x);
  return Math.min(...bounds(1)) - Math.max(...bounds(-1));
}

describe('a strip', () => {
  it('is as wide at every slope as all points leave room', () => {
    fc.assert(
      fc.property(points, slope, (all, s) => {
        expect(widthOf(courseAt(stripOf(all), s))).toBeCloseTo(room(all, s), 3);
      }),
    );
  });

  it('is nowhere wider than at its widest course', () => {
    fc.assert(
      fc.property(points, slope, (all, s) => {
        const best = widest(coursesOf(stripOf(all)));
        expect(room(all, s)).toBeLessThanOrEqual(widthOf(best) + 0.001);
        expect(Math.abs(best.slope)).toBeLessThanOrEqual(MAX_SLOPE);
      }),
    );
  });

  it('has a width just between the slopes that are said to have it', () => {
    fc.assert(
      fc.property(points, slope, fc.integer({ min: -1_000_000, max: 1_000_000 }), (all, s, width) => {
        const range = slopesWiderThan(coursesOf(stripOf(all)), width);
        const inside = range !== null && range[0] <= s && s <= range[1];
        const edge = Math.abs(room(all, s) - width) < 0.001;
        expect(edge || inside === room(all, s) >= width).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('relax', () => {
  it('leaves points between which a line fits, on the hulls that they have by themselves', () => {
    fc.assert(
      fc.property(points, slope, (all, s) => {
        const strip = relax(stripOf(all), () => true);
        const left = all.filter((_, i) => !strip?.dropped.has(i));
        expect(left.length).toBeGreaterThan(0);
        expect(strip && widthOf(widest(coursesOf(strip)))).toBeGreaterThanOrEqual(0);
        expect(strip && widthOf(courseAt(strip, s))).toBeCloseTo(room(left, s), 3);
      }),
      { numRuns: 300 },
    );
  });

  it('drops the one point that contradicts the others, and nothing where none does', () => {
    const sound: Point[] = Array.from({ length: 20 }, (_, i) => ({
      x: i * 1e8,
      y: i % 2 ? -1e5 : 1e5,
      way: i % 2 ? -1 : 1,
    }));
    expect(relax(stripOf(sound), () => false)?.dropped.size).toBe(0);
    const one = sound.with(7, { ...(sound[7] as Point), y: 5e6 });
    expect([...(relax(stripOf(one), () => true)?.dropped ?? [])]).toEqual([7]);
    expect(relax(stripOf(one), () => false)).toBeNull();
  });
});

describe('runOf', () => {
  const line = (ways: string): Point[] => [...ways].map((w, i) => ({ x: i, y: 0, way: w === '+' ? 1 : -1 }));
  it.each([
    ['++-+-+', [1], 1, 1, true],
    ['++-+-+', [1, 3], 3, 2, true],
    ['++-+-+', [0, 1, 3], 1, 3, false],
    ['++-+-+', [3, 5], 5, 2, false],
    ['++-+-+', [2, 4], 2, 2, false],
  ] as const)('in %s without %j counts around %i', (ways, dropped, index, length, enclosed) => {
    const strip = { ...stripOf(line(ways)), dropped: new Set<number>(dropped) };
    expect(runOf(strip, index)).toEqual({ length, enclosed });
  });
});
