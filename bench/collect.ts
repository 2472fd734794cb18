/**
 * What a collector costs, and whether it loses anything: 100,000 numbered packets a second for 20 s on a veth pair in a namespace of
 * its own, into the files of a collector, and beside it into one of tcpdump alone. Each packet is looked for in the files.
 * The trap: the generator runs on the same cores, and its share is printed. What the interface never took in nobody can capture:
 * the generator counts only what it took.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { DEFAULT_FILTER } from '../collector/config.ts';
import { tcpdumpArguments } from '../collector/engine/tcpdump.ts';
import { bundleOptions } from '../scripts/build.mjs';
import { type Held, readHeld } from './collect-files.ts';
import { median } from './measure.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '100000' },
    size: { type: 'string', default: '200' },
    only: { type: 'string' },
  },
});
const CACHE = path.resolve('.cache/bench-collect');
const NAMESPACE = `stallscope-t${randomBytes(3).toString('hex')}-collect`;
/** As getconf CLK_TCK says on Linux. */
const TICKS = 100;
const WAYS = ['collector', 'tcpdump to a file'] as const;
type Way = (typeof WAYS)[number];

interface Round extends Held {
  readonly sent: number;
  readonly seconds: number;
  /** In cores. */
  readonly collector: number;
  readonly tcpdump: number;
  readonly generator: number;
  /** MiB at most. */
  readonly collectorPeak: number;
  readonly tcpdumpPeak: number;
}

async function measureCollector(): Promise<void> {
  for (const program of ['ip', 'tcpdump'])
    if (process.getuid?.() !== 0 || spawnSync(program, ['-V']).error)
      return fail(`it needs root, and ${program}`);
  await bundle('collect-blaster', 'collect-recorder');
  makeNamespace();
  const stop = (): never => process.exit(130);
  process.once('SIGINT', stop).once('SIGTERM', stop).once('exit', removeNamespace);
  print(`${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, Node ${process.version}`);
  print(`load before: ${loadavg()[0]!.toFixed(1)}; ${values.rounds} rounds of ${values.seconds} s, medians`);
  const rounds = new Map<Way, Round[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round < Math.max(1, Number(values.rounds)); round++)
    for (const way of WAYS) rounds.get(way)!.push(await measureRound(way));
  printRounds(rounds);
  const uncounted = rounds.get('collector')!.map(({ sent, packets, dropped }) => sent - packets - dropped);
  if (uncounted.some((count) => count !== 0)) fail(`neither captured nor counted: ${uncounted.join(', ')}`);
}

async function bundle(...programs: string[]): Promise<void> {
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await build({
    ...bundleOptions(),
    entryPoints: programs.map((program) => `bench/${program}.ts`),
    outdir: CACHE,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
  });
}

function makeNamespace(): void {
  const ip = (words: string): void => void execFileSync('ip', words.split(' '));
  ip(`netns add ${NAMESPACE}`);
  ip(`-n ${NAMESPACE} link add v0 address 02:00:00:00:00:0a type veth peer name v1`);
  for (const device of ['v0', 'v1']) ip(`-n ${NAMESPACE} link set ${device} up`);
}

function removeNamespace(): void {
  spawnSync('ip', ['netns', 'delete', NAMESPACE]);
}

async function measureRound(way: Way): Promise<Round> {
  const folder = path.join(CACHE, 'captures');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const capturing = await startCapture(way, folder);
  const blaster = inNamespace(
    [
      process.execPath,
      path.join(CACHE, 'collect-blaster.mjs'),
      'v1',
      values.rate,
      values.seconds,
      values.size,
    ],
    'inherit',
  );
  const before = capturing.pids.map(readUsage);
  const watch = setInterval(() => {
    generator = readUsage(blaster.pid!)?.seconds ?? generator;
  }, 100);
  let generator = 0;
  const { sent, seconds } = JSON.parse(await allOf(blaster)) as { sent: number; seconds: number };
  clearInterval(watch);
  // It may still be behind; what it needs for that is its share, too.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = capturing.pids.map(readUsage);
  const cores = (i: number): number => ((after[i]?.seconds ?? 0) - (before[i]?.seconds ?? 0)) / seconds;
  const said = await capturing.stop();
  const held = await readHeld(folder, sent);
  const dropped =
    way === 'collector' ? held.dropped : Number(/(\d+) packets dropped by kernel/.exec(said)?.[1]);
  rmSync(folder, { recursive: true });
  return {
    ...held,
    ...{ dropped, sent, seconds, generator: generator / seconds },
    ...{ tcpdump: cores(0), tcpdumpPeak: after[0]?.peak ?? 0 },
    ...{ collector: cores(1), collectorPeak: after[1]?.peak ?? 0 },
  };
}

interface Capturing {
  /** tcpdump, then the collector where there is one. */
  readonly pids: readonly number[];
  /** Resolves when it has ended, with its standard error. */
  stop(): Promise<string>;
}

async function startCapture(way: Way, folder: string): Promise<Capturing> {
  const plan = { interface: 'v0', filter: DEFAULT_FILTER, snaplen: 256, buffer: 32_000_000 };
  const alone = tcpdumpArguments(plan).map((word) => (word === '-' ? path.join(folder, 'alone.pcap') : word));
  const recorder = [process.execPath, path.join(CACHE, 'collect-recorder.mjs'), 'v0', folder];
  const child = inNamespace(way === 'collector' ? recorder : ['tcpdump', ...alone], 'pipe');
  let said = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/capturing|listening on/.test(said)) resolve();
      });
    child.once('close', () => reject(new Error(`no capture: ${said}`)));
  });
  const pids = way === 'collector' ? [childOf(child.pid!, 'tcpdump'), child.pid!] : [child.pid!];
  return {
    pids,
    stop: async () => {
      if (way === 'collector') child.stdin?.write('\n');
      else child.kill('SIGTERM');
      await ended;
      return said;
    },
  };
}

function inNamespace(command: readonly string[], stderr: 'pipe' | 'inherit'): ChildProcess {
  return spawn('ip', ['netns', 'exec', NAMESPACE, ...command], { stdio: ['pipe', 'pipe', stderr] });
}

async function allOf(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of child.stdout!) said += String(chunk);
  return said;
}

function childOf(pid: number, name: string): number {
  for (const entry of readdirSync('/proc').filter((folder) => /^\d+$/.test(folder))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const [, id, comm, parent] = /^(\d+) \((.*)\) \S (\d+)/.exec(stat) ?? [];
      if (comm === name && Number(parent) === pid) return Number(id);
    } catch {
      // it has ended
    }
  }
  throw new Error(`no ${name} below ${pid}`);
}

/** CPU time, s, and peak memory, MiB (proc(5)); null where it has ended. */
function readUsage(pid: number): { seconds: number; peak: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return { seconds: (Number(fields[11]) + Number(fields[12])) / TICKS, peak: Number(peak) / 1024 };
  } catch {
    return null;
  }
}

function printRounds(rounds: ReadonlyMap<Way, readonly Round[]>): void {
  print(
    '\n| | packets sent | a second | in the files | counted as lost | neither | MB | cores: collector | tcpdump | generator | MiB: collector | tcpdump |',
  );
  print('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const [way, runs] of rounds) {
    const of = (value: (round: Round) => number, digits = 0): string =>
      median(runs.map(value)).toFixed(digits);
    const own = way === 'collector';
    const cells = [
      ...[of(({ sent }) => sent), of(({ sent, seconds }) => sent / seconds), of(({ packets }) => packets)],
      ...[of(({ dropped }) => dropped), of(({ sent, packets, dropped }) => sent - packets - dropped)],
      of(({ bytes }) => bytes / 1e6),
      ...[own ? of(({ collector }) => collector, 2) : '', of(({ tcpdump }) => tcpdump, 2)],
      of(({ generator }) => generator, 2),
      ...[own ? of(({ collectorPeak }) => collectorPeak) : '', of(({ tcpdumpPeak }) => tcpdumpPeak)],
    ];
    print(`| ${[way, ...cells].join(' | ')} |`);
  }
  const twice = [...rounds.values()].flat().reduce((sum, round) => sum + round.twice, 0);
  print(`\nPackets that are in a file twice: ${twice}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(why: string): void {
  process.stderr.write(`bench: ${why}\n`);
  process.exitCode = 1;
}

await measureCollector();
