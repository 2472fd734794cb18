/** What is found in the data folder when it is opened: nothing, an older database, a newer one, a damaged one, another process. */
import { execFileSync } from 'node:child_process';
import {
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection, loadPackage } from './connection.ts';
import { SCHEMA_VERSION, schemaOf } from './migrations.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { databasePath } from './places.ts';
import {
  chunksOf,
  smallPcap,
  storeReport,
  type TemporaryFolder,
  temporaryFolder,
  testReport,
} from './test-store.ts';

const VERSION_1 = readFileSync(new URL('./version-1.sql', import.meta.url), 'utf8');

let folder: TemporaryFolder;
let opened: OpenStore[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  for (const store of opened) store.close();
  opened = [];
  folder.remove();
});

async function open(): Promise<OpenStore> {
  const store = await openStore({ folder: folder.path });
  opened.push(store);
  return store;
}

function closeAll(): void {
  for (const store of opened.splice(0)) store.close();
}

const failure = (code: string, text = '') =>
  expect.objectContaining({
    code,
    message: expect.stringContaining(text),
    hint: expect.stringMatching(/\w/),
  });

/** The database as another program left it. */
function withDatabase(work: (database: BetterSqlite3.Database) => void): void {
  const database = new BetterSqlite3(databasePath(folder.path));
  work(database);
  database.close();
}

async function storeOfSomething(): Promise<string> {
  const store = await open();
  const { id } = store.createIncident('kept');
  await store.addFile(id, { name: 'a.pcap', vantage: null, mostBytes: 1000 }, chunksOf(smallPcap()));
  await storeReport(store, id, testReport(3000), [200]);
  await store.idle();
  closeAll();
  return id;
}

describe('a database of version 1', () => {
  it('is brought to this version with all that is in it', async () => {
    withDatabase((database) => database.exec(VERSION_1));
    const store = await open();
    const [incident] = store.incidents();
    expect(incident).toMatchObject({
      title: 'Old but gold',
      revision: 3,
      headline: 'One flow hung.',
      flows: 1,
    });
    const id = incident?.id ?? '';
    expect(store.flows(id, { offset: 0, limit: 9, sort: null, order: 'desc', q: 'outcome:hung' }).total).toBe(
      1,
    );
    expect(store.flow(id, 'f0123456789')).toMatchObject({ index: 0, journeys: 0 });
    expect(store.journeys(id, 'f0123456789', { from: 0, to: 1e15, limit: 9 }).total).toBe(0);
    expect(store.peer).toMatch(/^[0-9a-f]{16}$/);
    expect(store.deliveries.waiting()).toEqual([]);
    const pin = store.addPin(id, { target: 'flow:f0123456789', at: null, title: 'it', note: '' });
    expect(store.pins(id)).toEqual([pin]);
    closeAll();
    withDatabase((database) => {
      expect(database.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION);
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(database.pragma('foreign_key_check')).toEqual([]);
    });
  });

  it('has the same schema then as one that is new', async () => {
    const schema = (): string => {
      let found = '';
      withDatabase((database) => {
        found = comparableSchema(database);
      });
      return found;
    };
    await open();
    closeAll();
    const fresh = schema();
    folder.remove();
    folder = temporaryFolder();
    withDatabase((database) => database.exec(VERSION_1));
    await open();
    closeAll();
    expect(schema()).toBe(fresh);
  });

  it('stays one when the step breaks off', async () => {
    withDatabase((database) => {
      database.exec(VERSION_1);
      // The second step wants to make this.
      database.exec('CREATE TABLE journey_pages (x)');
    });
    await expect(open()).rejects.toThrow('journey_pages already exists');
    withDatabase((database) => {
      expect(database.pragma('user_version', { simple: true })).toBe(1);
      expect(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'pins'").get()).toBeUndefined();
      database.exec('DROP TABLE journey_pages');
    });
    await open();
  });
});

it('version 1 of the steps is what was released as version 1', () => {
  const comparable = (sql: string): string => {
    const database = new BetterSqlite3(':memory:');
    database.exec(sql);
    return comparableSchema(database);
  };
  expect(comparable(schemaOf(1))).toBe(comparable(VERSION_1));
});

describe('a data folder that cannot be used', () => {
  it('says that its database is newer, and is left as it is', async () => {
    await storeOfSomething();
    withDatabase((database) => database.pragma('user_version = 99'));
    const before = readFileSync(databasePath(folder.path));
    await expect(open()).rejects.toEqual(failure('newer-database', 'version 99'));
    expect(readFileSync(databasePath(folder.path)).equals(before)).toBe(true);
  });

  it('says that the database is of another program, and is left as it is', async () => {
    withDatabase((database) => database.exec('CREATE TABLE theirs (x); PRAGMA user_version = 1'));
    const before = readFileSync(databasePath(folder.path));
    await expect(open()).rejects.toEqual(failure('damaged-database', 'no database of Stallscope'));
    expect(readFileSync(databasePath(folder.path)).equals(before)).toBe(true);
  });

  it.each([
    ['text in its place', (path: string) => writeFileSync(path, 'This is my shopping list.'.repeat(200))],
    ['its middle overwritten', (path: string) => overwrite(path, 4096, 0.9)],
    ['its head overwritten', (path: string) => overwrite(path, 20, 0.01)],
    ['half of it', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096)],
  ])('says that the database is damaged: %s', async (_what, damage) => {
    await storeOfSomething();
    damage(databasePath(folder.path));
    await expect(open()).rejects.toEqual(failure('damaged-database'));
    // And lets go of it.
    await expect(open()).rejects.toEqual(failure('damaged-database'));
  });

  it('says that the database is missing, and keeps the captures until it is back', async () => {
    await storeOfSomething();
    const path = databasePath(folder.path);
    const saved = readFileSync(path);
    const files = join(folder.path, 'files');
    const before = readdirSync(files, { recursive: true });
    expect(before.length).toBeGreaterThan(0);
    rmSync(path);
    await expect(open()).rejects.toEqual(failure('damaged-database', 'is missing'));
    expect(readdirSync(files, { recursive: true })).toEqual(before);
    writeFileSync(path, saved);
    const store = await open();
    expect(store.totals().incidents).toBeGreaterThan(0);
    store.close();
    expect(readdirSync(files, { recursive: true })).toEqual(before);
  });

  it('says that another process uses it, until that is gone', async () => {
    await open();
    await expect(open()).rejects.toEqual(failure('data-in-use', folder.path));
    closeAll();
    await open();
  });

  it('is in use by a process, not by what a process left', async () => {
    const code = `
      const Database = require('better-sqlite3');
      const lock = new Database(${JSON.stringify(join(folder.path, 'stallscope.lock'))});
      lock.pragma('journal_mode = MEMORY');
      lock.exec('BEGIN EXCLUSIVE');
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['-e', code], { stdio: 'ignore' })).toThrow();
    await open();
  });
});

describe('the database package', () => {
  it('that is missing is named, with what to do', async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'better-sqlite3' imported from x"));
    await expect(loadPackage(missing)).rejects.toEqual(failure('no-database-package', 'Cannot find package'));
    await expect(loadPackage(missing)).rejects.toMatchObject({
      hint: expect.stringContaining('npm install'),
    });
  });

  it('that is there without its native part says so', async () => {
    class Broken {
      constructor() {
        throw new Error('Could not locate the bindings file. Tried:\n → build/better_sqlite3.node');
      }
    }
    const load = () => Promise.resolve({ default: Broken as unknown as typeof BetterSqlite3 });
    await expect(loadPackage(load)).rejects.toEqual(failure('no-database-package', 'bindings file'));
  });
});

it('room on the disk comes back when an incident is deleted', async () => {
  const id = await storeOfSomething();
  const size = (): number =>
    readdirSync(folder.path)
      .filter((name) => name.startsWith('stallscope.db'))
      .reduce((all, name) => all + statSync(join(folder.path, name)).size, 0);
  const before = size();
  const store = await open();
  store.deleteIncident(id);
  await store.idle();
  expect(before).toBeGreaterThan(4_000_000);
  expect(size()).toBeLessThan(400_000);
});

it('two connections see each other only after a commit', async () => {
  await storeOfSomething();
  const Database = await loadPackage();
  const [writer, reader] = [0, 1].map(() => new Connection(Database, databasePath(folder.path)));
  const titles = (): unknown[] => reader?.all('SELECT title FROM incidents') ?? [];
  writer?.write(() => {
    writer.run("UPDATE incidents SET title = 'new'");
    expect(titles()).toEqual([{ title: 'kept' }]);
  });
  expect(titles()).toEqual([{ title: 'new' }]);
  writer?.close();
  reader?.close();
});

/** From a share of the file on. */
function overwrite(path: string, bytes: number, from: number): void {
  const handle = openSync(path, 'r+');
  const at = Math.floor((statSync(path).size * from) / 4096) * 4096;
  for (let page = 0; page < 3; page += 1)
    writeSync(handle, new Uint8Array(bytes).fill(0xa5), 0, bytes, at + page * 4096);
}

/** Without spaces and comments. */
function comparableSchema(database: BetterSqlite3.Database): string {
  const rows = database.prepare<[], { name: string; sql: string | null }>(
    'SELECT name, sql FROM sqlite_schema ORDER BY name',
  );
  return rows
    .all()
    .map(({ name, sql }) => `${name}: ${(sql ?? '').replace(/--.*|\s/g, '')}`)
    .join('\n');
}

describe('a database whose file is taken away while it is open', () => {
  const GONE = /the database file was taken away/;

  it.each([
    ['deleted', () => {}],
    ['replaced', () => writeFileSync(databasePath(folder.path), '')],
  ])('%s: answers, is not well, and acknowledges nothing', async (_how, replace) => {
    const store = await open();
    const { id } = store.createIncident('before');
    store.check();
    rmSync(databasePath(folder.path));
    replace();
    expect(store.incidents()).toHaveLength(1);
    for (const change of [
      () => store.check(),
      () => store.createIncident('after'),
      () => store.changeIncident(id, { title: 'other' }),
      () => store.changeIncident(id, { keep: null }),
      () => store.deleteIncident(id),
    ])
      expect(change).toThrow(GONE);
    expect(store.incidents()).toMatchObject([{ title: 'before' }]);
  });
});
