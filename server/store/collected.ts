/**
 * Which incident a delivered file is of: the one of its time, which grows with it, or the one of its title.
 * The trap: pins that follow each other, or files without end, would make one incident of a whole week, which no analysis
 * ever comes to the end of; so an incident grows to an hour.
 */
import type { IncidentWish } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { Incidents } from './incidents.ts';
import { cleanLine, type Shared } from './shared.ts';

/** Hosts notice a failover at different times, and their clocks differ. */
const TOLERANCE_MS = 60_000;
const MOST_SPAN_MS = 3_600_000;
const MOST_TITLE = 160;
const MOST_WHY = 120;

/** ms since the epoch, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

interface Row extends Span {
  readonly incident: string;
}

export class Collected {
  private readonly shared: Shared;
  private readonly incidents: Incidents;

  constructor(shared: Shared, incidents: Incidents) {
    this.shared = shared;
    this.incidents = incidents;
  }

  /** The incident that there is for it; null where there is none yet. */
  find(wish: IncidentWish): string | null {
    const span = spanOf(wish);
    return span === null ? this.titled(wish) : (this.nearest(wish, span)?.incident ?? null);
  }

  /** Within a transaction: the incident, grown or made. */
  take(wish: IncidentWish): { incident: string; isNew: boolean } {
    const { connection } = this.shared;
    const span = spanOf(wish);
    const found = this.find(wish);
    if (found !== null) {
      if (span !== null)
        connection.run(
          'UPDATE collected SET first = min(first, ?), last = max(last, ?) WHERE incident = ?',
          ...[span.first, span.last, found],
        );
      return { incident: found, isNew: false };
    }
    const incident = this.incidents.insert(titleOf(wish));
    connection.run(
      'INSERT INTO collected (incident, title, first, last) VALUES (?, ?, ?, ?)',
      ...[incident, wish.title ?? '', span?.first ?? null, span?.last ?? null],
    );
    return { incident, isNew: true };
  }

  /** Those whose files no analysis has read as they are now. */
  waiting(): string[] {
    return this.shared.connection.column<string>(
      "SELECT id FROM incidents WHERE state = 'uploaded' AND id IN (SELECT incident FROM collected)",
    );
  }

  private titled({ title = '' }: IncidentWish): string | null {
    const row = this.shared.connection.get<Row>(
      'SELECT incident FROM collected WHERE title = ? ORDER BY number DESC LIMIT 1',
      title,
    );
    return row?.incident ?? null;
  }

  /** That has to grow least. */
  private nearest({ title = '' }: IncidentWish, span: Span): Row | undefined {
    const rows = this.shared.connection.all<Row>(
      'SELECT incident, first, last FROM collected WHERE title = ? AND last >= ? AND first <= ? ORDER BY number DESC',
      ...[title, span.first - TOLERANCE_MS, span.last + TOLERANCE_MS],
    );
    return rows
      .map((row) => ({ row, growth: growthOf(row, span) }))
      .filter(({ row, growth }) => growth === 0 || row.last - row.first + growth <= MOST_SPAN_MS)
      .sort((a, b) => a.growth - b.growth)[0]?.row;
  }
}

const growthOf = (row: Span, span: Span): number =>
  Math.max(0, row.first - span.first) + Math.max(0, span.last - row.last);

function spanOf({ window }: IncidentWish): Span | null {
  if (window === undefined) return null;
  const [first, last] = [toMs(window.from), toMs(window.to)];
  return { first, last };
}

const toMs = (nanos: string): number => Number(BigInt(nanos) / 1_000_000n);

/** `Captured 26 Nov 03:12 UTC: node-b took over` */
function titleOf({ title, why, at, window }: IncidentWish): string {
  const time = at ?? window?.from;
  if (time === undefined) return title ?? '';
  // Tue, 26 Nov 2026 03:12:00 GMT
  const [, day = '', , clock = ''] =
    /, (\d+ \w+) (\d+) ([\d:]{5})/.exec(new Date(toMs(time)).toUTCString()) ?? [];
  const named = title === undefined ? `Captured ${day} ${clock} UTC` : `${title}, ${day} ${clock} UTC`;
  return why === undefined || why === '' ? named : `${named}: ${why}`;
}

/** A wish in one form, so that two that are equal have equal text. @throws ServerError `bad-request` */
export function checkWish(wish: IncidentWish): IncidentWish {
  const title = wish.title === undefined ? '' : cleanLine(wish.title, MOST_TITLE);
  const why = wish.why === undefined ? '' : cleanLine(wish.why, MOST_WHY);
  const { window, at } = wish;
  if (title === '' && window === undefined)
    throw new ServerError(
      'bad-request',
      'an incident has a title or a window',
      '{"title": "…"}, or {"window": {"from": "…", "to": "…"}}',
    );
  if (window !== undefined && BigInt(window.from) > BigInt(window.to))
    throw new ServerError('bad-request', 'the window ends before it begins');
  return {
    ...(title !== '' && { title }),
    ...(window !== undefined && { window: { from: window.from, to: window.to } }),
    ...(at !== undefined && { at }),
    ...(why !== '' && { why }),
  };
}
