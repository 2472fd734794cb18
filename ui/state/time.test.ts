import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decimalsFor,
  formatDate,
  formatDuration,
  formatTime,
  speakTime,
  type TimeBase,
  toNanos,
  toTimeline,
} from './time.ts';

const base: TimeBase = { origin: 1746367331_000000000n, zero: 204_000_000, flow: 100_000_000 };

test('from T0, in UTC, from the start of the flow', () => {
  expect(formatTime(408_000_000, 3, 't0', base)).toBe('T0+0.204 s');
  expect(formatTime(0, 3, 't0', base)).toBe('T0−0.204 s');
  expect(formatTime(408_000_000, 6, 'utc', base)).toBe('14:02:11.408000');
  expect(formatTime(408_000_000, 1, 'flow', base)).toBe('+0.3 s');
});

test('without a failover, or a flow, times count from what there is', () => {
  const bare = { ...base, zero: null, flow: null };
  expect(formatTime(1_500_000_000, 1, 't0', bare)).toBe('+1.5 s');
  expect(formatTime(1_500_000_000, 1, 'flow', bare)).toBe('+1.5 s');
});

test('what rounds to zero has no minus', () => {
  expect(formatTime(203_999_999, 3, 't0', base)).toBe('T0+0.000 s');
});

test('times of the report keep every ns on their way', () => {
  const nanos = fc.bigInt({ min: base.origin - 10n ** 15n, max: base.origin + 10n ** 15n });
  fc.assert(
    fc.property(nanos, (at) => {
      expect(toNanos(toTimeline(String(at), base), base)).toBe(String(at));
    }),
  );
});

test('dates, durations and what is read aloud', () => {
  expect(formatDate('1746367331204000000')).toBe('2025-05-04 14:02:11.204 UTC');
  expect(formatDate('1746367331999900000')).toBe('2025-05-04 14:02:12.000 UTC');
  expect([0, 3.061, 19.4, 0.0031, 4e-5, 2e-9, 90, 900].map(formatDuration)).toEqual([
    '0 s',
    '3.06 s',
    '19.40 s',
    '3.10 ms',
    '40.0 µs',
    '2.00 ns',
    '90.00 s',
    '15.0 min',
  ]);
  expect(speakTime(408_000_000, 't0', base)).toBe('T0 plus 204 ms');
  expect(speakTime(0, 'flow', base)).toBe('start minus 100 ms');
});

test('as many decimals as two pixels need', () => {
  expect([1e9, 1e8, 5e6, 1, 0].map(decimalsFor)).toEqual([0, 1, 3, 9, 9]);
});
