/**
 * What a collector says of itself in its captures, as JSON in pcapng comments: of a section who captured where, of an
 * interface's statistics what was missed and how the host's clock stood. People read it in Wireshark; the analyzer takes it
 * as evidence.
 * The trap: a comment is free text of anybody's. What is not exactly one of these is no note.
 */

/** In front of the JSON, so that a person sees what it is. */
export const NOTE_PREFIX = 'stallscope: ';

/** Of a file: a comment of the section header. */
export interface FileNote {
  readonly note: 'file';
  readonly v: 1;
  /** Of the collector's folder; stays over restarts. */
  readonly collector: string;
  /** Name of the machine. */
  readonly host: string;
  /** `node-a.out`. */
  readonly vantage: string;
  /** Of the collector's files of this vantage, from 1 on. */
  readonly number: number;
  /** `tcpdump 4.99.3`. */
  readonly engine: string;
  /** Whose clock stamped the packets. */
  readonly stamps: 'kernel' | 'userland';
}

/** Nothing was captured of an interface for a while: a comment of its statistics, at the end of the gap. */
export interface GapNote {
  readonly note: 'gap';
  /** ns since the epoch, decimal; `to` null where it went on to the end of the file. */
  readonly from: string;
  readonly to: string | null;
  /** What a person reads: `tcpdump was ended by SIGKILL`. */
  readonly why: string;
  /** How many packets were missed, where only that is known: the engine had no room for them. */
  readonly packets?: number;
  /**
   * The interface was not there, or was down: nothing can have come by on it, and so nothing is missing. That of a network
   * adapter which a cloud moves to another host, or of another namespace of this one.
   */
  readonly link?: 'absent' | 'down';
}

/** How the host's clock stood: a comment of statistics. */
export interface ClockNote {
  readonly note: 'clock';
  /** ns since the epoch by that clock. */
  readonly at: string;
  /** By the kernel (adjtimex, STA_UNSYNC). */
  readonly synchronised: boolean;
  /** s, of what the kernel still corrects; and at most, by its own word. */
  readonly offset: number;
  readonly maxError: number;
}

/** The host's clock against the server's, as NTP does it (RFC 5905, 8): the best of a few exchanges. */
export interface ExchangeNote {
  readonly note: 'exchange';
  readonly at: string;
  /** Who answered; captures of collectors with the same peer can be compared. */
  readonly peer: string;
  /** s; to be added to this host's times to have the peer's. */
  readonly offset: number;
  /** s; half of the round trip without the peer's own time: no more than that can be wrong. */
  readonly error: number;
}

/**
 * The interface went down, or is up again, while it was captured: a comment of its statistics. No gap: what is down takes
 * nothing in, so what is not in the capture was not there.
 */
export interface LinkNote {
  readonly note: 'link';
  /** ns since the epoch, to within some ms. */
  readonly at: string;
  readonly state: 'down' | 'up';
}

export type CollectorNote = FileNote | GapNote | ClockNote | ExchangeNote | LinkNote;

/** The comment. */
export const writeNote = (note: CollectorNote): string => NOTE_PREFIX + JSON.stringify(note);

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value.length <= 500;
const time: Check = (value) => typeof value === 'string' && /^\d{1,20}$/.test(value);
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const error: Check = (value) => number(value) && (value as number) >= 0;

const FORMS: Readonly<Record<CollectorNote['note'], Readonly<Record<string, Check>>>> = {
  file: {
    v: (value) => value === 1,
    collector: text,
    host: text,
    vantage: text,
    number: count,
    engine: text,
    stamps: (value) => value === 'kernel' || value === 'userland',
  },
  gap: {
    from: time,
    to: (value) => value === null || time(value),
    why: text,
    packets: (value) => value === undefined || count(value),
    link: (value) => value === undefined || value === 'absent' || value === 'down',
  },
  clock: { at: time, synchronised: (value) => typeof value === 'boolean', offset: number, maxError: error },
  exchange: { at: time, peer: text, offset: number, error },
  link: { at: time, state: (value) => value === 'down' || value === 'up' },
};

/** Null where the comment is no note of a collector, or of a later form than this. */
export function readNote(comment: string): CollectorNote | null {
  if (!comment.startsWith(NOTE_PREFIX)) return null;
  let value: unknown;
  try {
    value = JSON.parse(comment.slice(NOTE_PREFIX.length));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Record<string, unknown>;
  const form = Object.hasOwn(FORMS, String(fields.note))
    ? FORMS[fields.note as CollectorNote['note']]
    : undefined;
  if (form === undefined) return null;
  return Object.entries(form).every(([name, check]) => check(fields[name])) ? (value as CollectorNote) : null;
}

/** Who wrote a file, of its notes; null where no collector did. */
export function fileNoteOf(notes: readonly { readonly note: CollectorNote }[]): FileNote | null {
  for (const { note } of notes) if (note.note === 'file') return note;
  return null;
}
