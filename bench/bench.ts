/**
 * Measures the command against its peers, and captures of one incident together
 * against each of them alone: every program once a round, in turn, so that a
 * machine that is busy for a while is busy for all of them. Prints medians, how
 * many times as long as ours each took, and peak memory.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCapture, type BenchIncident, CAPTURES, INCIDENTS, TIMELINES } from './captures.ts';
import { writeFailover } from './failover-traffic.ts';
import { measureFlowPages } from './flow-pages.ts';
import { measure, median, type Run } from './measure.ts';
import { VANTAGES, type VantageName } from './path.ts';
import { profile } from './profile.ts';
import { findPrograms, OURS, ours, type Program } from './programs.ts';
import { compareTimeline } from './timeline.ts';
import { writeTraffic } from './traffic.ts';

/** Kept between runs; a change of the generator needs a new name. */
const FOLDER = '.cache/bench-1';
const INCIDENT_SNAPLEN = 96;
/** Bundled by `main.mjs`. */
const TIMELINE_RUN = '.cache/timeline-run.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
    flows: { type: 'boolean', default: false },
  },
});
const rounds = Math.max(1, Number(values.rounds) || 1);
const isWanted = ({ name }: { name: string }): boolean =>
  values.only === undefined || name.startsWith(values.only);
const captures = CAPTURES.filter(isWanted);
const incidents = INCIDENTS.filter(isWanted);
const timelines = TIMELINES.filter(isWanted);

async function compare(): Promise<void> {
  const { programs, missing } = findPrograms();
  print(
    `${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}`,
  );
  print(`${rounds} rounds, medians${missing.length > 0 ? `; not installed: ${missing.join(', ')}` : ''}\n`);
  if (captures.length > 0) {
    print('| capture | program | time | times ours | peak memory |');
    print('|---|---|---:|---:|---:|');
  }
  for (const capture of captures) await compareOn(capture, programs);
  if (incidents.length > 0) {
    print('\n| incident | one by one | together | ratio | peak memory, largest alone | together |');
    print('|---|---:|---:|---:|---:|---:|');
  }
  for (const incident of incidents) await compareTogether(incident);
  for (const capture of timelines) {
    print('');
    for (const line of compareTimeline(TIMELINE_RUN, capture.name, fileOf(capture), rounds)) print(line);
  }
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

/** The captures of one incident, each alone and then all in one run. */
async function compareTogether(incident: BenchIncident): Promise<void> {
  const alone: Run[] = [];
  const together: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    const runs: Run[] = [];
    for (const named of namedCaptures(incident)) runs.push(await measure(ours(named)));
    alone.push({ seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0), peakMiB: largest(runs) });
    together.push(await measure(ours(...namedCaptures(incident))));
  }
  const [one, all] = [medianSeconds(alone), medianSeconds(together)];
  const times = [`${one.toFixed(2)} s`, `${all.toFixed(2)} s`, (all / one).toFixed(1)];
  print(`| ${[incident.name, ...times, peakOf(alone), peakOf(together)].join(' | ')} |`);
}

function largest(runs: readonly Run[]): number | null {
  const known = runs.flatMap(({ peakMiB }) => (peakMiB === null ? [] : [peakMiB]));
  return known.length === 0 ? null : Math.max(...known);
}

const medianSeconds = (runs: readonly Run[]): number => median(runs.map(({ seconds }) => seconds));

function peakOf(runs: readonly Run[]): string {
  const known = runs.flatMap(({ peakMiB }) => (peakMiB === null ? [] : [peakMiB]));
  return known.length === 0 ? '?' : `${Math.round(median(known))} MiB`;
}

function printProfile(name: string, files: readonly string[]): void {
  print(`\n${name}`);
  for (const line of profile(files, FOLDER)) print(line);
}

function fileOf({ name }: BenchCapture): string {
  return path.join(FOLDER, `${name.replaceAll(' ', '-')}.pcap`);
}

function makeCapture(capture: BenchCapture): void {
  if (existsSync(fileOf(capture))) return;
  process.stderr.write(`bench: making ${fileOf(capture)} …\n`);
  writeTraffic(fileOf(capture), capture);
}

function captureOf({ name }: BenchIncident, vantage: VantageName): string {
  return path.join(FOLDER, `${name.replaceAll(/\W+/g, '-')}.${vantage}.pcap`);
}

/** As the command takes them: `node-a.in=FILE`. */
function namedCaptures(incident: BenchIncident): string[] {
  return VANTAGES.map((vantage) => `${vantage}=${captureOf(incident, vantage)}`);
}

function makeIncident(incident: BenchIncident): void {
  if (VANTAGES.every((vantage) => existsSync(captureOf(incident, vantage)))) return;
  process.stderr.write(`bench: making the captures of ${incident.name} …\n`);
  const { translates } = incident;
  writeFailover({ fileOf: (v) => captureOf(incident, v), snaplen: INCIDENT_SNAPLEN, translates }, incident);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measureCommand(): Promise<void> {
  if (captures.length + incidents.length + timelines.length === 0) {
    process.stderr.write(`bench: there is no ${values.only}; see npm run bench -- --help\n`);
    process.exitCode = 2;
    return;
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const capture of [...captures, ...timelines]) makeCapture(capture);
  for (const incident of incidents) makeIncident(incident);
  if (!values.profile) return compare();
  for (const capture of captures) printProfile(capture.name, [fileOf(capture)]);
  for (const incident of incidents) printProfile(incident.name, namedCaptures(incident));
}

await (values.flows ? measureFlowPages(print) : measureCommand());
