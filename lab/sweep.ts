/**
 * Removes what runs have left: processes, then namespaces, then folders, the run's own folder last, so that a
 * sweep that is itself killed is finished by the next. Runs whose owner is alive are not touched.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { run as runProgram } from '../gateway/linux/program.ts';
import { endProcesses, findProcesses } from './processes.ts';
import { inodeOf, listNamespaces, listRuns, removeRunFolder } from './run-folder.ts';

export interface Swept {
  readonly runs: number;
  readonly namespaces: number;
  readonly processes: number;
}

/** What is left of runs that ended without putting it away. @throws GatewayError where a process does not end, or a namespace cannot be deleted */
export async function sweep(): Promise<Swept> {
  // In this order: a run makes its folder first and removes it last, so no namespace of a living run lacks one.
  const named = new Set(listNamespaces().map(({ id }) => id));
  const found = listRuns();
  const alive = new Set(found.filter((run) => run.alive).map(({ id }) => id));
  const ids = new Set([...named, ...found.map(({ id }) => id)].filter((id) => !alive.has(id)));
  return ids.size === 0 ? { runs: 0, namespaces: 0, processes: 0 } : tearDown(ids);
}

async function tearDown(ids: ReadonlySet<string>): Promise<Swept> {
  const swept = await endRuns(ids);
  for (const run of listRuns()) if (ids.has(run.id)) removeRunFolder(run);
  return swept;
}

/** Processes and namespaces of these runs, not their folders; also how a run ends. @throws GatewayError */
export async function endRuns(ids: ReadonlySet<string>, graceMs?: number): Promise<Swept> {
  const namespacesOf = (): { id: string; name: string }[] => listNamespaces().filter(({ id }) => ids.has(id));
  const find = (): number[] =>
    findProcesses({ namespaces: new Set(namespacesOf().map(({ name }) => inodeOf(name))), runs: ids });
  const processes = await endProcesses(find, graceMs);
  const namespaces = namespacesOf();
  for (const { name } of namespaces) await deleteNamespace(name);
  return { runs: ids.size, namespaces: namespaces.length, processes };
}

async function deleteNamespace(name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await runProgram('ip', ['netns', 'delete', name]);
      return;
    } catch (error) {
      // Another sweep was faster.
      if (!listNamespaces().some((namespace) => namespace.name === name)) return;
      if (attempt === 5) throw error;
      await sleep(100);
    }
  }
}

/** `removed what an earlier run left: 5 namespaces, 9 processes, 1 folder`, or null. */
export function describeSwept({ runs, namespaces, processes }: Swept): string | null {
  if (runs === 0) return null;
  const count = (n: number, word: string): string =>
    `${n} ${word}${n === 1 ? '' : word.endsWith('s') ? 'es' : 's'}`;
  return `removed what ${runs === 1 ? 'an earlier run' : `${runs} earlier runs`} left: ${count(namespaces, 'namespace')}, ${count(processes, 'process')}`;
}
