/**
 * A file of no use but its room: SQLite writes to its log before it takes anything away, so on a full disk it cannot delete,
 * and deleting is how a full disk gets room. Then the reserve goes first.
 * The trap: whoever filled the disk may take that room too. Then what is to be deleted makes it: its files go before its rows.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { ServerError } from '../server-error.ts';
import { reservePath } from './places.ts';

/** SQLite's log of 1000 pages, as many of one step of the sweep, and the pages that lead to them. */
export const RESERVE_BYTES = 16 * 1024 ** 2;
/** Other blocks than these are the same only beyond any window of a file system that compresses or finds equal blocks nearby. */
const BLOCK_BYTES = 1024 ** 2;

export class Reserve {
  private readonly folder: string;
  private readonly path: string;

  /** Of a data folder. */
  constructor(folder: string) {
    this.folder = folder;
    this.path = reservePath(folder);
  }

  get isWhole(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.size === RESERVE_BYTES;
  }

  /** Makes it, where the disk has room for it: it goes before whatever comes next. */
  make(): void {
    this.giveUp();
    try {
      const { bavail, bsize } = statfsSync(this.folder);
      if (bavail * bsize >= RESERVE_BYTES) write(this.path);
    } catch {
      // The room went to somebody else meanwhile. A part of it would only be in the way.
      this.giveUp();
    }
  }

  /** @returns whether there was one */
  giveUp(): boolean {
    const isThere = statSync(this.path, { throwIfNoEntry: false }) !== undefined;
    rmSync(this.path, { force: true });
    return isThere;
  }

  /** `work` twice, where the disk is full the first time and there is a reserve. */
  withRoom<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isDiskFull(error) || !this.giveUp()) throw error;
      return work();
    }
  }

  /**
   * Rows, then files, so that a kill in between leaves only what the next start removes; the other way round where there is
   * no other room for it. @throws ServerError `disk-full` where both made none; the files are gone then
   */
  delete(rows: () => void, files: () => void): void {
    try {
      this.withRoom(rows);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      files();
      afterFiles(rows);
      return;
    }
    files();
  }
}

export const isDiskFull = (error: unknown): boolean =>
  error instanceof ServerError && error.code === 'disk-full';

function afterFiles(rows: () => void): void {
  try {
    rows();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new ServerError(
      'disk-full',
      'the disk is full: the files are deleted, but not what was found in them',
      'free 1 MiB on the disk of the data folder by other means, and delete it again',
    );
  }
}

function write(path: string): void {
  const block = randomFillSync(new Uint8Array(BLOCK_BYTES));
  const fd = openSync(path, 'w', 0o600);
  try {
    for (let written = 0; written < RESERVE_BYTES; )
      written += writeSync(fd, block, 0, Math.min(BLOCK_BYTES, RESERVE_BYTES - written));
  } finally {
    closeSync(fd);
  }
}
