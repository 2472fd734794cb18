/**
 * A process that brings a database of version 1 to this version is killed at moments that nobody chooses. Whatever it came to,
 * the file is whole, every row of the old tables is as it was, no row refers to one that is gone, and the next start makes of
 * it what a migration makes that nobody killed: the same tables, with the same rows.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundled } from '../jobs/test-worker.ts';
import { SCHEMA_VERSION } from './migrations.ts';
import { openStore } from './open-store.ts';
import { databasePath } from './places.ts';
import { temporaryFolder } from './test-store.ts';

const VERSION_1 = readFileSync(new URL('./version-1.sql', import.meta.url), 'utf8');
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 24);
/** The last kills come when an opening of usual length is over: so the moments reach from its begin to its end also on a slower day. */
const LONGER = 1.3;
/** Rows of each old table that has an incident: so much that a step takes a while. */
const FLOWS = 5_000;

const folder = temporaryFolder();
const old = join(folder.path, 'old.db');
let child = '';

beforeAll(async () => {
  child = fileURLToPath(await bundled('server/store/opening-child.ts'));
  const database = new BetterSqlite3(old);
  database.exec(VERSION_1);
  multiply(database);
  database.close();
});
afterAll(() => folder.remove());

/** Many copies of the one flow and its document, each under an id of its own, and rows of the tables that have none. */
function multiply(database: BetterSqlite3.Database): void {
  for (const table of ['flows', 'flow_documents']) {
    const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
    const values = columns.map((name) => (name === 'id' ? "'f' || n" : name === 'number' ? 'n' : name));
    database.exec(`WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${FLOWS})
      INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM counter, (SELECT * FROM ${table} LIMIT 1)`);
  }
  database.exec(`INSERT INTO captures VALUES (7, 'c1', 'aabbccddeeff0011');
    INSERT INTO stalls VALUES (7, 0, 0, 1700000001000000000, NULL, 3.5, 'no-state-drop');
    INSERT INTO timeline_chunks VALUES (7, 0, x'00ff10')`);
}

function startOver(): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(databasePath(folder.path) + ending, { force: true });
  copyFileSync(old, databasePath(folder.path));
}

/**
 * Begins to open the store in a process, and kills it `ms` after it said that it does; without `ms` once it said that it is open.
 * @returns all that it had said, and the ms from its first word to its end
 */
async function killAfter(ms?: number): Promise<{ said: string; lived: number }> {
  const process_ = spawn(process.execPath, [child, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => process_.on('close', resolve));
  await expect.poll(() => said, { interval: 1 }).toContain('opening');
  const began = performance.now();
  if (ms === undefined) await expect.poll(() => said, { interval: 1 }).toContain('opened');
  else await sleep(ms);
  process_.kill('SIGKILL');
  await ended;
  return { said, lived: performance.now() - began };
}

interface Found {
  readonly version: number;
  /** Of each table and index how it was made; and of each table what is in it, as a hash. */
  readonly schema: ReadonlyMap<string, string | null>;
  readonly rows: ReadonlyMap<string, string>;
}

/** What is in a file, which must be whole. */
function look(path: string): Found {
  const database = new BetterSqlite3(path);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    const all = database.prepare('SELECT type, name, sql FROM sqlite_schema').all() as Made[];
    const tables = all.filter(({ type }) => type === 'table').map(({ name }) => name);
    return {
      version: Number(database.pragma('user_version', { simple: true })),
      schema: new Map(all.map(({ name, sql }) => [name, sql])),
      rows: new Map(tables.map((table) => [table, rowsOf(database, table)])),
    };
  } finally {
    database.close();
  }
}

interface Made {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

function rowsOf(database: BetterSqlite3.Database, table: string): string {
  // Made by chance: that there is one is all that can be the same.
  const columns = table === 'identity' ? 'length(peer)' : '*';
  const rows = database
    .prepare(`SELECT ${columns} FROM ${table}`)
    .all()
    .map((row) => JSON.stringify(row));
  return `${rows.length} rows, ${createHash('sha256').update(rows.sort().join('\n')).digest('hex')}`;
}

/** Its bookkeeping of the tables that count, such as `sqlite_sequence`, has a row for each that was ever written to. */
const isOurs = ([name]: [string, unknown]): boolean => !name.startsWith('sqlite_');
const ours = <T>(some: ReadonlyMap<string, T>): Record<string, T> =>
  Object.fromEntries([...some].filter(isOurs));

it(
  `${ROUNDS} kills in the midst of it`,
  async () => {
    const before = look(old);
    startOver();
    const unharmed = await openStore({ folder: folder.path });
    await unharmed.idle();
    unharmed.close();
    const wanted = look(databasePath(folder.path));
    // What was in it is in it, and was worth to look for.
    expect(ours(wanted.rows)).toMatchObject(ours(before.rows));
    expect(wanted.rows.get('flows')).toMatch(`${FLOWS + 1} rows`);
    // In a process that has everything still to load: here the same takes a fraction of it.
    startOver();
    const { lived } = await killAfter();
    const seen = new Set<number>();
    let unfinished = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      startOver();
      const { said } = await killAfter((LONGER * lived * round) / ROUNDS);
      if (!said.includes('opened')) unfinished += 1;
      const { version, rows } = look(databasePath(folder.path));
      expect(ours(rows)).toMatchObject(ours(before.rows));
      seen.add(version);
      expect(version).toBeLessThanOrEqual(SCHEMA_VERSION);
      if (said.includes('opened')) expect(version).toBe(SCHEMA_VERSION);
      const store = await openStore({ folder: folder.path });
      try {
        const [incident] = store.incidents();
        expect(incident).toMatchObject({ title: 'Old but gold', revision: 3 });
        const all = { offset: 0, limit: 1, sort: null, order: 'desc', q: '' } as const;
        expect(store.flows(incident?.id ?? '', all).total).toBe(FLOWS + 1);
        await store.idle();
      } finally {
        store.close();
      }
      const after = look(databasePath(folder.path));
      expect(after.version).toBe(SCHEMA_VERSION);
      expect(ours(after.schema)).toEqual(ours(wanted.schema));
      expect(ours(after.rows)).toEqual(ours(wanted.rows));
    }
    // Else nothing was tested.
    expect(unfinished).toBeGreaterThan(ROUNDS / 4);
    expect(seen.size).toBeGreaterThan(1);
    process.stdout.write(
      `${ROUNDS} kills: ${unfinished} before it was open; versions found: ${[...seen].sort().join(', ')}\n`,
    );
  },
  60_000 + ROUNDS * 50_000,
);
