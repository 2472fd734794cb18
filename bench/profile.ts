/** Where the time of one run goes: the functions that a CPU profile of Node found busiest. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ours } from './programs.ts';

const SHOWN = 25;

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Lines of `ms  share  function file:line`, busiest first. */
export function profile(captures: readonly string[], folder: string): string[] {
  const into = path.join(folder, 'profile');
  rmSync(into, { recursive: true, force: true });
  const [node, ...args] = ours(...captures);
  spawnSync(node, ['--cpu-prof', `--cpu-prof-dir=${into}`, ...args], { stdio: 'ignore' });
  const name = readdirSync(into).find((entry) => entry.endsWith('.cpuprofile'));
  if (name === undefined) return ['Node left no profile.'];
  return busiest(JSON.parse(readFileSync(path.join(into, name), 'utf8')) as CpuProfile);
}

function busiest({ nodes, samples, timeDeltas }: CpuProfile): string[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const place = places.get(id) ?? '?';
    micros.set(place, (micros.get(place) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const total = [...micros.values()].reduce((a, b) => a + b, 0);
  return [...micros]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([place, time]) => {
      const share = ((100 * time) / total).toFixed(1);
      return `${(time / 1000).toFixed(0).padStart(6)} ms ${share.padStart(5)} %  ${place}`;
    });
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  return `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}`;
}
