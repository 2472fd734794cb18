/**
 * A disk that takes no more: what is said of it, and when writing is tried again.
 * The trap: on a disk that is nearly full there is always room for the first bytes of a file. If no more were asked for, a
 * file a second would begin and be cut.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { CollectorEvent } from '../words.ts';

/** Refused because there is no room, so that room would help. EDQUOT is a user's share of the disk. */
const WANT_OF_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/** Bytes that must find room before a new file is begun. */
export const ROOM = 4_000_000;
const RETRY_MS = 1000;
/** A file of a ring's folder. */
const PROBE = '.room';

export interface DiskTrouble {
  /** Nothing is written since then. */
  readonly since: bigint;
  readonly why: string;
  readonly error: NodeJS.ErrnoException;
  /** ms of a clock that only goes on. */
  retryAt: number;
}

export function createTrouble(error: NodeJS.ErrnoException, since: bigint, now: number): DiskTrouble {
  const code = error.code ?? error.message;
  const why = wantsRoom(error) ? `the disk was full (${code})` : `the disk took no data (${code})`;
  return { since, why, error, retryAt: now + RETRY_MS };
}

export const wantsRoom = (error: NodeJS.ErrnoException): boolean => WANT_OF_ROOM.has(error.code ?? '');

export function explainTrouble({ error }: DiskTrouble, folder: string): CollectorEvent {
  const what = `captures cannot be written to ${folder}: ${error.message}`;
  const first = wantsRoom(error) ? 'make room there, or lower --keep' : 'look at that disk and its folder';
  const hint = `${first}; what is lost meanwhile is counted, and writing goes on by itself`;
  return { event: 'trouble', what, hint };
}

/** Whether it is time to try, and there is room where that was wanted; `makeRoom` is asked for it. */
export function mayRetry(
  trouble: DiskTrouble,
  folder: string,
  now: number,
  makeRoom: () => boolean,
): boolean {
  if (now < trouble.retryAt) return false;
  trouble.retryAt = now + RETRY_MS;
  // Somebody may have removed it.
  if (trouble.error.code === 'ENOENT') makeFolder(folder);
  if (!wantsRoom(trouble.error)) return true;
  return hasRoom(folder) || (makeRoom() && hasRoom(folder));
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // Writing will tell.
  }
}

/** Tries it: what is free of a disk says nothing of a user's share. */
function hasRoom(folder: string): boolean {
  const probe = path.join(folder, PROBE);
  try {
    fs.writeFileSync(probe, new Uint8Array(ROOM), { mode: 0o600 });
    return true;
  } catch {
    return false;
  } finally {
    removeProbe(folder);
  }
}

/** Also what a killed process left. Never throws. */
export function removeProbe(folder: string): void {
  try {
    fs.rmSync(path.join(folder, PROBE), { force: true });
  } catch {
    // The next probe writes over it.
  }
}
