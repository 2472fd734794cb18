/**
 * A process that brings a database of version 1 to this version is killed at moments that nobody chooses. Whatever it came to,
 * the file is whole, and the next start has all that was in it.
 */
import { spawn } from 'node:child_process';
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
/** Rows of each old table that has an incident: so much that a step takes a while. */
const FLOWS = 20_000;

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

/** Many copies of the one flow, each under an id of its own. */
function multiply(database: BetterSqlite3.Database): void {
  const columns = (database.pragma('table_info(flows)') as { name: string }[]).map(({ name }) => name);
  const values = columns.map((name) => (name === 'id' ? "'f' || n" : name === 'number' ? 'n' : name));
  database.exec(`WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${FLOWS})
    INSERT INTO flows (${columns.join()}) SELECT ${values.join()} FROM counter, (SELECT * FROM flows LIMIT 1)`);
}

function startOver(): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(databasePath(folder.path) + ending, { force: true });
  copyFileSync(old, databasePath(folder.path));
}

/** @returns what it had said, and how long after `opening` it was killed */
async function killAfter(ms: number): Promise<string> {
  const process_ = spawn(process.execPath, [child, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => process_.on('close', resolve));
  await expect.poll(() => said, { interval: 1 }).toContain('opening');
  await sleep(ms);
  process_.kill('SIGKILL');
  await ended;
  return said;
}

function versionOf(): number {
  const database = new BetterSqlite3(databasePath(folder.path));
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    return Number(database.pragma('user_version', { simple: true }));
  } finally {
    database.close();
  }
}

it(
  `${ROUNDS} kills in the midst of it`,
  async () => {
    startOver();
    const began = performance.now();
    (await openStore({ folder: folder.path })).close();
    const whole = performance.now() - began;
    const seen = new Set<number>();
    let unfinished = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      startOver();
      const said = await killAfter((whole * round) / ROUNDS);
      if (!said.includes('opened')) unfinished += 1;
      const version = versionOf();
      seen.add(version);
      expect(version).toBeLessThanOrEqual(SCHEMA_VERSION);
      if (said.includes('opened')) expect(version).toBe(SCHEMA_VERSION);
      const store = await openStore({ folder: folder.path });
      try {
        const [incident] = store.incidents();
        expect(incident).toMatchObject({ title: 'Old but gold', revision: 3 });
        const all = { offset: 0, limit: 1, sort: null, order: 'desc', q: '' } as const;
        expect(store.flows(incident?.id ?? '', all).total).toBe(FLOWS + 1);
      } finally {
        store.close();
      }
      expect(versionOf()).toBe(SCHEMA_VERSION);
    }
    // Else nothing was tested.
    expect(unfinished).toBeGreaterThan(ROUNDS / 4);
    expect(seen.size).toBeGreaterThan(1);
  },
  20 * 60_000,
);
