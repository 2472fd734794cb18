import { expect, it } from 'vitest';
import { summarize } from './run-writer.ts';

const rows = (...stalls: number[]) => stalls.map((stall) => ({ stall, outage: stall / 2, backoff: null }));

it('stalls in sum: what somebody waited, and what the waiting was made of', () => {
  expect(summarize([])).toBeNull();
  expect(summarize(rows(4))).toEqual({ p50: 4, p95: 4, max: 4, outage: 2, backoff: 0, other: 2 });
  const hundred = rows(...Array.from({ length: 100 }, (_, i) => 100 - i));
  expect(summarize(hundred)).toEqual({ p50: 50, p95: 95, max: 100, outage: 2525, backoff: 0, other: 2525 });
  const whole = [{ stall: 3.06, outage: 1.88, backoff: 1.18 }];
  expect(summarize(whole)).toEqual({
    p50: 3.06,
    p95: 3.06,
    max: 3.06,
    outage: 1.88,
    backoff: 1.18,
    other: 0,
  });
});
