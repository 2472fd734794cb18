/**
 * The folder of a running node: its lock, its socket, rendered files. One process has it at a time.
 * The trap: a process that was killed leaves its lock and its daemons, and its pid may be another's by now.
 * So a process is known by its pid and the time it started (proc(5), `stat`, field 22), and a daemon
 * by its name and a file of this folder in its command line.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const cleaned: string[] = [];
  if (!takeLock(lock)) {
    const holder = readLock(lock);
    if (holder !== null && startTimeOf(holder.pid) === holder.started) throw inUse(folder, holder.pid);
    cleaned.push(`an earlier process${holder === null ? '' : ` (${holder.pid})`} did not end by itself`);
    rmSync(lock, { force: true });
    // Of two that find the same old lock, one makes the new one.
    if (!takeLock(lock)) throw inUse(folder, readLock(lock)?.pid ?? 0);
  }
  for (const name of readdirSync(own)) {
    if (name !== LOCK) cleaned.push(`left in ${folder}: ${name}`);
  }
  for (const daemon of daemonsOf(own)) cleaned.push(await endDaemon(daemon));
  for (const name of readdirSync(own))
    if (name !== LOCK) rmSync(path.join(own, name), { recursive: true, force: true });
  return {
    path: own,
    cleaned,
    remove: () => {
      try {
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

/** False where it is there already. */
function takeLock(lock: string): boolean {
  try {
    const holder = { pid: process.pid, started: startTimeOf(process.pid) };
    writeFileSync(lock, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new GatewayError(`stateFolder: ${lock} cannot be written (${codeOf(error)})`, '', { cause: error });
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
