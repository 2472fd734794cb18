/**
 * `diagnose lab predict`: one failover as it is, predictions from its frames of what changes would do, and then the changes.
 * The trap: a prediction that is made after its run is none; so all are made, and told, before the first changed run begins.
 */
import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { type PlannedRun, plannedRuns, REFERENCE } from '../lab/predictions/changes.ts';
import { madeOf, measure, triesIn } from '../lab/predictions/measure.ts';
import {
  type PredictedChange,
  type Predictions,
  predictAll,
  round,
  rowOf,
  type TriesOf,
} from '../lab/predictions/rows.ts';
import { renderPredictions } from '../lab/predictions/table.ts';
import { requireLab } from '../lab/requirements.ts';
import type { RunResult } from '../lab/run.ts';
import type { LabPredictOptions } from './lab-commands.ts';
import { sweepFirst } from './lab-list.ts';
import { openOutput } from './lab-run.ts';
import { runScenarios } from './lab-runs.ts';
import { printNote } from './messages.ts';
import { safeJson } from './render/escape.ts';
import { UserError } from './user-error.ts';

/** 0 where all are hits, or one try off. @throws UserError */
export async function runPredictions(options: LabPredictOptions): Promise<0 | 1> {
  await sweepFirst();
  const hasRequests = canImportRequests();
  if (!hasRequests) printNote("python3 has no 'requests': its rows are left out");
  const [reference, ...others] = plannedRuns(hasRequests) as [PlannedRun, ...PlannedRun[]];
  const wanted = others.filter(({ name }) => options.only === undefined || name.includes(options.only));
  if (wanted.length === 0)
    throw new UserError(
      'usage',
      `--only: no run is called '${options.only}'`,
      `they are ${others.map(({ name }) => name).join(', ')}`,
    );
  requireLab([reference, ...wanted].map(({ scenario }) => scenario));
  const out = openOutput(options);
  const play = (runs: readonly PlannedRun[]): Promise<RunResult[]> =>
    runScenarios(
      runs.map(({ name, scenario }) => ({ name: `predict-${name}`, scenario })),
      { ...options, out },
      { onResult() {} },
    );
  const [base] = await play([reference]);
  const tries = await triesOfReference(base as RunResult, reference);
  const planned = [reference, ...wanted];
  const predicted = predictAll(
    planned.flatMap(({ changes }) => changes),
    tries,
  );
  if (options.watch) for (const one of predicted) printNote(describe(one));
  // The long ones first: what is left at the end is short.
  const results = [
    base as RunResult,
    ...(await play([...wanted].sort((a, b) => b.scenario.outage - a.scenario.outage))),
  ];
  const predictions: Predictions = {
    made: new Date().toISOString(),
    kernel: release().replace(/-.*/, ''),
    reference: {
      download: tries.download?.waits.map(round) ?? [],
      upload: tries.upload?.waits.map(round) ?? [],
      opening: tries.opening?.waits.map(round) ?? [],
    },
    rows: await Promise.all(
      predicted.map(async (one) => {
        const result = resultOf(one, results);
        const { change } = one;
        return rowOf(one, tries[change.flow], madeOf(result, change), await measure(result, change));
      }),
    ),
  };
  process.stdout.write(options.json ? `${safeJson(predictions)}\n` : renderPredictions(predictions));
  return predictions.rows.every(({ hit }) => hit !== 'no') ? 0 : 1;
}

async function triesOfReference(result: RunResult, { changes }: PlannedRun): Promise<TriesOf> {
  const of = async (flow: keyof TriesOf) => {
    const change = changes.find((one) => one.flow === flow);
    return change === undefined ? null : triesIn(result, change);
  };
  return { download: await of('download'), upload: await of('upload'), opening: await of('opening') };
}

function resultOf({ change }: PredictedChange, results: readonly RunResult[]): RunResult {
  const result = results.find(({ name }) => name === `predict-${change.run}`);
  if (result === undefined) throw new UserError('output', `predict-${change.run} has no result`);
  return result;
}

function describe({ change, announced }: PredictedChange): string {
  const what = change.run === REFERENCE ? '' : ` (${change.title})`;
  return announced === null
    ? `${change.id}${what}: the reference does not show how its sender tries`
    : `${change.id}${what}: ${announced.outcome} after ${announced.after.toFixed(2)} s, it is predicted`;
}

function canImportRequests(): boolean {
  try {
    execFileSync('python3', ['-c', 'import requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
