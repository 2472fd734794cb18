/**
 * The report for programs: exactly the `Report`, or exactly its flows, one a
 * line. Text in it stays exact; characters that a terminal would act on are
 * written as `\uXXXX`.
 */
import type { Report } from '../../analyzer/index.ts';
import { safeJson } from './escape.ts';

/** One document, one line, with a newline. */
export function renderJson(report: Report): string {
  return `${safeJson(report)}\n`;
}

/** A flow a line; with `--flow` only those that were asked for. */
export function renderJsonLines(report: Report, onlyAsked: boolean): string {
  const flows = onlyAsked ? report.flows.filter((flow) => flow.ladder !== undefined) : report.flows;
  return flows.map((flow) => `${safeJson(flow)}\n`).join('');
}
