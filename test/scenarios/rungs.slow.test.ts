/**
 * For every failover after which a flow went on, real or synthesised: the try that it went on with follows from the tries
 * before the path was back, within 12 %.
 */
import { describe, expect, test } from 'vitest';
import { record } from '../synthesis/causes/scenario.ts';
import { diagnoseView as diagnoseRecording } from '../synthesis/causes/views.ts';
import { CAUSE_SCENARIOS } from '../synthesis/causes.ts';
import { expectGolden } from './golden.ts';
import { type RungRow, rungsOf } from './rungs.ts';
import { allScenarios } from './scenario.ts';
import { ALL, type Diagnosis, diagnoseView } from './views.ts';

const WITHIN = 0.12;

function expectPredicted(rows: readonly (readonly [string, readonly RungRow[]])[], golden: string): void {
  for (const [scenario, own] of rows) {
    for (const { error, text } of own) {
      if (error !== null) expect(Math.abs(error), `${scenario}: ${text}`).toBeLessThanOrEqual(WITHIN);
    }
  }
  // What is not predicted stands in the file with its reason: one more is a difference.
  expectGolden(
    golden,
    rows
      .map(([name, own]) => [name, ...own.map((r) => `  ${r.text}`)].join('\n'))
      .join('\n')
      .concat('\n'),
  );
}

const telling = (name: string, rows: readonly RungRow[]): [string, readonly RungRow[]][] =>
  rows.length === 0 ? [] : [[name, rows]];

describe('the try that a flow goes on with', () => {
  test('in every real failover', { timeout: 300_000 }, () => {
    const rows = allScenarios().flatMap((s) =>
      telling(s.name, rungsOf((diagnoseView(s, ALL) as Diagnosis).report)),
    );
    expect(rows.length).toBeGreaterThan(12);
    expectPredicted(rows, 'rungs-real.txt');
  });

  test('in every synthesised one', { timeout: 600_000 }, () => {
    const rows = CAUSE_SCENARIOS.flatMap((s) =>
      telling(s.name, rungsOf(diagnoseRecording(record(s), 'all six'))),
    );
    expect(rows.length).toBeGreaterThan(5);
    expectPredicted(rows, 'rungs-synthesised.txt');
  });
});
