/**
 * One collector a folder: two would take each other's unfinished files for what a kill left.
 * The trap: a process that was killed leaves its lock, and its id may be another's by now. So a process is known by its id
 * and the time it started (proc(5), `stat`, field 22).
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CollectorError } from '../words.ts';

const NAME = 'collector.lock';
const holderSchema = z.object({ pid: z.number().int().positive(), started: z.string() });
type Holder = z.infer<typeof holderSchema>;

/** Returns what gives it back. @throws CollectorError where a process that runs has it, or it cannot be written */
export function lockFolder(folder: string): () => void {
  const lock = path.join(folder, NAME);
  if (!take(lock)) {
    const holder = read(lock);
    if (holder !== null && startOf(holder.pid) === holder.started) throw inUse(folder, holder);
    putAway(lock, holder, folder);
    if (!take(lock)) throw inUse(folder, read(lock));
  }
  return () => fs.rmSync(lock, { force: true });
}

/** Of two that find the same old lock, the slower one may have moved the quicker one's new lock: it gives it back. */
function putAway(lock: string, old: Holder | null, folder: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    fs.renameSync(lock, aside);
  } catch {
    return; // somebody else did
  }
  const moved = read(aside);
  if (moved?.pid === old?.pid && moved?.started === old?.started) {
    fs.rmSync(aside, { force: true });
    return;
  }
  fs.renameSync(aside, lock);
  throw inUse(folder, moved);
}

/** False where there is one already. */
function take(lock: string): boolean {
  try {
    const holder = { pid: process.pid, started: startOf(process.pid) };
    fs.writeFileSync(lock, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new CollectorError(
      `the folder cannot be written: ${message}`,
      'see who owns it, and whether its disk is full',
      { cause: error },
    );
  }
}

function read(lock: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(fs.readFileSync(lock, 'utf8')));
  } catch {
    return null; // killed between making and writing it
  }
}

/** In clock ticks since the machine's start; null where there is no such process, or only what is left of it. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; after it come the fields from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

const inUse = (folder: string, holder: Holder | null): CollectorError =>
  new CollectorError(
    `another collector uses the folder ${folder}${holder === null ? '' : ` (pid ${holder.pid})`}`,
    'end it, or name another folder',
  );
