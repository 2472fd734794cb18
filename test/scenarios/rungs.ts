/**
 * The try that each flow went on with, as it follows from the frames before the path was back, beside the one that came.
 * The trap: what cannot be predicted has to be listed with its reason, so that a prediction that is lost is seen.
 */
import { expect } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import { expectGolden } from './golden.ts';

export interface RungRow {
  readonly flow: string;
  /** Predicted over seen, less 1; null where nothing is predicted. */
  readonly error: number | null;
  readonly text: string;
}

/** Of the wait that is predicted. */
const WITHIN = 0.12;

/** Holds the rows of each scenario against the bound, and all of them against a golden file. */
export function expectPredicted(
  rows: readonly (readonly [scenario: string, readonly RungRow[]])[],
  golden: string,
): void {
  const telling = rows.filter(([, own]) => own.length > 0);
  for (const [scenario, own] of telling) {
    for (const { error, text } of own) {
      if (error !== null) expect(Math.abs(error), `${scenario}: ${text}`).toBeLessThanOrEqual(WITHIN);
    }
  }
  // What is not predicted stands in the file with its reason: one more is a difference.
  expectGolden(
    golden,
    telling
      .map(([name, own]) => [name, ...own.map((r) => `  ${r.text}`)].join('\n'))
      .join('\n')
      .concat('\n'),
  );
}

const WENT_ON = ['resumed', 'connect-delayed', 'cut-short'];

/** A row for each flow that went on after a stall, or whose stall ended before it was cut short. */
export const rungsOf = (report: Report): RungRow[] =>
  report.flows
    .filter((f) => f.protocol === 'tcp' && WENT_ON.includes(f.outcome))
    .map((f) => rowOf(f, report));

function rowOf(flow: Flow, report: Report): RungRow {
  const name = `port ${flow.client.port} ${flow.outcome}`;
  const { sender } = flow;
  if (sender?.resumed === undefined)
    return { flow: name, error: null, text: `${name}: ${whyNot(flow, report)}` };
  const { predicted, seen } = sender.resumed;
  const error = predicted.after / seen.after - 1;
  const waits = sender.waits.map((w) => w.toFixed(2)).join(' ');
  const text = `${name}: ${sender.by}${sender.syn ? "'s SYN" : ''} waited ${waits} s; predicted try ${predicted.rung} after ${predicted.after.toFixed(2)} s, seen try ${seen.rung} after ${seen.after.toFixed(2)} s (${(error * 100).toFixed(1)} %)`;
  return { flow: name, error, text };
}

function whyNot({ sender, stalls }: Flow, { captures }: Report): string {
  if (sender !== undefined)
    return `one try of the ${sender.by} before the path was back, and that got through`;
  const owedBy = stalls.map((s) => s.owedBy);
  const captured = captures.map((c) => c.vantage.host);
  const missing = owedBy.filter((end) => !captured.includes(end));
  return missing.length > 0
    ? `the ${missing[0]} was not captured`
    : 'it tried at most once before the path was back';
}
