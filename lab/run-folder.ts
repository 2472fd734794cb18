/**
 * A run's id and folder. The folder's name says whose it is, so that there is no moment at which it stands
 * without an owner: `<id>-<pid>-<start time>`. It is made before anything else of the run and removed
 * last; whatever else a run makes is in its namespaces, in this folder, or named in it.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { startTimeOf } from '../gateway/linux/process-time.ts';
import { HOSTS, type HostName } from './scenario.ts';

/** Beside the namespaces' own folder, which is the same for all of the machine. */
export const RUNS = '/run/stallscope-lab';
export const NETNS = '/run/netns';

export interface RunFolder {
  readonly id: string;
  readonly path: string;
}

const NAME = /^([0-9a-f]{6})-(\d+)-(\d+)$/;
const NAMESPACE = new RegExp(`^stallscope-([0-9a-f]{6})-(?:${HOSTS.join('|')})$`);

export const namespaceOf = (id: string, host: HostName): string => `stallscope-${id}-${host}`;

/** Of this process. @throws the system's error where it may not write there */
export function createRunFolder(): RunFolder {
  const taken = new Set([...listRuns().map((run) => run.id), ...listNamespaces().map(({ id }) => id)]);
  let id: string;
  do id = randomBytes(3).toString('hex');
  while (taken.has(id));
  const folder = path.join(RUNS, `${id}-${process.pid}-${startTimeOf(process.pid)}`);
  // Whoever removes the last run removes the folder of all.
  mkdirSync(folder, { mode: 0o755, recursive: true });
  return { id, path: folder };
}

export interface FoundRun extends RunFolder {
  readonly alive: boolean;
}

/** Nothing else in that folder is looked at. */
export function listRuns(): FoundRun[] {
  if (!existsSync(RUNS)) return [];
  return readdirSync(RUNS).flatMap((name) => {
    const [, id, pid, started] = NAME.exec(name) ?? [];
    if (id === undefined) return [];
    return [{ id, path: path.join(RUNS, name), alive: startTimeOf(Number(pid)) === started }];
  });
}

/** The lab's, of all runs. */
export function listNamespaces(): { id: string; name: string }[] {
  if (!existsSync(NETNS)) return [];
  return readdirSync(NETNS).flatMap((name) => {
    const id = NAMESPACE.exec(name)?.[1];
    return id === undefined ? [] : [{ id, name }];
  });
}

/** By which the kernel knows the namespace; -1 where it is gone. */
export function inodeOf(name: string): number {
  try {
    return statSync(path.join(NETNS, name)).ino;
  } catch {
    return -1;
  }
}

const OUTPUT = 'output';

/** Makes the folder that results are collected in, and notes it first, so that nothing of it can stay behind. */
export function createPartialOutput(run: RunFolder, folder: string): void {
  writeFileSync(path.join(run.path, OUTPUT), folder);
  mkdirSync(folder, { recursive: true });
}

/** The run's folder and its output, where that is not whole. */
export function removeRunFolder(run: RunFolder): void {
  const note = path.join(run.path, OUTPUT);
  if (existsSync(note)) {
    const partial = readFileSync(note, 'utf8');
    // A note that was cut off names something else.
    if (partial.endsWith(partialSuffix(run.id))) rmSync(partial, { recursive: true, force: true });
  }
  rmSync(run.path, { recursive: true, force: true });
  try {
    rmdirSync(RUNS);
  } catch {
    // Other runs are in it.
  }
}

export const partialSuffix = (id: string): string => `.${id}.partial`;
