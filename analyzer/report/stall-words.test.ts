/** The parts of a stall are told as sure as they are: the path was seen to be back at a time, and may have been before. */
import { expect, test } from 'vitest';
import type { Stall } from './report.ts';
import { describeTiming } from './stall-words.ts';

const stall: Stall = {
  start: '0',
  end: '20000000000',
  duration: 20,
  waiting: 'client',
  owedBy: 'server',
  cause: null,
  outage: 12,
  backoff: 8,
  recovery: 0,
  rung: null,
  nextRetry: null,
  censored: false,
  frames: { last: { capture: 'c1', frame: 1 } },
};

test('an outage whose end was seen, to a hundredth of it', () => {
  const exact = '20.000 s = outage 12.000 s + back-off 8.000 s + recovery 0.000 s';
  expect(describeTiming(stall)).toBe(exact);
  expect(describeTiming({ ...stall, outageWithin: 0.12 })).toBe(exact);
});

test('an outage that may have ended before it was seen to', () => {
  expect(describeTiming({ ...stall, outageWithin: 5 })).toBe(
    '20.000 s = outage at most 12.000 s + back-off at least 8.000 s + recovery 0.000 s',
  );
  expect(describeTiming({ ...stall, end: null, backoff: null, recovery: null, outageWithin: 12 })).toBe(
    'outage at most 12.000 s',
  );
});
