/** Deleting is how a full disk gets room: it works there, and gives the room back. A small tmpfs stands for the disk. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../http/test-server.ts';
import { ServerError } from '../server-error.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { databasePath, filePath, incidentFolder, reservePath } from './places.ts';
import { chunksOf, smallPcap, storeReport, testReport } from './test-store.ts';

const MB = 1_000_000;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Unmounted when the test is over. */
function smallDisk(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'stallscope-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'stallscope-test', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return folder;
}

/** With somebody else's data, up to the last byte, and with nothing of SQLite's log that could be written over. */
function fill(folder: string): string {
  const database = new BetterSqlite3(databasePath(folder));
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  const file = join(folder, 'filler');
  const fd = openSync(file, 'a');
  try {
    for (;;) writeSync(fd, new Uint8Array(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(fd);
  }
  expect(freeOf(folder)).toBe(0);
  return file;
}

function freeOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

async function openOn(disk: string): Promise<OpenStore> {
  const store = await openStore({ folder: disk });
  onTestFinished(() => store.close());
  await store.idle();
  return store;
}

/** With a capture of so many bytes, and a result of so many flows. */
async function incidentOf(store: OpenStore, bytes: number, flows: number) {
  const { id } = store.createIncident();
  const pcap = new Uint8Array(bytes);
  pcap.set(smallPcap());
  const file = { name: 'a.pcap', vantage: null, mostBytes: bytes };
  const { id: capture } = await store.addFile(id, file, chunksOf(pcap));
  if (flows > 0) await storeReport(store, id, testReport(flows));
  await store.idle();
  return { id, capture };
}

describe.skipIf(!isRoot)('a disk that is full (needs root, for a small disk of its own)', () => {
  it('gets the room of an incident that is deleted: of its captures at once, of its result soon', async () => {
    const disk = smallDisk(64 * MB);
    const server = await startTestServer({ folder: disk, limits: { freeBytes: 0 } });
    onTestFinished(() => server.end());
    const store = server.store as OpenStore;
    await store.idle();
    const small = await incidentOf(store, 3 * MB, 0);
    const large = await incidentOf(store, 1000, 1000);
    fill(disk);
    const result = statSync(databasePath(disk)).size;
    expect(result).toBeGreaterThan(1.5 * MB);
    expect(() => store.createIncident()).toThrow('the disk is full');
    expect(await server.ask('DELETE', `/api/incidents/${small.id}`)).toMatchObject({ status: 204 });
    await store.idle();
    // And the reserve is there again.
    expect(existsSync(reservePath(disk))).toBe(true);
    expect(freeOf(disk)).toBeGreaterThan(2.5 * MB);
    fill(disk);
    expect(await server.ask('DELETE', `/api/incidents/${large.id}/files/${large.capture}`)).toMatchObject({
      status: 204,
    });
    await store.idle();
    fill(disk);
    expect(await server.ask('DELETE', `/api/incidents/${large.id}`)).toMatchObject({ status: 204 });
    expect(await server.ask('GET', '/api/incidents')).toMatchObject({ json: { incidents: [] } });
    await store.idle();
    expect(freeOf(disk)).toBeGreaterThan(result - MB);
  });

  it('gets it from a result alone, by the reserve, which is made again of the room', async () => {
    const disk = smallDisk(64 * MB);
    const store = await openOn(disk);
    const { id } = await incidentOf(store, 1000, 1000);
    fill(disk);
    store.deleteIncident(id);
    expect(existsSync(reservePath(disk))).toBe(false);
    await store.idle();
    expect(existsSync(reservePath(disk))).toBe(true);
    expect(freeOf(disk)).toBeGreaterThan(1 * MB);
  });

  it('without a reserve gets it from the captures, which go first', async () => {
    const disk = smallDisk(16 * MB);
    const store = await openOn(disk);
    expect(existsSync(reservePath(disk))).toBe(false);
    const one = await incidentOf(store, 1 * MB, 10);
    const other = await incidentOf(store, 1 * MB, 10);
    fill(disk);
    store.deleteFile(one.id, one.capture);
    expect(store.incidentDetail(one.id)).toMatchObject({ files: 0, state: 'empty' });
    fill(disk);
    store.deleteIncident(other.id);
    await store.idle();
    expect(store.incidents().map(({ id }) => id)).toEqual([one.id]);
    expect(existsSync(incidentFolder(disk, other.id))).toBe(false);
    expect(freeOf(disk)).toBeGreaterThan(0.8 * MB);
  });

  it('that gets none from it says what is gone, what is not and what to do; the next start, with room, agrees', async () => {
    const disk = smallDisk(16 * MB);
    const store = await openStore({ folder: disk });
    const { id, capture } = await incidentOf(store, 1000, 10);
    const filler = fill(disk);
    const refused = new ServerError(
      'disk-full',
      'the disk is full: the files are deleted, but not what was found in them',
      'free 1 MiB on the disk of the data folder by other means, and delete it again',
    );
    expect(() => store.deleteIncident(id)).toThrow(refused);
    expect(existsSync(filePath(disk, id, capture))).toBe(false);
    rmSync(filler);
    store.close();
    const again = await openOn(disk);
    expect(again.incident(id)).toMatchObject({ files: 0, state: 'empty' });
    again.deleteIncident(id);
    expect(again.incidents()).toEqual([]);
  });

  it('is opened, for somebody who wants to delete', async () => {
    const disk = smallDisk(64 * MB);
    const store = await openStore({ folder: disk });
    const { id } = await incidentOf(store, 1000, 10);
    store.close();
    fill(disk);
    const again = await openOn(disk);
    expect(again.incident(id)).toMatchObject({ files: 1 });
    again.deleteIncident(id);
    expect(again.incidents()).toEqual([]);
  });
});
