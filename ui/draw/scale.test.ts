/** Time to pixels: both ways, rising, whatever is torn out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScale, TEAR_PIXELS, tornScale } from './scale.ts';

/** A window, its width, and gaps in it that do not overlap. */
const scales = fc
  .record({
    from: fc.integer({ min: -1e12, max: 1e12 }),
    length: fc.integer({ min: 1000, max: 1e13 }),
    width: fc.integer({ min: 100, max: 3000 }),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
  })
  .map(({ from, length, width, cuts }) => {
    const times = cuts.sort((a, b) => a - b).map((cut) => from + cut * length);
    const gaps = Array.from({ length: times.length >> 1 }, (_, i) => ({
      from: times[2 * i]!,
      to: times[2 * i + 1]!,
    }));
    return {
      window: { from, to: from + length },
      scale: tornScale({ from, to: from + length }, width, gaps),
    };
  });

const part = fc.double({ min: 0, max: 1, noNaN: true });

describe('a scale', () => {
  it('rises with time', () => {
    fc.assert(
      fc.property(scales, part, part, ({ window, scale }, a, b) => {
        const [one, other] = [a, b].map((p) => window.from + p * (window.to - window.from)) as [
          number,
          number,
        ];
        const [x, y] = [scale.x(one), scale.x(other)];
        if (one < other) expect(x).toBeLessThanOrEqual(y);
      }),
    );
  });

  it('gives back the time of a place', () => {
    fc.assert(
      fc.property(scales, part, ({ window, scale }, p) => {
        const time = window.from + p * (window.to - window.from);
        const back = scale.time(scale.x(time));
        // What a tear holds is spread over few pixels: exact to a millionth of the window.
        expect(Math.abs(back - time)).toBeLessThanOrEqual(1e-6 * (window.to - window.from));
      }),
    );
  });

  it('begins and ends with its window', () => {
    fc.assert(
      fc.property(scales, ({ window, scale }) => {
        expect(scale.x(window.from)).toBeCloseTo(0, 3);
        expect(scale.x(window.to)).toBeCloseTo(scale.width, 3);
      }),
    );
  });

  it('tears what is worth it and gives its room to the rest', () => {
    const scale = tornScale({ from: 0, to: 1000 }, 1000, [{ from: 100, to: 900 }]);
    expect(scale.tears).toMatchObject([{ from: 100, to: 900 }]);
    expect(scale.tears[0]!.x).toBeCloseTo((1000 - TEAR_PIXELS) / 2);
    expect(scale.nanosPerPixel).toBeCloseTo(200 / (1000 - TEAR_PIXELS));
    expect(tornScale({ from: 0, to: 1000 }, 1000, [{ from: 100, to: 150 }]).tears).toEqual([]);
  });

  it('tears nothing where nothing would be left', () => {
    const window = { from: 0, to: 1000 };
    expect(tornScale(window, 500, [window]).x(500)).toBe(linearScale(window, 500).x(500));
  });
});
