/** Round steps, apart from each other, aligned to the zero of the mode. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScale, tornScale } from './scale.ts';
import { axisTicks, roundStep } from './ticks.ts';

const BASE = { origin: 1_746_367_325_123_456_789n, zero: 6.204e9, flow: 1e9 };

describe('ticks', () => {
  it('stand at round distances from T0', () => {
    const { ticks, step, decimals } = axisTicks(linearScale({ from: 0, to: 14e9 }, 1200), 't0', BASE);
    expect(step).toBe(2e9);
    expect(decimals).toBe(0);
    expect(ticks.map(({ time }) => (time - BASE.zero) / 1e9)).toEqual([-6, -4, -2, 0, 2, 4, 6]);
  });

  it('stand at whole seconds of UTC', () => {
    const { ticks, step } = axisTicks(linearScale({ from: 0, to: 14e9 }, 1200), 'utc', BASE);
    for (const { time } of ticks) expect((BASE.origin + BigInt(Math.round(time))) % BigInt(step)).toBe(0n);
  });

  it('are never closer than their labels, nor in a tear', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: 100, max: 1e13 }),
        fc.double({ min: 0.1, max: 0.4, noNaN: true }),
        (from, length, cut) => {
          const window = { from, to: from + length };
          const gap = { from: from + cut * length, to: from + (1 - cut) * length };
          const scale = tornScale(window, 1400, [gap]);
          const { ticks } = axisTicks(scale, 't0', BASE);
          for (const [i, { x, time }] of ticks.entries()) {
            if (i > 0) expect(x - ticks[i - 1]!.x).toBeGreaterThanOrEqual(87);
            expect(scale.tears.some((tear) => time > tear.from && time < tear.to)).toBe(false);
          }
        },
      ),
    );
  });

  it('have steps of minutes beyond half a minute', () => {
    expect(roundStep(51e9)).toBe(60e9);
    expect(roundStep(700e9)).toBe(1800e9);
    expect(roundStep(3)).toBe(5);
  });
});
