import { describe, expect, it } from 'vitest';
import { toReferenceTime } from './reference-time.ts';
import type { Clock } from './report.ts';

const SECOND = 1_000_000_000n;
const BASE = 1_795_345_622n * SECOND;
const at = (seconds: number): string => String(BASE + BigInt(Math.round(seconds * 1e9)));

const clock = (more: Partial<Clock>): Clock => ({
  capture: 'c2',
  reference: 'c1',
  offset: 0,
  skewPpm: 0,
  error: 0.001,
  pairs: 9,
  ...more,
});

describe('a time by the clock of the report', () => {
  it('is that of the capture where nothing is said of it', () => {
    expect(toReferenceTime([], 'c1', at(5))).toBe(at(5));
    expect(toReferenceTime([clock({ offset: 3 })], 'c1', at(5))).toBe(at(5));
  });

  it('takes away what the capture is ahead', () => {
    expect(toReferenceTime([clock({ offset: 2.5 })], 'c2', at(5))).toBe(at(2.5));
    expect(toReferenceTime([clock({ offset: -2.5 })], 'c2', at(5))).toBe(at(7.5));
  });

  it('grows with the time since the offset held', () => {
    const fast = clock({ offset: 1, skewPpm: 100, at: at(0) });
    expect(toReferenceTime([fast], 'c2', at(10))).toBe(at(9 - 0.001));
    expect(toReferenceTime([fast], 'c2', at(-10))).toBe(at(-11 + 0.001));
  });

  it('is by the stretch that it is in, and between two by the nearer one', () => {
    const stretches = [
      clock({ offset: 1, from: at(0), until: at(10) }),
      clock({ offset: 2, from: at(20), until: at(30) }),
    ];
    for (const [own, offset] of [
      [-5, 1],
      [5, 1],
      [12, 1],
      [19, 2],
      [25, 2],
      [99, 2],
    ] as const)
      expect(toReferenceTime(stretches, 'c2', at(own))).toBe(at(own - offset));
  });
});
