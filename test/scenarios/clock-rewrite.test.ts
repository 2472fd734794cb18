import { expect, test } from 'vitest';
import { clockFor, clockShows, moveClock, TRUE_CLOCK, trueTime } from './clock-rewrite.ts';

const SINCE = 1_795_345_000_000_000_000n;
const SECOND = 1_000_000_000n;

test('a fast clock gains its parts per million on top of its offset', () => {
  const clock = { offset: -5n * SECOND, skewPpm: 80, since: SINCE };
  expect(clockShows(clock, SINCE)).toBe(SINCE - 5n * SECOND);
  // 100 s at 80 ppm: 8 ms.
  expect(clockShows(clock, SINCE + 100n * SECOND)).toBe(SINCE + 95n * SECOND + 8_000_000n);
});

test('what a clock shows leads back to the true time, to the ns', () => {
  for (let index = 0; index < 6; index++) {
    const clock = clockFor(index, SINCE);
    for (const after of [0n, 1n, 123_456_789n, 130n * SECOND]) {
      const error = trueTime(clock, clockShows(clock, SINCE + after)) - (SINCE + after);
      expect([-1n, 0n, 1n]).toContain(error);
    }
  }
});

test('every capture of a scenario gets another clock, from milliseconds to hours and up to 80 ppm', () => {
  const clocks = [0, 1, 2, 3, 4, 5].map((i) => clockFor(i, SINCE));
  expect(new Set(clocks.map((c) => c.offset)).size).toBe(6);
  expect(new Set(clocks.map((c) => c.skewPpm)).size).toBe(6);
  expect(Math.max(...clocks.map((c) => Math.abs(c.skewPpm)))).toBe(80);
  const sizes = clocks.map((c) => Math.abs(Number(c.offset)) / 1e9);
  expect([Math.min(...sizes) < 0.001, Math.max(...sizes) > 3600]).toEqual([true, true]);
  expect(() => clockFor(6, SINCE)).toThrow('no clock is set for capture 6');
});

test('moves the times of a capture and nothing else', () => {
  const record = { frame: 1, time: SINCE, data: new Uint8Array([1, 2]), originalLength: 60, end: 42 };
  const file = { snaplen: 96, linkType: 1, records: [record] };
  expect(moveClock(file, TRUE_CLOCK)[0]?.time).toBe(SINCE);
  const moved = moveClock(file, { offset: 7n, skewPpm: 0, since: SINCE });
  expect(moved).toEqual([{ ...record, time: SINCE + 7n }]);
});
