/**
 * What a gateway node says it did, as the rules see it, wherever it was written.
 * The trap: a log with a resolution of a second says less than a capture with
 * one of a µs. So an event has bounds, not a time, and only *surely before* and
 * *surely after* may be asked of it.
 */

/** The ids of the gateway's own journal (JSON lines). */
export const GATEWAY_EVENTS = [
  'role',
  'adapter-detached',
  'adapter-attached',
  'address-up',
  'address-announced',
  'state-received',
  'state-committed',
  'forwarding-on',
  'forwarding-off',
  'connection-open',
  'connection-close',
  'reset-sent',
  'counter',
  'note',
] as const;

/** What only logs of conntrackd and keepalived say. */
export type LogEvent =
  /** A commit whose end is not in the log: whether its entries are in the kernel is not known. */
  | 'commit-started'
  /** conntrackd writes what it receives into the kernel at once: no commit is needed, and none is logged. */
  | 'external-cache-off'
  /** Entries were thrown away; `text` says which. */
  | 'state-flushed'
  /** conntrackd will flush the kernel's table (PurgeTimeout), unless a commit comes first; `text` says when. */
  | 'flush-scheduled'
  | 'state-resync'
  | 'sync-started'
  | 'sync-stopped'
  | 'address-down'
  | 'error';

export type JournalKind = (typeof GATEWAY_EVENTS)[number] | LogEvent;

/** What an event says beside its kind; a detail that the line does not give is absent. */
export interface EventDetails {
  readonly role?: { readonly from: string | null; readonly to: string | null };
  /** Entries of the session table that were received or committed. */
  readonly entries?: number;
  /** Entries that could not be committed. */
  readonly failed?: number;
  /** Seconds that it took; it ended at the event's time. */
  readonly took?: number;
  readonly address?: string;
  readonly adapter?: string;
  readonly tuple?: string;
  readonly toward?: string;
  /** Of a counter. */
  readonly name?: string;
  readonly value?: number;
  /** The line's own words; a note has nothing else. */
  readonly text?: string;
}

export interface JournalEvent extends EventDetails {
  readonly kind: JournalKind;
  /** Whose journal it is; null where neither the user, the line nor the file's name says. */
  readonly node: string | null;
  /** It happened in [from, until), ns since the epoch by the node's clock. */
  readonly from: bigint;
  readonly until: bigint;
  /** As the user named it. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** An event before it is known whose it is. */
export interface EventDraft extends EventDetails {
  readonly kind: JournalKind;
  readonly from: bigint;
  readonly until: bigint;
  readonly line: number;
}

/** Longer words are nobody's name and no sentence that a rule would cite. */
const MOST_CHARACTERS = 200;

/** A string of a journal, at a length that can be kept and printed. */
export const keptText = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
