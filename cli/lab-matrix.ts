/**
 * `diagnose lab matrix`: one run for each gateway and outage, with all clients in it, as a table.
 * The trap: an experiment that did not happen as planned must not become a cell; a run without a failover fails.
 */
import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cellsOf } from '../lab/matrix/cells.ts';
import { renderMatrixPage } from '../lab/matrix/page.ts';
import { matrixScenario, OUTAGES, SETUPS } from '../lab/matrix/setups.ts';
import { type Matrix, renderMatrix } from '../lab/matrix/table.ts';
import { requireLab } from '../lab/requirements.ts';
import type { RunResult } from '../lab/run.ts';
import type { NamedScenario } from '../lab/scenario-files.ts';
import type { LabMatrixOptions } from './lab-commands.ts';
import { sweepFirst } from './lab-list.ts';
import { openOutput } from './lab-run.ts';
import { runScenarios } from './lab-runs.ts';
import { styleOfOutput } from './output-style.ts';
import { safeJson } from './render/escape.ts';
import { systemErrorCode, UserError } from './user-error.ts';

interface Planned extends NamedScenario {
  readonly setup: string;
  /** s. */
  readonly outage: number;
}

/** @throws UserError */
export async function runMatrix(options: LabMatrixOptions): Promise<void> {
  await sweepFirst();
  const outages = options.outage ?? OUTAGES;
  const planned = plan(options.only, outages);
  requireLab(planned.map(({ scenario }) => scenario));
  const out = openOutput(options);
  if (options.html !== undefined) requirePlace(options.html);
  const results = await runScenarios(planned, { ...options, out }, { onResult() {} });
  const matrix: Matrix = {
    made: new Date().toISOString(),
    outages: outages.map((outage) => outage / 1000),
    cells: planned.flatMap((one) => cellsIn(one, results)),
  };
  process.stdout.write(options.json ? `${safeJson(matrix)}\n` : renderMatrix(matrix, styleOfOutput()));
  if (options.html !== undefined) writePage(options.html, matrix);
}

/** @throws UserError `usage` */
function plan(only: string | undefined, outages: readonly number[]): Planned[] {
  const setups = SETUPS.filter(({ id }) => only === undefined || id.includes(only));
  if (setups.length === 0)
    throw new UserError(
      'usage',
      `--only: no gateway is called '${only}'`,
      `they are ${SETUPS.map(({ id }) => id).join(', ')}`,
    );
  // The long ones first: what is left at the end is short.
  return [...outages]
    .sort((a, b) => b - a)
    .flatMap((outage) =>
      setups.map((setup) => ({
        name: `matrix-${setup.id}-${outage / 1000}s`,
        scenario: matrixScenario(setup, outage),
        setup: setup.id,
        outage: outage / 1000,
      })),
    );
}

function cellsIn({ name, setup, outage }: Planned, results: readonly RunResult[]) {
  const result = results.find((one) => one.name === name);
  if (result === undefined) throw new UserError('output', `${name} has no result`);
  const { truth, report, clients } = result;
  if (truth.failovers.length === 0)
    throw new UserError('output', `${name}: the path was never lost`, `its captures are in ${result.folder}`);
  return cellsOf({ setup, outage, truth, report, clients });
}

/** Told before a quarter of an hour of runs, not after it. @throws UserError */
function requirePlace(file: string): void {
  try {
    accessSync(path.dirname(path.resolve(file)), constants.W_OK);
  } catch (error) {
    throw new UserError('output', `${path.resolve(file)}: cannot be written (${systemErrorCode(error)})`);
  }
}

function writePage(file: string, matrix: Matrix): void {
  try {
    writeFileSync(file, renderMatrixPage(matrix));
  } catch (error) {
    throw new UserError('output', `${path.resolve(file)}: cannot be written (${systemErrorCode(error)})`);
  }
}
