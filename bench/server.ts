/**
 * `diagnose serve` under clients that upload, listen, look and delete, all at once and for minutes: nothing may fail, and its
 * memory must not grow (`server-memory.ts` has the rule). What is wrong about an upload on purpose must be refused as that.
 * It ends with 0 only where all of that held; 1: something was wrong; 2: it was called wrongly.
 */
import { setMaxListeners } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runClient } from './server-client.ts';
import { judgeMemory, LEAST_SAMPLES, MOST_GROWTH } from './server-memory.ts';
import { type Sample, type ServerProcess, startServe } from './server-process.ts';
import type { Tally } from './server-requests.ts';
import { makeUploads } from './server-uploads.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    clients: { type: 'string', default: '50' },
    /** Seconds that one request may take. */
    limit: { type: 'string', default: '30' },
    only: { type: 'string' },
  },
});
const SAMPLE_MS = 1000;
const PROGRESS_MS = 30_000;
const MIB = 2 ** 20;
const MOST_WRONG_SHOWN = 20;

async function measureServer(): Promise<void> {
  const [seconds, clients, limit] = [values.seconds, values.clients, values.limit].map(Number) as [
    number,
    number,
    number,
  ];
  if (!(seconds > 0 && limit > 0 && clients >= 1)) {
    process.stderr.write('bench: --seconds, --clients and --limit are numbers above 0\n');
    process.exitCode = 2;
    return;
  }
  const uploads = makeUploads();
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  const server = await startServe();
  print(`${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, Node ${process.version}`);
  print(`${clients} clients for ${seconds} s; load before: ${loadavg()[0]!.toFixed(1)}\n`);
  const tally: Tally = { done: new Map(), wrong: [], deferred: 0 };
  const began = Date.now();
  const until = began + seconds * 1000;
  const { origin, gone } = server;
  // Every request of every client listens to it.
  setMaxListeners(0, gone);
  const sampling = takeSamples(server, tally, until);
  const asking = { origin, gone, tally, limitMs: limit * 1000, until, uploads };
  await Promise.all(Array.from({ length: clients }, (_, number) => runClient({ ...asking, number })));
  const took = (Date.now() - began) / 1000;
  const samples = await sampling;
  printRequests(tally, took);
  const wrong = summed(tally.wrong);
  if (gone.aborted) wrong.push(`the server died after ${took.toFixed(0)} s: ${server.epitaph()}`);
  wrong.push(...printMemory(samples), ...(await server.end()));
  print(`uploads told to come back later, which did: ${tally.deferred}`);
  print(`wrong answers: ${tally.wrong.length}`);
  for (const one of wrong.slice(0, MOST_WRONG_SHOWN)) print(`  ${one}`);
  if (wrong.length > MOST_WRONG_SHOWN) print(`  and ${wrong.length - MOST_WRONG_SHOWN} kinds more`);
  print(wrong.length === 0 ? '\nPASSED' : '\nFAILED');
  if (wrong.length > 0) process.exitCode = 1;
}

async function takeSamples(server: ServerProcess, { done, wrong }: Tally, until: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  let next = Date.now() + PROGRESS_MS;
  while (Date.now() < until) {
    const sample = server.sample();
    if (sample === null) break;
    samples.push(sample);
    if (Date.now() >= next) {
      next += PROGRESS_MS;
      const answered = [...done.values()].reduce((sum, { length }) => sum + length, 0);
      process.stderr.write(
        `bench: ${Math.round((until - Date.now()) / 1000)} s to go, ${answered} answers, ${wrong.length} wrong, ${mib(sample.rss)}\n`,
      );
    }
    await sleep(SAMPLE_MS, null, { signal: server.gone }).catch(() => {});
  }
  return samples;
}

function printRequests({ done }: Tally, seconds: number): void {
  print('| what | requests | a second | median | 99th of 100 | slowest |');
  print('|---|---:|---:|---:|---:|---:|');
  for (const [what, times] of [...done].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part: number): string =>
      `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)} ms`;
    const cells = [what, sorted.length, (sorted.length / seconds).toFixed(1), at(0.5), at(0.99), at(1)];
    print(`| ${cells.join(' | ')} |`);
  }
}

/** @returns what is wrong about it */
function printMemory(samples: readonly Sample[]): string[] {
  if (samples.length === 0) return ['memory: it was never seen'];
  const rss = samples.map((sample) => sample.rss);
  const open = samples.map(({ descriptors }) => descriptors);
  const verdict = judgeMemory(rss);
  const most = `${mib(Math.max(...rss))} at most`;
  const rule = `flat: the median of the last fifth of the run is at most ${MOST_GROWTH} times that of the second fifth`;
  print(`\nopen files: ${Math.max(...open)} at most, ${open.at(-1)} at the end`);
  if (verdict === null) {
    print(`memory: ${most}; NOT JUDGED, that takes ${LEAST_SAMPLES} s\n  (${rule})`);
    return [];
  }
  const { isFlat, medians } = verdict;
  const [second, last] = medians;
  const figures = `${mib(second)} in the second fifth, ${mib(last)} in the last (${(last / second).toFixed(2)} times), ${most}`;
  print(`memory: ${isFlat ? 'flat' : 'GROWS'}: ${figures}\n  (${rule})`);
  return isFlat ? [] : [`memory: it grows: ${figures}`];
}

/** Each once, with how often it was; ids in it would make each another. */
function summed(all: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of all) {
    const kind = one.replaceAll(/\b[0-9a-f]{16}\b/g, '…');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([kind, often]) => `${often} times ${kind}`);
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await measureServer();
