/**
 * The report for programs: exactly the `Report`, or exactly its flows, one a
 * line. Text in it stays exact; characters that a terminal would act on are
 * written as `\uXXXX`.
 */
import type { Report } from '../../analyzer/index.ts';
import { safeJson } from './escape.ts';

/**
 * One document, one line, with a newline, in pieces: 200,000 flows that failed
 * are a longer text than a string can be.
 */
export function* renderJson(report: Report): Generator<string> {
  let separator = '{';
  for (const [key, value] of Object.entries(report)) {
    yield `${separator}${safeJson(key)}:`;
    separator = ',';
    if (key === 'flows') yield* renderArray(report.flows);
    else yield safeJson(value);
  }
  yield '}\n';
}

/** A flow a line; with `--flow` only those that were asked for. */
export function* renderJsonLines(report: Report, onlyAsked: boolean): Generator<string> {
  for (const flow of report.flows) {
    if (!onlyAsked || flow.ladder !== undefined) yield `${safeJson(flow)}\n`;
  }
}

function* renderArray(values: readonly unknown[]): Generator<string> {
  let separator = '[';
  for (const value of values) {
    yield `${separator}${safeJson(value)}`;
    separator = ',';
  }
  yield values.length === 0 ? '[]' : ']';
}
