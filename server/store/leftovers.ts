/**
 * What a kill left behind, put right before anybody asks: uploads that did not end, files without a
 * row, rows without a file, analyses that did not end. Runs without an incident are the sweeper's.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from './connection.ts';
import { filesChanged } from './file-rows.ts';
import { filePath, filesFolder, incomingFolder } from './places.ts';

export function clearLeftovers(connection: Connection, folder: string): void {
  for (const name of readdirSync(incomingFolder(folder))) {
    rmSync(join(incomingFolder(folder), name), { recursive: true, force: true });
  }
  removeStrayFiles(connection, folder);
  connection.write(() => {
    removeStrayRows(connection, folder);
    connection.run('UPDATE incidents SET pending = NULL');
    connection.run("UPDATE incidents SET state = 'queued' WHERE state = 'analysing'");
  });
}

function removeStrayFiles(connection: Connection, folder: string): void {
  const rows = connection.all<{ id: string; incident: string }>('SELECT id, incident FROM files');
  const known = new Set(rows.map(({ id, incident }) => `${incident}/${id}`));
  const incidents = new Set(rows.map(({ incident }) => incident));
  for (const incident of readdirSync(filesFolder(folder))) {
    const inner = join(filesFolder(folder), incident);
    if (!incidents.has(incident)) rmSync(inner, { recursive: true, force: true });
    else
      for (const file of readdirSync(inner)) {
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
