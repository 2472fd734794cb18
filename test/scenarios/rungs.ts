/**
 * The try that each flow went on with, as it follows from the frames before the path was back, beside the one that came.
 * The trap: what cannot be predicted has to be listed with its reason, so that a prediction that is lost is seen.
 */
import type { Flow, Report } from '../../analyzer/index.ts';

export interface RungRow {
  readonly flow: string;
  /** Predicted over seen, less 1; null where nothing is predicted. */
  readonly error: number | null;
  readonly text: string;
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
