/**
 * Lines of journals as evidence: `conntrackd-b.log:12`. A path says more than a
 * label has room for, so a journal is called by the end of its path: as much of
 * it as tells it from every other journal of the report.
 */
import type { Claim } from './report.ts';
import { formatNumber } from './units.ts';

/** Lines named for one claim; more are only counted. */
const MOST_LINES = 3;

type JournalLine = NonNullable<Claim['journal']>[number];

/** File to the name that evidence is labelled with: of all journals that the claims name. */
export function nameJournals(claims: Iterable<Claim>): Map<string, string> {
  const files = new Set<string>();
  for (const { journal = [] } of claims) for (const { file } of journal) files.add(file);
  return new Map([...files].map((file) => [file, shortName(file, [...files])]));
}

/** One entry a line: `conntrackd-b.log:12`. */
export function formatJournal(lines: readonly JournalLine[], names: ReadonlyMap<string, string>): string[] {
  const shown = lines.slice(0, MOST_LINES).map(({ file, line }) => `${names.get(file) ?? file}:${line}`);
  if (lines.length > MOST_LINES) shown.push(`+${formatNumber(lines.length - MOST_LINES)}`);
  return shown;
}

function shortName(file: string, all: readonly string[]): string {
  const parts = file.split(/[\\/]/).length;
  for (let kept = 1; kept < parts; kept++) {
    const name = endOf(file, kept);
    if (!all.some((other) => other !== file && endOf(other, kept) === name)) return name;
  }
  return file;
}

const endOf = (file: string, parts: number): string => file.split(/[\\/]/).slice(-parts).join('/');
