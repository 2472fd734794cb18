/**
 * A connection to the database, with its statements kept by their text, and SQLite's errors as
 * sentences. The package is native and optional, so it is loaded only here, and late.
 * The trap: a statement that is iterated keeps the connection busy for writing; exports open their own.
 */
import { statSync } from 'node:fs';
import type BetterSqlite3 from 'better-sqlite3';
import { ServerError } from '../server-error.ts';

export type SqlValue = string | number | bigint | Uint8Array | null;

/** Another process, or the worker, holds the lock no longer than this. */
const BUSY_MS = 10_000;
/** All of what 100,000 flows are filtered by. */
const CACHE_KIB = 65_536;
/** The log is cut back to this after a checkpoint. */
const WAL_BYTES = 64 * 1024 * 1024;

const MOST_STATEMENTS = 200;

type Package = typeof BetterSqlite3;

/** @throws ServerError `no-database-package` */
export async function loadPackage(
  load: () => Promise<{ default: Package }> = () => import('better-sqlite3'),
): Promise<Package> {
  try {
    const { default: Database } = await load();
    // The package looks for its native part only when a database is opened.
    new Database(':memory:').close();
    return Database;
  } catch (error) {
    // The first line, without the head of the list that follows it.
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
    const why = line.replace(/\.? Tried:$/, '');
    throw new ServerError(
      'no-database-package',
      `the database package cannot be loaded: ${why}`,
      `run "npm install better-sqlite3" (if it is there: "npm rebuild better-sqlite3") with Node ${process.version}`,
    );
  }
}

export interface ConnectOptions {
  readonly readonly?: boolean;
}

export class Connection {
  readonly path: string;
  readonly #database: BetterSqlite3.Database;
  readonly #statements = new Map<string, BetterSqlite3.Statement<SqlValue[]>>();
  /** Of the file that is open. */
  readonly #inode: bigint | null;

  constructor(Database: Package, path: string, options: ConnectOptions = {}) {
    this.path = path;
    this.#database = explained(path, () => {
      const database = new Database(path, { timeout: BUSY_MS, readonly: options.readonly ?? false });
      try {
        database.pragma('foreign_keys = ON');
        database.pragma(`cache_size = -${CACHE_KIB}`);
        // Read first: a file that is no database says so here.
        database.pragma('schema_version');
        return database;
      } catch (error) {
        database.close();
        throw error;
      }
    });
    this.#inode = inodeOf(path);
  }

  /** For the one who writes. Vacuuming must be chosen before there is a table. */
  makeDurable(): void {
    this.pragma('auto_vacuum = INCREMENTAL');
    this.pragma('journal_mode = WAL');
    this.pragma('synchronous = FULL');
    this.pragma(`journal_size_limit = ${WAL_BYTES}`);
  }

  /** Number of rows that it changed. @throws ServerError as `write` */
  run(sql: string, ...values: SqlValue[]): number {
    if (!this.#database.inTransaction) this.checkFile();
    return this.#guard(() => this.#prepare(sql).run(...values).changes);
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** The first column of every row. */
  column<Value>(sql: string, ...values: SqlValue[]): Value[] {
    return this.#guard(() => this.#prepare(sql, true).all(...values) as Value[]);
  }

  *iterate<Row>(sql: string, ...values: SqlValue[]): Generator<Row, void, undefined> {
    yield* this.#guard(() => this.#prepare(sql).iterate(...values) as IterableIterator<Row>);
  }

  /** Several statements, without values. */
  execute(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  pragma(text: string): unknown {
    return this.#guard(() => this.#database.pragma(text, { simple: true }));
  }

  /**
   * All of it or nothing. Takes the lock at once, so that it cannot be refused in the middle.
   * @throws ServerError `damaged-database` also where the file is no longer there: nobody is told that it was kept
   */
  write<T>(work: () => T): T {
    if (this.#database.inTransaction) return work();
    this.checkFile();
    return this.#guard(() => this.#database.transaction(work).immediate());
  }

  /** A file that was deleted, or replaced, under a running database goes on answering, and is gone with the process. @throws ServerError `damaged-database` */
  checkFile(): void {
    if (this.#inode !== null && inodeOf(this.path) === this.#inode) return;
    throw new ServerError(
      'damaged-database',
      `the database file was taken away while the server runs: ${this.path}`,
      'what is written now would be lost: bring the file back from a copy, and start `diagnose serve` again',
    );
  }

  /** What is read within is of one moment. */
  read<T>(work: () => T): T {
    if (this.#database.inTransaction) return work();
    return this.#guard(() => this.#database.transaction(work).deferred());
  }

  /** Gives the log's room back; not now where somebody still reads in it. */
  cutLog(): void {
    this.pragma('busy_timeout = 0');
    this.pragma('wal_checkpoint(TRUNCATE)');
    this.pragma(`busy_timeout = ${BUSY_MS}`);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string, isColumn = false): BetterSqlite3.Statement<SqlValue[]> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare<SqlValue[]>(sql);
    if (isColumn) statement.pluck();
    this.#statements.set(sql, statement);
    // Filters are as many as people think of.
    for (const old of this.#statements.keys()) {
      if (this.#statements.size <= MOST_STATEMENTS) break;
      this.#statements.delete(old);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    return explained(this.path, work);
  }
}

/** Null: there is no such file. */
function inodeOf(path: string): bigint | null {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}

/** Passes errors on, those of SQLite that a user can do something about in words. */
function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(path, error);
  }
}

/** The last: of the index of the log, which is there while the database is open. */
const FULL_DISK: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE']);

function explain(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return damaged(path);
  if (FULL_DISK.has(code)) {
    return new ServerError('disk-full', 'the disk is full', `free some space for ${path}`);
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY')) {
    return new ServerError(
      'data-in-use',
      `the database cannot be written: ${path}`,
      'check who owns the folder',
    );
  }
  return error;
}

export const damaged = (path: string): ServerError =>
  new ServerError(
    'damaged-database',
    `the database is damaged: ${path}`,
    'move the data folder away to begin a new one; the captures lie in its folder "files"',
  );
