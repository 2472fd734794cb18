/**
 * Who runs: processes by id and start time, those inside network namespaces, and those that carry the mark
 * of a run in their environment. The trap: ids are used again, so an id alone proves nothing, and a
 * process that has just been forked is not in its namespace yet; its mark is already there.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { startTimeOf } from '../gateway/linux/process-time.ts';

/** The variable that every process of a run has, with the run's id. */
export const RUN_MARK = 'STALLSCOPE_LAB_RUN';

export interface Search {
  /** Inode numbers of network namespaces. */
  readonly namespaces: ReadonlySet<number>;
  /** Ids of runs, as the mark names them. */
  readonly runs: ReadonlySet<string>;
}

/**
 * All that has the mark of one of the runs, or is inside one of the namespaces and has no other run's mark; without
 * runs, all that is inside. Never this process.
 * The trap: the inode number of a namespace that is deleted is the next one's, so that of two sweeps at once the slower
 * one would find another run's processes by it.
 */
export function findProcesses({ namespaces, runs }: Search): number[] {
  const isOf = (pid: number): boolean => {
    const mark = markOf(pid);
    if (mark !== null && runs.size > 0) return runs.has(mark);
    return isInside(pid, namespaces);
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOf(pid))
    .filter((pid) => startTimeOf(pid) !== null);
}

/** These and all that they started, and so on. */
export function descendantsOf(pids: readonly number[]): Set<number> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = new Set(pids);
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return found;
}

/** Null where it has ended. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name, which may hold anything: state, parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function isInside(pid: number, namespaces: ReadonlySet<number>): boolean {
  try {
    const found = /\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`));
    return namespaces.has(Number(found?.[1]));
  } catch {
    return false;
  }
}

/** Null where it has none, or where its environment may not be read. */
function markOf(pid: number): string | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return environment.find((entry) => entry.startsWith(`${RUN_MARK}=`))?.slice(RUN_MARK.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** What a program is given to put its things away. */
const TERM_MS = 2000;
/**
 * A process that is killed is gone as soon as it leaves the kernel. It may wait there for the lock of all network
 * configuration, which whoever removes namespaces holds for seconds on a busy machine.
 */
const KILL_MS = 40_000;

/**
 * Ends all that `find` finds, again and again until it finds none: TERM first, KILL after 2 s. @returns how many
 * @throws GatewayError where one does not end
 */
export async function endProcesses(find: () => number[], graceMs = TERM_MS): Promise<number> {
  const ended = new Set<number>();
  const began = performance.now();
  for (;;) {
    const left = find();
    const took = performance.now() - began;
    if (left.length === 0) return ended.size;
    if (took > graceMs + KILL_MS)
      throw new GatewayError(`process ${left.join(', ')} does not end, although it is killed`);
    for (const pid of left) {
      if (took >= graceMs) signal(pid, 'SIGKILL');
      else if (!ended.has(pid)) signal(pid, 'SIGTERM');
      ended.add(pid);
    }
    await sleep(25);
  }
}

/** Harmless where it has ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}
