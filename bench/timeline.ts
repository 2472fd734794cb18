/**
 * Measures what a timeline costs: the same capture analysed alone and with its lanes, in turn, each in a process of its
 * own; then how long tiles take that are read back from a file. What is said to be the index's is everything beyond the
 * report: recording, sorting, levels, packing, and writing the chunks to a file.
 */
import { execFileSync } from 'node:child_process';
import { median } from './measure.ts';
import type { TimelineRun } from './timeline-run.ts';

/** Lines of two tables. */
export function compareTimeline(program: string, name: string, file: string, rounds: number): string[] {
  const [alone, drawn]: [TimelineRun[], TimelineRun[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(run(program, file, 'report'));
    drawn.push(run(program, file, 'timeline'));
  }
  const middle = (runs: readonly TimelineRun[], of: (run: TimelineRun) => number): number =>
    median(runs.map(of));
  const report = middle(alone, (r) => r.report);
  const whole = middle(drawn, (r) => r.report + (r.index?.seconds ?? 0));
  const last = drawn.at(-1)!;
  const { chunks, bytes, directory } = last.index!;
  const spent = middle(drawn, (r) => r.processor) - middle(alone, (r) => r.processor);
  const memory = (runs: readonly TimelineRun[]): string =>
    `${Math.round(middle(runs, (r) => r.peakMiB))} MiB`;
  const cells = [
    name,
    seconds(report),
    memory(alone),
    seconds(whole),
    memory(drawn),
    seconds(whole - report),
    seconds(spent),
  ];
  return [
    '| capture | report | peak | with timeline | peak | the index | its processor time |',
    '|---|---:|---:|---:|---:|---:|---:|',
    `| ${cells.join(' | ')} |`,
    '',
    `${chunks} chunks of ${mega(bytes)}, directory ${mega(directory)}; of the index ${seconds(middle(drawn, (r) => r.index!.seconds))} come after the report.`,
    `A tile: ${millis(last.tile!)}. The next problem: ${millis(last.nextProblem!)}.`,
  ];
}

function run(program: string, file: string, mode: 'report' | 'timeline'): TimelineRun {
  const output = execFileSync(process.execPath, [program, file, mode], { encoding: 'utf8' });
  return JSON.parse(output) as TimelineRun;
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;
const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const millis = ({ median: middle, p95, most }: NonNullable<TimelineRun['tile']>): string =>
  `${middle.toFixed(1)} ms, 95th percentile ${p95.toFixed(1)} ms, at most ${most.toFixed(1)} ms`;
