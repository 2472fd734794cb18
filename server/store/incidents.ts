/**
 * Incidents: what there is, in which state, and until when it is kept.
 * The trap: an analysis ends only by `RunWriter.finish`; whatever changes the files takes `pending`
 * away first, so that a result of other files can no longer arrive.
 */
import { rmSync } from 'node:fs';
import type { Report } from '../../analyzer/index.ts';
import type { IncidentDetail, IncidentState, IncidentSummary, ReportHead } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { storedFiles } from './file-rows.ts';
import { incidentFolder } from './places.ts';
import { cleanLine, newId, notFound, type Shared } from './shared.ts';
import { parseSpan } from './span.ts';

const MOST_TITLE = 200;
/** A database's integers, and a calendar, end somewhere. */
const LONGEST_KEEP = 100 * 366 * 86_400;

interface SummaryRow {
  id: string;
  title: string;
  state: IncidentState;
  created: number;
  expires: number | null;
  error: string | null;
  revision: number;
  run: number | null;
  files: number;
  size: number;
  headline: string | null;
  flows: number | null;
  worst_stall: number | null;
}

const SUMMARY = `
  SELECT i.id, i.title, i.state, i.created, i.expires, i.error, i.revision, i.run,
    (SELECT count(*) FROM files f WHERE f.incident = i.id) AS files,
    (SELECT coalesce(sum(size), 0) FROM files f WHERE f.incident = i.id) AS size,
    r.headline, r.flows, r.worst_stall
  FROM incidents i LEFT JOIN runs r ON r.id = i.run`;

export class Incidents {
  private readonly shared: Shared;
  /** Seconds; null: for ever. */
  private readonly keep: number | null;

  constructor(shared: Shared, keep: number | null) {
    this.shared = shared;
    this.keep = keep;
  }

  list(): IncidentSummary[] {
    const { connection } = this.shared;
    return connection.all<SummaryRow>(`${SUMMARY} ORDER BY i.created DESC, i.rowid DESC`).map(toSummary);
  }

  summary(id: string): IncidentSummary {
    return toSummary(this.row(id));
  }

  detail(id: string): IncidentDetail {
    const { connection } = this.shared;
    return connection.read(() => {
      const row = this.row(id);
      const run = connection.get<{ report: string; timeline: string | null; stalls: string | null }>(
        'SELECT report, timeline, stalls FROM runs WHERE id = ?',
        row.run,
      );
      const parse = <T>(text: string | null | undefined): T | null => (text ? (JSON.parse(text) as T) : null);
      return {
        ...toSummary(row),
        storedFiles: storedFiles(connection, id),
        report: run === undefined ? null : reportHead(run.report),
        timeline: parse(run?.timeline),
        stalls: parse(run?.stalls),
      };
    });
  }

  create(title = ''): IncidentSummary {
    const id = this.insert(title);
    this.shared.changed({ incident: id, what: 'created' });
    return this.summary(id);
  }

  /** For who is within a transaction, and says afterwards that it was created. */
  insert(title: string): string {
    const id = newId();
    const created = Date.now();
    const named = cleanLine(title, MOST_TITLE);
    const fallback = `Incident of ${new Date(created).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const expires = this.keep === null ? null : created + this.keep * 1000;
    this.shared.connection.run(
      "INSERT INTO incidents (id, title, state, created, expires) VALUES (?, ?, 'empty', ?, ?)",
      id,
      named || fallback,
      created,
      expires === null ? null : Math.round(expires),
    );
    return id;
  }

  change(id: string, { title, keep }: { title?: string; keep?: string | null }): IncidentSummary {
    const { connection } = this.shared;
    const named = title === undefined ? undefined : cleanLine(title, MOST_TITLE);
    if (named === '') throw new ServerError('bad-request', 'a title must have a letter');
    const expires = keep === undefined ? undefined : expiryOf(keep);
    connection.write(() => {
      this.row(id);
      if (named !== undefined) connection.run('UPDATE incidents SET title = ? WHERE id = ?', named, id);
      if (expires !== undefined) connection.run('UPDATE incidents SET expires = ? WHERE id = ?', expires, id);
    });
    this.shared.changed({ incident: id, what: 'changed' });
    return this.summary(id);
  }

  /** Also on a full disk. @throws ServerError `disk-full`, see `Reserve.delete` */
  delete(id: string): void {
    const { connection, folder, reserve } = this.shared;
    reserve.delete(
      () => {
        if (connection.run('DELETE FROM incidents WHERE id = ?', id) === 0) throw notFound('incident');
      },
      () => rmSync(incidentFolder(folder, id), { recursive: true, force: true }),
    );
    this.shared.changed({ incident: id, what: 'deleted' });
    this.shared.sweep();
  }

  purge(): string[] {
    const expired = this.shared.connection.all<{ id: string }>(
      'SELECT id FROM incidents WHERE expires <= ?',
      Date.now(),
    );
    for (const { id } of expired) this.delete(id);
    return expired.map(({ id }) => id);
  }

  private row(id: string): SummaryRow {
    const row = this.shared.connection.get<SummaryRow>(`${SUMMARY} WHERE i.id = ?`, id);
    if (row === undefined) throw notFound('incident');
    return row;
  }
}

/** It is kept with an empty list of flows, which marks their place in exports. */
function reportHead(text: string): ReportHead {
  const { flows: _, ...head } = JSON.parse(text) as Report;
  return head;
}

/** ms since the epoch. */
function expiryOf(keep: string | null): number | null {
  if (keep === null || keep === 'forever') return null;
  const span = parseSpan(keep);
  if (span === null || span <= 0 || span > LONGEST_KEEP) {
    throw new ServerError('bad-request', `'${keep}' is no time to keep`, 'such as 12h, 30d, or forever');
  }
  return Math.round(Date.now() + span * 1000);
}

const toNanos = (ms: number): string => `${BigInt(ms) * 1_000_000n}`;

function toSummary(row: SummaryRow): IncidentSummary {
  return {
    id: row.id,
    title: row.title,
    state: row.state,
    created: toNanos(row.created),
    expires: row.expires === null ? null : toNanos(row.expires),
    files: row.files,
    size: row.size,
    headline: row.headline,
    flows: row.flows,
    worstStall: row.worst_stall,
    error: row.error,
    revision: row.revision,
  };
}
