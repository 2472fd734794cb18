import { expect, test } from 'vitest';
import { leastOutage } from './least-outage.ts';
import type { Failover } from './report.ts';

const failover = (change: Partial<Failover>): Failover => ({
  ...{ id: 'failover-1', pathLost: '0', pathRestored: '4', restoredBy: 'seen', outage: 4, marks: [] },
  ...change,
});

test('an outage may be as much shorter as both edges may be off', () => {
  expect(leastOutage(failover({}))).toBe(4);
  expect(leastOutage(failover({ lostWithin: 1, restoredWithin: 0.5 }))).toBe(2.5);
  expect(leastOutage(failover({ lostWithin: 4, restoredWithin: 4 }))).toBe(0);
  expect(leastOutage(failover({ restoredBy: 'bound' }))).toBe(0);
  expect(leastOutage(failover({ restoredBy: 'bound', restoredWithin: 1 }))).toBe(3);
  expect(leastOutage(failover({ outage: null, pathRestored: null }))).toBeNull();
});
