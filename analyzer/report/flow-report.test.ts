import { expect, test } from 'vitest';
import { frameId } from '../flow/frame-id.ts';
import type { VerdictClaim } from '../verdict/rule.ts';
import { ReportClock } from './clock.ts';
import { toClaim } from './flow-report.ts';

const clock = new ReportClock(1_795_345_622_000_000_000n, ['c1', 'c2']);
const claim: VerdictClaim = { kind: 'observed', text: 'node-b committed 1 entry', frames: [] };

test('a claim keeps the lines of journals that show it, and of an event no more than its place', () => {
  const event = { kind: 'state-committed', from: 1n, until: 2n, file: 'node-b.log', line: 12 };
  const reported = toClaim({ ...claim, frames: [frameId(1, 7)], journal: [event] }, clock);
  expect(reported).toEqual({
    kind: 'observed',
    text: 'node-b committed 1 entry',
    frames: [{ capture: 'c2', frame: 7 }],
    journal: [{ file: 'node-b.log', line: 12 }],
  });
  // A bigint of the event would throw here.
  expect(JSON.parse(JSON.stringify(reported))).toEqual(reported);
});

test('a claim without a journal has no such field', () => {
  expect(toClaim(claim, clock)).not.toHaveProperty('journal');
});
