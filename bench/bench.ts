/**
 * Measures the command against its peers: every program once a round, in turn,
 * so that a machine that is busy for a while is busy for all of them. Prints
 * medians, how many times as long as ours each took, and peak memory.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCapture, CAPTURES } from './captures.ts';
import { measure, median, type Run } from './measure.ts';
import { profile } from './profile.ts';
import { findPrograms, OURS, type Program } from './programs.ts';
import { writeTraffic } from './traffic.ts';

/** Kept between runs; a change of the generator needs a new name. */
const FOLDER = '.cache/bench-1';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});
const rounds = Math.max(1, Number(values.rounds) || 1);
const captures = CAPTURES.filter(({ name }) => values.only === undefined || name === values.only);

async function compare(): Promise<void> {
  const { programs, missing } = findPrograms();
  print(
    `${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}`,
  );
  print(`${rounds} rounds, medians${missing.length > 0 ? `; not installed: ${missing.join(', ')}` : ''}\n`);
  print('| capture | program | time | times ours | peak memory |');
  print('|---|---|---:|---:|---:|');
  for (const capture of captures) await compareOn(capture, programs);
}

async function compareOn(capture: BenchCapture, programs: readonly Program[]): Promise<void> {
  const runs = new Map<Program, Run[]>(programs.map((program) => [program, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [program, done] of runs) done.push(await measure(program.command(fileOf(capture))));
  }
  const ours = medianSeconds(runs.get(OURS)!);
  for (const [program, done] of runs) {
    const seconds = medianSeconds(done);
    const cells = [
      capture.name,
      program.name,
      `${seconds.toFixed(2)} s`,
      (seconds / ours).toFixed(1),
      peakOf(done),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
}

const medianSeconds = (runs: readonly Run[]): number => median(runs.map(({ seconds }) => seconds));

function peakOf(runs: readonly Run[]): string {
  const known = runs.flatMap(({ peakMiB }) => (peakMiB === null ? [] : [peakMiB]));
  return known.length === 0 ? '?' : `${Math.round(median(known))} MiB`;
}

function printProfile(capture: BenchCapture): void {
  print(`\n${capture.name}`);
  for (const line of profile(fileOf(capture), FOLDER)) print(line);
}

function fileOf({ name }: BenchCapture): string {
  return path.join(FOLDER, `${name}.pcap`);
}

function makeCapture(capture: BenchCapture): void {
  if (existsSync(fileOf(capture))) return;
  process.stderr.write(`bench: making ${fileOf(capture)} …\n`);
  writeTraffic(fileOf(capture), capture);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

mkdirSync(FOLDER, { recursive: true });
for (const capture of captures) makeCapture(capture);
if (values.profile) for (const capture of captures) printProfile(capture);
else await compare();
