/**
 * For every real failover after which a flow went on: the try that it went on with follows from the tries before the path
 * was back, within 12 %. The synthesised ones are held to it where they are made (`test/synthesis/causes.slow.test.ts`).
 */
import { expect, test } from 'vitest';
import { expectPredicted, type RungRow, rungsOf } from './rungs.ts';
import { allScenarios } from './scenario.ts';
import { ALL, type Diagnosis, diagnoseView } from './views.ts';

test('the try that a flow goes on with is predicted in every real failover', { timeout: 300_000 }, () => {
  const rows = allScenarios().map((s): [string, readonly RungRow[]] => [
    s.name,
    rungsOf((diagnoseView(s, ALL) as Diagnosis).report),
  ]);
  expect(rows.filter(([, own]) => own.length > 0).length).toBeGreaterThan(12);
  expectPredicted(rows, 'rungs-real.txt');
});
