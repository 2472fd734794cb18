/**
 * What conntrackd logs (conntrack-tools 1.4: src/sync-mode.c, cache-ct.c, ctnl.c, run.c, main.c).
 * A commit is three lines: it begins, so many entries are in the kernel, it took
 * so long. They become one event at the time of the second.
 * The trap: no commit in the log is not yet a commit that was forgotten: with
 * `DisableExternalCache` none is needed (`external-cache-off`).
 */
import { type EventDetails, type EventDraft, type JournalKind, keptText } from './journal-event.ts';
import type { LogLine } from './log-line.ts';

/** First match wins. */
const MESSAGES: readonly (readonly [RegExp, JournalKind])[] = [
  [/^-- starting in (?:daemon|console) mode --/, 'sync-started'],
  [/^---- shutdown received ----/, 'sync-stopped'],
  [/^disabling external cache/, 'external-cache-off'],
  [/^resync with master (?:conntrack )?table/, 'state-resync'],
  [/^flushing conntrack table in \d+ secs/, 'flush-scheduled'],
  [/^flushing (?:caches|internal cache|external cache|kernel conntrack table)/, 'state-flushed'],
  // In syslog the level is lost, the words are not.
  [/^(?:commit|inject)-\w+: |^no dedicated links available/, 'error'],
];

const COMMITTING = /^committing (?:all external caches|conntrack cache)/;
const COMMITTED = /^Committed (\d{1,10}) new entries/;
const NOT_COMMITTED = /^(\d{1,10}) entries can't be committed/;
const TAKEN = /^commit has taken (\d{1,10}\.\d{1,9}) seconds/;

/** Where events go, in any order. */
export type EventSink = (event: EventDraft) => void;

/** The log of one daemon, line by line. */
export class ConntrackdLog {
  private readonly sink: EventSink;
  /** The commit that has begun, as far as it has come. */
  private commit: EventDraft | null = null;

  constructor(sink: EventSink) {
    this.sink = sink;
  }

  read(log: LogLine, line: number): void {
    if (this.readCommit(log, line)) return;
    const kind = kindOf(log);
    if (kind === 'sync-started' || kind === 'sync-stopped') this.end();
    this.sink({ ...at(log, line), kind, text: keptText(log.message) });
  }

  /** No more lines: a commit without its last line is what it is. */
  end(): void {
    if (this.commit !== null) this.sink(this.commit);
    this.commit = null;
  }

  private readCommit(log: LogLine, line: number): boolean {
    const { message } = log;
    if (COMMITTING.test(message)) {
      this.end();
      this.commit = { ...at(log, line), kind: 'commit-started' };
      return true;
    }
    const entries = numberIn(COMMITTED, message);
    if (entries !== null) {
      // A log that was rotated in between lacks the beginning.
      if (this.commit?.kind === 'state-committed') this.end();
      this.commit = { ...at(log, line), kind: 'state-committed', entries };
      return true;
    }
    const failed = numberIn(NOT_COMMITTED, message);
    if (failed !== null) return this.addToCommit({ failed });
    const took = numberIn(TAKEN, message);
    if (took === null || !this.addToCommit({ took })) return false;
    this.end();
    return true;
  }

  /** False where no entries were committed: the line speaks of expectations, or stands alone. */
  private addToCommit(details: EventDetails): boolean {
    if (this.commit?.kind !== 'state-committed') return false;
    this.commit = { ...this.commit, ...details };
    return true;
  }
}

function kindOf({ level, message }: LogLine): JournalKind {
  const known = MESSAGES.find(([words]) => words.test(message));
  return known?.[1] ?? (level === 'ERROR' ? 'error' : 'note');
}

const at = ({ from, until }: LogLine, line: number): Pick<EventDraft, 'from' | 'until' | 'line'> => ({
  from,
  until,
  line,
});

function numberIn(pattern: RegExp, text: string): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
