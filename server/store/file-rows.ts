/** The rows of stored files. */
import type { StoredFile } from '../api.ts';
import type { Connection } from './connection.ts';

const COLUMNS = 'id, name, kind, size, sha256, vantage';

/** In the order in which they came. */
export function storedFiles(connection: Connection, incident: string): StoredFile[] {
  return connection.all<StoredFile>(
    `SELECT ${COLUMNS} FROM files WHERE incident = ? ORDER BY number`,
    incident,
  );
}

export function storedFile(connection: Connection, incident: string, file: string): StoredFile | undefined {
  return connection.get<StoredFile>(
    `SELECT ${COLUMNS} FROM files WHERE incident = ? AND id = ?`,
    incident,
    file,
  );
}

/** To be followed by `filesChanged`, or `fileAdded`. @throws where its incident is gone: within a transaction */
export function insertFile(connection: Connection, incident: string, file: StoredFile): void {
  const { id, name, kind, size, sha256, vantage } = file;
  connection.run(
    'INSERT INTO files (id, incident, name, kind, size, sha256, vantage) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[id, incident, name, kind, size, sha256, vantage],
  );
}

/**
 * A file more: an analysis that waits reads it too, and one that runs goes on and leaves the incident with a file that its
 * result is not of (`RunWriter.finish`). Called off by each file, it would never end while they come.
 * @returns whether there is one
 */
export function fileAdded(connection: Connection, incident: string): boolean {
  const inWork = connection.get(
    "SELECT 1 FROM incidents WHERE id = ? AND state IN ('queued', 'analysing')",
    incident,
  );
  if (inWork === undefined) filesChanged(connection, incident);
  return inWork !== undefined;
}

/** The files are others now: what is being analysed is no longer wanted, what was found is of the files before. */
export function filesChanged(connection: Connection, incident: string): void {
  connection.run(
    `UPDATE incidents SET pending = NULL, error = NULL,
       state = iif(EXISTS (SELECT 1 FROM files WHERE incident = incidents.id), 'uploaded', 'empty')
     WHERE id = ?`,
    incident,
  );
}
