/**
 * What a kill left behind, put right before anybody asks: uploads that did not end, files without a
 * row, rows without a file, analyses that did not end. Runs without an incident are the sweeper's.
 * The trap: the folder may be any that a user names. Only what has a name of our making is ours to delete,
 * and captures whose database is gone are not left over: somebody may bring it back.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ServerError } from '../server-error.ts';
import type { Connection } from './connection.ts';
import { filesChanged } from './file-rows.ts';
import { databasePath, filePath, filesFolder, incomingFolder, incomingPath } from './places.ts';
import { STORE_ID } from './shared.ts';

/** @throws ServerError `damaged-database` for captures without a database, before there is a new one */
export function checkNoDatabaseIsMissing(folder: string): void {
  const path = databasePath(folder);
  if ([path, `${path}-wal`].some((one) => (statSync(one, { throwIfNoEntry: false })?.size ?? 0) > 0)) return;
  if (namesOfOurs(filesFolder(folder)).length === 0) return;
  throw new ServerError(
    'damaged-database',
    `the database of these captures is missing: ${path}`,
    'bring it back, or move the data folder away to begin a new one; the captures lie in its folder "files"',
  );
}

const namesOfOurs = (path: string): string[] => readdirSync(path).filter((name) => STORE_ID.test(name));

export function clearLeftovers(connection: Connection, folder: string): void {
  restoreDeliveries(connection, folder);
  removeStrayFiles(connection, folder);
  connection.write(() => {
    removeStrayRows(connection, folder);
    connection.run('UPDATE incidents SET pending = NULL');
    connection.run("UPDATE incidents SET state = 'queued' WHERE state = 'analysing'");
  });
}

/** What collectors may go on with stays, also where a kill met it on its way into an incident. */
function restoreDeliveries(connection: Connection, folder: string): void {
  const rows = connection.all<{ id: string; received: number }>(
    'SELECT id, received FROM deliveries WHERE done = 0',
  );
  const known = new Set(rows.map(({ id }) => id));
  for (const incident of namesOfOurs(filesFolder(folder)))
    for (const file of namesOfOurs(join(filesFolder(folder), incident)))
      if (known.has(file)) renameSync(filePath(folder, incident, file), incomingPath(folder, file));
  for (const name of namesOfOurs(incomingFolder(folder)))
    if (!known.has(name)) rmSync(incomingPath(folder, name), { recursive: true, force: true });
  for (const { id, received } of rows) {
    const size = statSync(incomingPath(folder, id), { throwIfNoEntry: false })?.size ?? 0;
    // Somebody took of it: it begins anew.
    if (size < received) connection.run('UPDATE deliveries SET received = 0 WHERE id = ?', id);
  }
}

function removeStrayFiles(connection: Connection, folder: string): void {
  const rows = connection.all<{ id: string; incident: string }>('SELECT id, incident FROM files');
  const known = new Set(rows.map(({ id, incident }) => `${incident}/${id}`));
  const incidents = new Set(rows.map(({ incident }) => incident));
  for (const incident of namesOfOurs(filesFolder(folder))) {
    const inner = join(filesFolder(folder), incident);
    if (!incidents.has(incident)) rmSync(inner, { recursive: true, force: true });
    else
      for (const file of namesOfOurs(inner)) {
        if (!known.has(`${incident}/${file}`)) rmSync(join(inner, file), { recursive: true, force: true });
      }
  }
}

/** Somebody removed the file: the incident says that it has others than its result is of. */
function removeStrayRows(connection: Connection, folder: string): void {
  const rows = connection.all<{ id: string; incident: string }>('SELECT id, incident FROM files');
  for (const { id, incident } of rows) {
    if (existsSync(filePath(folder, incident, id))) continue;
    connection.run('DELETE FROM files WHERE id = ?', id);
    filesChanged(connection, incident);
  }
}
