/**
 * The states of an incident's analysis, for `server/jobs/`: queued, running, ended without a result.
 * That it ended with one is written by the worker, together with the result (`RunWriter.finish`).
 */
import type { StoredFile } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { storedFiles } from './file-rows.ts';
import { filePath } from './places.ts';
import { notFound, type Shared } from './shared.ts';
import type { FileOnDisk } from './store.ts';

export class Analyses {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  /** Ids of the incidents that wait, oldest first. */
  queued(): string[] {
    return this.shared.connection
      .all<{ id: string }>("SELECT id FROM incidents WHERE state = 'queued' ORDER BY created, rowid")
      .map(({ id }) => id);
  }

  /** Whatever ran is called off. @throws ServerError `bad-request` without a capture */
  queue(incident: string): void {
    const { connection } = this.shared;
    connection.write(() => {
      if (connection.get('SELECT 1 FROM incidents WHERE id = ?', incident) === undefined)
        throw notFound('incident');
      checkFiles(storedFiles(connection, incident));
      connection.run(
        "UPDATE incidents SET state = 'queued', pending = NULL, error = NULL WHERE id = ?",
        incident,
      );
    });
    this.shared.changed({ incident, what: 'changed' });
    this.shared.sweep();
  }

  /** @returns the run to write under, and the files to read; null where it no longer waits */
  begin(incident: string): { run: number; files: FileOnDisk[] } | null {
    const { connection, folder } = this.shared;
    const begun = connection.write(() => {
      const row = connection.get<{ run: number }>(
        "INSERT INTO runs (incident) SELECT id FROM incidents WHERE id = ? AND state = 'queued' RETURNING id AS run",
        incident,
      );
      if (row === undefined) return null;
      connection.run("UPDATE incidents SET state = 'analysing', pending = ? WHERE id = ?", row.run, incident);
      const files = storedFiles(connection, incident);
      return {
        run: row.run,
        files: files.map((file) => ({ ...file, path: filePath(folder, incident, file.id) })),
      };
    });
    if (begun !== null) this.shared.changed({ incident, what: 'changed' });
    return begun;
  }

  /**
   * It ended without a result, having read so many files: with those that came since then it may have one. A run that nobody
   * waits for any more changes nothing.
   */
  fail(incident: string, run: number, error: string, files = Number.MAX_SAFE_INTEGER): void {
    const { connection } = this.shared;
    connection.run(
      `UPDATE incidents SET pending = NULL,
         (state, error) = (SELECT iif(count(*) > ?, 'uploaded', 'failed'), iif(count(*) > ?, NULL, ?)
                           FROM files WHERE incident = incidents.id)
       WHERE id = ? AND pending = ?`,
      ...[files, files, error, incident, run],
    );
    this.finished(incident);
  }

  /** It ended, with the result that the worker has written, or without one. */
  finished(incident: string): void {
    const { changed, connection, sweep } = this.shared;
    if (connection.get('SELECT 1 FROM incidents WHERE id = ?', incident))
      changed({ incident, what: 'changed' });
    sweep();
  }
}

function checkFiles(files: readonly StoredFile[]): void {
  if (files.some(({ kind }) => kind === 'capture')) return;
  const why =
    files.length === 0 ? 'the incident has no file yet' : 'the incident has journals, but no capture';
  throw new ServerError('bad-request', why, 'add a pcap or pcapng file first');
}
