/**
 * The folder of a running node: its lock, its socket, rendered files. One process has it at a time.
 * The trap: a process that was killed leaves its lock and its daemons, and its pid may be another's by now.
 * So a process is known by its pid and the time it started (proc(5), `stat`, field 22), and a daemon
 * by its name and a file of this folder in its command line.
 */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { GatewayError } from './forwarder.ts';
import { startTimeOf } from './process-time.ts';

/** What a node starts, and what goes on if the node is killed. */
const DAEMONS: readonly string[] = ['conntrackd', 'keepalived'];
const LOCK = 'node.json';
/** ms; then it is ended without being asked. */
const PATIENCE = 2000;

const lockSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

export interface StateFolder {
  readonly path: string;
  /** What an earlier process left and was put away: sentences. */
  readonly cleaned: readonly string[];
  /** Removes it with all that is in it. Never throws. */
  remove(): void;
}

/**
 * Makes it this process's own, and puts away what a killed one left in it.
 * @throws GatewayError where another process has it, or it cannot be made
 */
export async function openStateFolder(folder: string): Promise<StateFolder> {
  const own = path.resolve(folder);
  const lock = path.join(own, LOCK);
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new GatewayError(`stateFolder: ${folder} cannot be made (${codeOf(error)})`, '', { cause: error });
  }
  // What is in a folder without a lock is somebody's: it would be emptied below.
  const [stranger] = existsSync(lock) ? [] : readdirSync(own).filter((name) => !isLock(name));
  if (stranger !== undefined)
    throw new GatewayError(
      `stateFolder: ${folder} holds what is no node’s: ${stranger}`,
      'it is emptied, so name a folder that is not there yet',
    );
  chmodSync(own, 0o700);
  const cleaned: string[] = [];
  if (!takeLock(lock)) {
    const holder = readLock(lock);
    if (holder !== null && startTimeOf(holder.pid) === holder.started) throw inUse(folder, holder.pid);
    cleaned.push(`an earlier process${holder === null ? '' : ` (${holder.pid})`} did not end by itself`);
    if (!dropLock(lock, holder) || !takeLock(lock)) throw inUse(folder, readLock(lock)?.pid ?? 0);
  }
  for (const name of readdirSync(own)) {
    if (!isLock(name)) cleaned.push(`left in ${folder}: ${name}`);
  }
  for (const daemon of daemonsOf(own)) cleaned.push(await endDaemon(daemon));
  const empty = (): void => {
    for (const name of readdirSync(own))
      if (!isLock(name)) rmSync(path.join(own, name), { recursive: true, force: true });
  };
  empty();
  return {
    path: own,
    cleaned,
    remove: () => {
      try {
        empty(); // the lock last: without it, the rest would be a stranger's
        rmSync(own, { recursive: true, force: true });
      } catch {
        // The next start empties it.
      }
    },
  };
}

interface Daemon {
  readonly pid: number;
  readonly program: string;
  readonly started: string;
}

function daemonsOf(folder: string): Daemon[] {
  const found: Daemon[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const [command = '', ...args] = commandLine(pid);
    const program = path.basename(command);
    if (!DAEMONS.includes(program) || !args.some((word) => word.includes(`${folder}/`))) continue;
    const started = startTimeOf(pid);
    if (started !== null) found.push({ pid, program, started });
  }
  return found;
}

async function endDaemon({ pid, program, started }: Daemon): Promise<string> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      break; // it has just ended
    }
    for (const end = Date.now() + PATIENCE; Date.now() < end && startTimeOf(pid) === started; )
      await sleep(20);
    if (startTimeOf(pid) !== started) break;
  }
  return `ended ${program} (${pid}), which an earlier process had started`;
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** The lock, and what a process makes of it under a name of its own. */
const isLock = (name: string): boolean => name.startsWith(LOCK);

/** False where it is there already. It is whole from the first moment on: nobody may read half of one. */
function takeLock(lock: string): boolean {
  const own = `${lock}.${process.pid}`;
  try {
    const holder = { pid: process.pid, started: startTimeOf(process.pid) };
    writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new GatewayError(`stateFolder: ${lock} cannot be written (${codeOf(error)})`, '', { cause: error });
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Of two that find the same old lock, one gets it away. The other gets nothing, or the new lock of the first, and puts
 * that back. False for the other.
 */
function dropLock(lock: string, holder: z.infer<typeof lockSchema> | null): boolean {
  const away = `${lock}.old.${process.pid}`;
  try {
    renameSync(lock, away);
    const found = readLock(away);
    const isOld = found?.pid === holder?.pid && found?.started === holder?.started;
    if (!isOld) linkSync(away, lock);
    return isOld;
  } catch {
    return false;
  } finally {
    rmSync(away, { force: true });
  }
}

function readLock(lock: string): z.infer<typeof lockSchema> | null {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(lock, 'utf8')));
  } catch {
    return null; // killed between making and writing it
  }
}

const inUse = (folder: string, pid: number): GatewayError =>
  new GatewayError(
    `stateFolder: ${folder} is in use by a node that runs (pid ${pid})`,
    'one process a node: end that one, or name another folder',
  );

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
