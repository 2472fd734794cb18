import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../test/random-tcp.ts';
import { findSteps } from './clock-steps.ts';
import type { Point } from './strip.ts';

/** Packets both ways every 10 ms with delays of 0.1 to 1.1 ms; from each of the indices on the clock is ahead by so much more. */
function points(count: number, steps: Record<number, number> = {}, seed = 1): Point[] {
  const random = createRandom(seed);
  let ahead = 0;
  return Array.from({ length: count }, (_, i) => {
    ahead += steps[i] ?? 0;
    const way = random(2) === 0 ? 1 : -1;
    return { x: i * 1e7, y: ahead + way * (1e5 + random(1e6)), way };
  });
}

describe('findSteps', () => {
  it('finds none where there are none', () => {
    for (const count of [0, 1, 2, 50, 10_000]) expect(findSteps(points(count))).toEqual([0]);
  });

  it('finds the first packet after each step, among few packets and among many', () => {
    const step = fc
      .tuple(fc.integer({ min: 20, max: 1_000_000 }), fc.boolean())
      .map(([ms, back]) => (back ? -ms : ms) * 1e6);
    fc.assert(
      fc.property(
        fc.constantFrom(200, 1000, 5000),
        fc.integer({ min: 30, max: 50 }),
        step,
        step,
        fc.nat(1000),
        (count, percent, one, two, seed) => {
          fc.pre(Math.abs(one + two) > 1e8);
          const [first, second] = [Math.floor((count * percent) / 200), Math.floor((count * percent) / 60)];
          expect(findSteps(points(count, { [first]: one, [second]: two }, seed))).toEqual([0, first, second]);
        },
      ),
    );
  });

  it('does not cut for two false packets in a row, and does for three', () => {
    const all = points(200).map((p, i): Point => ({ ...p, way: i % 2 ? 1 : -1, y: i % 2 ? 1e5 : -1e5 }));
    const falsify = (...indices: number[]) => all.map((p, i) => (indices.includes(i) ? { ...p, y: 9e9 } : p));
    expect(findSteps(falsify(100, 102))).toEqual([0]);
    expect(findSteps(falsify(100, 140, 180))).toEqual([0]);
    expect(findSteps(falsify(100, 102, 104)).length).toBeGreaterThan(1);
  });
});
