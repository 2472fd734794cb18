/**
 * The journals of an analysis: kept as text until all captures are in, because
 * a time without a year is read by the captures' own time; then parsed, once.
 */
import { type Journal, type JournalProblem, parseJournal } from './failover/journal.ts';
import type { ReportProblem } from './report/report.ts';

export interface JournalInput {
  /** As the user named it; shown in claims and problems. */
  file: string;
  /** Whose it is, if the user said so; else its lines or its name say it. */
  node?: string;
  /** The (decompressed) text. */
  text: string;
  /** The zone of times that name none, ns east of UTC, if the user said so; else UTC is assumed. */
  zone?: bigint;
  /** Problems that whoever read the file met, for the report; their codes get `journal-` before them. */
  problems?: readonly { code: string; message: string }[];
}

/** `origins`: when each vantage begins, ns since the epoch; 0 where it holds no time. */
export function parseJournals(inputs: readonly JournalInput[], origins: readonly bigint[]): Journal[] {
  // Captures of one incident: most of them tell the year, whichever was given first.
  const known = origins.filter((origin) => origin !== 0n).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const near = known[known.length >> 1] ?? null;
  return inputs.map(({ file, node, text, zone, problems = [] }) => {
    const journal = parseJournal(text, file, { node, zone, near });
    const met = problems.map(
      ({ code, message }): JournalProblem => ({
        code: `journal-${code}`,
        message,
        line: null,
      }),
    );
    return { ...journal, problems: [...met, ...journal.problems] };
  });
}

/** The problems of journals as the report has them: where a capture's id would stand, the journal's file name. */
export function journalProblems(journals: readonly Journal[]): ReportProblem[] {
  return journals.flatMap(({ file, problems }) =>
    problems.map(({ code, message, line }) => ({
      code,
      message: line === null ? message : `line ${line}: ${message}`,
      at: { capture: file },
    })),
  );
}

/** Any time will do to read a time without a year. */
const SOME_TIME = 1_700_000_000_000_000_000n;

/** Is this (the head of) a text that an analysis can use: does it have a line of a gateway's journal, conntrackd or keepalived? */
export const holdsJournal = (text: string): boolean =>
  parseJournal(text, '', { near: SOME_TIME }).events.length > 0;
