import { expect, test } from 'vitest';
import type { TimelineVantage } from '../../analyzer/index.ts';
import { sampleCapture, sampleClock, sampleReport } from '../../cli/sample-report.ts';
import { describeAlignment, describeClock, formatBound } from './clocks.ts';

const report = (captures = ['client', 'node-b'], clocks = [sampleClock('node-b')]) =>
  sampleReport('', [], { captures: captures.map((host) => sampleCapture(host)), clocks });

test('a clock: how it was tied, its offset and what that may be off by', () => {
  const both = report();
  expect(describeClock(both.captures[1]!, both)).toEqual([
    'automatic: 812 matched packets, +10.000 ms ±0.200 ms',
  ]);
  expect(describeClock(both.captures[0]!, both)).toEqual(['reference: all times are by this clock']);
  const set = report(undefined, [
    sampleClock('node-b', { offset: -2.5 }),
    sampleClock('node-b', { error: null }),
  ]);
  expect(describeClock(set.captures[1]!, set)).toEqual([
    'automatic: 812 matched packets, −2.500000 s ±0.200 ms',
    'automatic: 812 matched packets, +10.000 ms, error not bounded',
  ]);
});

test('a clock that is known less well away from the matched packets says so, in the line too', () => {
  const both = report();
  const wide = { captures: [both.captures[1]!.id], clockError: 5_697_468 } as unknown as TimelineVantage;
  expect(describeClock(both.captures[1]!, both, [wide])).toEqual([
    'automatic: 812 matched packets, +10.000 ms ±0.200 ms',
    '±5.698 ms away from the matches',
  ]);
  expect(describeAlignment(both, [wide])).toMatchObject({
    tone: 'caution',
    text: expect.stringMatching(/^all 2 captures line up \(worst error 5\.698 ms\): too coarse/),
  });
  const as = { ...wide, clockError: 200_000 };
  expect(describeClock(both.captures[1]!, both, [as])).toHaveLength(1);
  expect(describeAlignment(both, [as]).tone).toBe('good');
});

test('what nothing ties says so, with and without an entry', () => {
  const loose = report(
    ['client', 'node-a', 'node-b'],
    [sampleClock('node-a'), sampleClock('node-b', { pairs: 0, error: null })],
  );
  expect(describeClock(loose.captures[2]!, loose)).toEqual(['nothing ties this clock']);
  expect(describeAlignment(loose)).toEqual({ tone: 'caution', text: 'no bound for the clock of node-b' });
  const without = report(['client', 'node-a', 'node-b'], [sampleClock('node-a')]);
  expect(describeClock(without.captures[2]!, without)).toEqual(['nothing ties this clock']);
  expect(describeAlignment(without).tone).toBe('caution');
});

test('the line over the cards: green, or amber with the reason', () => {
  expect(describeAlignment(report())).toEqual({
    tone: 'good',
    text: 'all 2 captures line up (worst error 0.200 ms)',
  });
  expect(describeAlignment(report(['client'], [])).tone).toBe('caution');
  expect(describeAlignment(report([], [])).text).toMatch(/no capture/);
  const coarse = report(undefined, [sampleClock('node-b', { error: 0.05 })]);
  expect(describeAlignment(coarse).tone).toBe('caution');
  const lossy = report();
  lossy.captures[1] = sampleCapture('node-b', { dropped: 3 });
  expect(describeAlignment(lossy).text).toMatch(/but node-b dropped 3 packets$/);
});

test('a bound is rounded up', () => {
  expect([0.0000001, 0.0002, 1.2345].map(formatBound)).toEqual(['0.001 ms', '0.200 ms', '1.235 s']);
});

test('a lone capture that was cut says that first', () => {
  const cut = report(['client'], []);
  cut.captures[0] = sampleCapture('client', { truncated: true });
  expect(describeAlignment(cut).text).toMatch(/^client was cut short; one capture/);
});
