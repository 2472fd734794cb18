/**
 * A file that tells what gateway nodes did, line by line: the gateway's own
 * journal (JSON lines), or a log of conntrackd or keepalived. Which one, each
 * line shows.
 * The trap: the file is hostile until it is read. A line that is none of these
 * is a problem beside the events, and of everything only so much is kept.
 */
import { vantageFromName } from '../vantage/file-name.ts';
import { ConntrackdLog } from './conntrackd-log.ts';
import type { EventDraft, JournalEvent } from './journal-event.ts';
import { parseGatewayLine } from './journal-json.ts';
import { parseKeepalivedLine } from './keepalived-log.ts';
import { type LogClock, parseLogLine } from './log-line.ts';

export type { JournalEvent, JournalKind } from './journal-event.ts';

export interface JournalOptions {
  /** Whose journal the user says it is; else the lines or the file's name say it. */
  readonly node?: string | undefined;
  /** What times that name no zone are in, ns east of UTC; else they are taken as UTC. */
  readonly zone?: bigint | undefined;
  /** A time of the incident, ns since the epoch: syslog's times have no year, and get the nearest. */
  readonly near?: bigint | null | undefined;
}

export interface JournalProblem {
  /** `journal-line`, `journal-field`, `journal-cut`, `journal-unknown` or `journal-several-nodes`. */
  readonly code: string;
  /** Reads on after `line 12: `. */
  readonly message: string;
  /** 1-based; null where it is about the whole file. */
  readonly line: number | null;
}

export interface Journal {
  readonly file: string;
  /** By time, then by line. */
  readonly events: readonly JournalEvent[];
  readonly problems: readonly JournalProblem[];
  /** Some of its times name no zone, nobody said which it is, and UTC was assumed. */
  readonly zoneAssumed: boolean;
}

/** What a program writes in a line is far shorter. */
const MOST_LINE_CHARACTERS = 65_536;
/** A failover of a busy node writes some thousands. Of more the latest are kept: logs begin long before the incident. */
const MOST_EVENTS = 100_000;
const MOST_PROBLEMS = 20;
/** Logs of more hosts than this, in one file, are read as if of one. */
const MOST_HOSTS = 64;

/**
 * Reads a journal. Never throws: whatever `text` holds, it returns what it understood and the rest as
 * problems, both of bounded number. `file` is what the user called it.
 */
export function parseJournal(text: string, file: string, options: JournalOptions = {}): Journal {
  const reader = new JournalReader({ zone: options.zone ?? 0n, near: options.near ?? null });
  forEachLine(text, (line, number) => reader.read(line, number));
  const { events, problems, sawAssumedZone } = reader.finish(file, options.node);
  return { file, events, problems, zoneAssumed: sawAssumedZone && options.zone === undefined };
}

/**
 * The node that a file's name says it is of: `conntrackd-b.log` is node-b, `node-a.jsonl` node-a,
 * `fw1.log.1.gz` fw1; null where the name says nothing.
 */
export function nodeFromName(path: string): string | null {
  const name = (path.split(/[\\/]/).at(-1) ?? '').replace(SUFFIXES, '');
  const rest = name.replace(PROGRAM_BEFORE, '').replace(PROGRAM_BEHIND, '');
  // A letter alone may be anything; beside a program's name it is a node's.
  if (rest !== name && /^[a-z\d]$/i.test(rest)) return `node-${rest.toLowerCase()}`;
  const { host, place } = vantageFromName(rest);
  return place === 'node' ? host : null;
}

/** Also what log rotation adds: `.1`, `-20261122`. */
const SUFFIXES = /(?:\.(?:log|txt|jsonl|ndjson|json|journal|gz|zst|lz4|\d{1,3})|-\d{8})+$/i;
const PROGRAM = '(?:conntrackd?|conntrack-tools|keepalived|journal|journalctl|syslog|messages|daemon|log)';
const PROGRAM_BEFORE = new RegExp(`^(?:${PROGRAM}(?:[-_.]|$))+`, 'i');
const PROGRAM_BEHIND = new RegExp(`(?:[-_.]${PROGRAM})+$`, 'i');

/** By line feed, alone or behind a carriage return; without a copy of the whole. */
function forEachLine(text: string, read: (line: string, number: number) => void): void {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    number += 1;
    read(text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end), number);
    start = end + 1;
  }
}

/** Who a line says it is of: a journal's own word, or the host in the head of a log line, which may be another name of it. */
interface Owned {
  readonly event: EventDraft;
  readonly named: string | null;
  readonly isHost: boolean;
}

class JournalReader {
  sawAssumedZone = false;
  private owned: Owned[] = [];
  private dropped = 0;
  private readonly problems: JournalProblem[] = [];
  private moreProblems = 0;
  private readonly daemons = new Map<string, ConntrackdLog>();
  private firstName: string | null = null;
  private severalNames = false;
  private readonly clock: LogClock;

  constructor(clock: LogClock) {
    this.clock = clock;
  }

  read(text: string, line: number): void {
    if (text.length > MOST_LINE_CHARACTERS) {
      this.problem('journal-line', `longer than ${MOST_LINE_CHARACTERS} characters: skipped`, line);
    } else if (/^\s*\{/.test(text)) this.readJson(text, line);
    // journalctl marks where it begins and where the machine was started.
    else if (text.trim() !== '' && !text.startsWith('-- ')) this.readLog(text, line);
  }

  finish(
    file: string,
    said: string | undefined,
  ): { events: JournalEvent[]; problems: JournalProblem[]; sawAssumedZone: boolean } {
    for (const daemon of this.daemons.values()) daemon.end();
    this.keepLatest(MOST_EVENTS);
    const events = this.owned.map((one) => toEvent(one, file, this.ownerOf(one, file, said)));
    events.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.line - b.line));
    return { events, problems: this.allProblems(said), sawAssumedZone: this.sawAssumedZone };
  }

  private readJson(text: string, line: number): void {
    const parsed = parseGatewayLine(text, line);
    if ('why' in parsed) {
      this.problem('journal-line', `${parsed.why}: skipped`, line);
      return;
    }
    for (const field of parsed.wrongFields) {
      this.problem('journal-field', `"${field}" is not what it should be: left out`, line);
    }
    this.keep({ event: parsed.event, named: parsed.node, isHost: false });
  }

  private readLog(text: string, line: number): void {
    const log = parseLogLine(text, this.clock);
    if (log === null) {
      this.problem('journal-line', 'neither a JSON object nor a log line: skipped', line);
    } else if (log === 'no-year') {
      this.problem('journal-line', 'a time without a year, and no capture says which: skipped', line);
    } else if (log.program !== 'other') {
      if (!log.hasZone) this.sawAssumedZone = true;
      if (log.program === 'conntrackd') this.daemonOf(log.host).read(log, line);
      else this.keep({ event: parseKeepalivedLine(log, line), named: log.host, isHost: true });
    }
  }

  private daemonOf(host: string | null): ConntrackdLog {
    const key = this.daemons.size < MOST_HOSTS || this.daemons.has(host ?? '') ? (host ?? '') : '';
    let daemon = this.daemons.get(key);
    if (daemon === undefined) {
      daemon = new ConntrackdLog((event) => this.keep({ event, named: host, isHost: true }));
      this.daemons.set(key, daemon);
    }
    return daemon;
  }

  private keep(one: Owned): void {
    if (one.named !== null) {
      this.severalNames ||= this.firstName !== null && this.firstName !== one.named;
      this.firstName ??= one.named;
    }
    this.owned.push(one);
    // Now and then, so that an event costs no copy of all the others.
    if (this.owned.length >= 2 * MOST_EVENTS) this.keepLatest(MOST_EVENTS);
  }

  private keepLatest(most: number): void {
    const tooMany = this.owned.length - most;
    if (tooMany <= 0) return;
    this.dropped += tooMany;
    this.owned = this.owned.slice(tooMany);
  }

  /** What the user says wins, unless the file is visibly of several nodes; a host's name is the last resort. */
  private ownerOf({ named, isHost }: Owned, file: string, said: string | undefined): string | null {
    if (said !== undefined) return this.severalNames ? (named ?? said) : said;
    const byFile = nodeFromName(file);
    return isHost && !this.severalNames ? (byFile ?? named) : (named ?? byFile);
  }

  private problem(code: string, message: string, line: number): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ code, message, line });
    else this.moreProblems += 1;
  }

  private allProblems(said: string | undefined): JournalProblem[] {
    const whole = (code: string, message: string): JournalProblem => ({ code, message, line: null });
    if (this.owned.length === 0) {
      const message = 'no line of it is of a gateway journal, conntrackd or keepalived';
      return [whole('journal-unknown', message), ...this.problems.slice(0, 1)];
    }
    const all = [...this.problems];
    if (this.moreProblems > 0)
      all.push(whole('journal-line', `${this.moreProblems} more lines have problems`));
    if (this.dropped > 0) {
      all.push(
        whole(
          'journal-cut',
          `only the last ${MOST_EVENTS} of its events are looked at; cut it to the incident`,
        ),
      );
    }
    if (said !== undefined && this.severalNames) {
      all.push(
        whole('journal-several-nodes', `it is of more nodes than ${said}: its lines' own names are kept`),
      );
    }
    return all;
  }
}

const toEvent = ({ event }: Owned, file: string, node: string | null): JournalEvent => ({
  ...event,
  node,
  file,
});

/** The nodes that the journals are of, each once. */
export const nodesOf = (journals: readonly Journal[]): string[] => [
  ...new Set(journals.flatMap((j) => j.events.flatMap(({ node }) => (node === null ? [] : [node])))),
];
