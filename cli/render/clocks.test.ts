import { expect, test } from 'vitest';
import { at, sampleClock, sampleFlow, sampleReport } from '../sample-report.ts';
import { describeClock, describeClockErrors, formatBound, formatOffset } from './clocks.ts';
import { detectStyle } from './style.ts';

const style = detectStyle({ color: 'never', env: { LANG: 'C.UTF-8' }, isTerminal: true, columns: 100 });
const ascii = detectStyle({ color: 'never', env: {}, isTerminal: true, columns: 100 });

test.each([
  [0, '0.000 ms'],
  [-4e-7, '0.000 ms'],
  [4.6e-5, '+0.046 ms'],
  [-0.0125, '-12.500 ms'],
  [3600.25, '+3,600.250000 s'],
  [-1.5000004, '-1.500000 s'],
])('an offset of %d s is %s', (seconds, text) => {
  expect(formatOffset(seconds)).toBe(text);
});

test.each([
  [0, '0.000 ms'],
  [5.31e-6, '0.006 ms'],
  [6e-6, '0.006 ms'],
  [0.0002, '0.200 ms'],
  [0.9996, '999.600 ms'],
  [1.2341, '1.235 s'],
  [1234.5, '1,234.500 s'],
])('a bound of %d s is %s, never less', (seconds, text) => {
  expect(formatBound(seconds)).toBe(text);
});

test('an offset never goes without its error, a drift only where there is one', () => {
  expect(describeClock([sampleClock('b')], style)).toBe('+10.000 ms ±0.200 ms');
  expect(describeClock([sampleClock('b', { skewPpm: 0.04 })], ascii)).toBe('+10.000 ms +-0.200 ms');
  expect(describeClock([sampleClock('b', { error: null, skewPpm: -12.27 })], style)).toBe(
    '+10.000 ms, not bounded, drift -12 ppm',
  );
});

test('a drift within its error is none', () => {
  const drift = (skewPpm: number, skewErrorPpm: number): string =>
    describeClock([sampleClock('b', { skewPpm, skewErrorPpm })], style);
  expect(drift(-12.27, 17.74)).toBe('+10.000 ms ±0.200 ms');
  expect(drift(0.46, 0.24)).toContain(', drift +0.5 ±0.2 ppm');
  expect(drift(-129.51, 3.19)).toBe('+10.000 ms ±0.200 ms, drift -130 ±3 ppm');
});

test('a clock that was set says what it was when', () => {
  const fits = [
    sampleClock('b', { at: at(0) }),
    sampleClock('b', { at: at(30), offset: -2.5, skewPpm: 0.5, error: 0.04 }),
  ];
  expect(describeClock(fits, style)).toBe(
    '+10.000 ms ±0.200 ms near 11:07:02.601 UTC; then -2.500000 s ±40.000 ms, drift +0.5 ppm near 11:07:32.601 UTC',
  );
});

test('the times of a flow are as good as the worst clock that saw it', () => {
  const clocks = [
    sampleClock('a', { error: 0.0004 }),
    sampleClock('b'),
    sampleClock('c', { error: null }),
    sampleClock('elsewhere', { error: 9 }),
  ];
  const report = sampleReport('', [], { clocks });
  const names = new Map([['c', 'node-b.out']]);
  const facts = (seenAt: string[]): string[] => describeClockErrors(sampleFlow(1, { seenAt }), report, names);
  expect(facts(['client', 'a', 'b'])).toEqual(['clocks within 0.400 ms']);
  expect(facts(['client', 'b', 'c'])).toEqual([
    'clocks within 0.200 ms',
    'no bound for the clock of node-b.out',
  ]);
  expect(facts(['client'])).toEqual([]);
});
