/**
 * One process a data folder: a second one would take the first one's unfinished uploads for leftovers.
 * SQLite's own file lock is used, because the system takes it back from a process that is killed.
 */
import type BetterSqlite3 from 'better-sqlite3';
import { ServerError } from '../server-error.ts';

export interface Lock {
  release(): void;
}

/** @throws ServerError `data-in-use` */
export function lockFolder(Database: typeof BetterSqlite3, path: string, folder: string): Lock {
  const database = new Database(path, { timeout: 0 });
  try {
    // Nothing is ever written, so no journal is left by a kill.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch {
    database.close();
    throw new ServerError(
      'data-in-use',
      `another Stallscope uses the data folder: ${folder}`,
      'end it, or name another folder with --data',
    );
  }
}
