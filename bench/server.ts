/**
 * `diagnose serve` under clients that upload, look and delete, all at once and for minutes: nothing may fail, and its memory
 * must not grow. What is wrong about an upload on purpose must be refused as that.
 * The trap: memory that grows to its working size first is no leak, so the last third of the time is compared with the second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from './measure.ts';
import { runClient, type Tally } from './server-client.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    clients: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
});
const SAMPLE_MS = 1000;
const MIB = 2 ** 20;

interface Sample {
  readonly rss: number;
  readonly descriptors: number;
}

async function measureServer(): Promise<void> {
  const data = mkdtempSync(path.join(tmpdir(), 'stallscope-bench-'));
  const command = ['dist/diagnose.js', 'serve', '--port', '0', '--data', data];
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = (): void => {
    server.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  };
  process.once('exit', end);
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  const origin = await addressOf(server);
  const [seconds, clients] = [Number(values.seconds), Number(values.clients)];
  print(`${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, Node ${process.version}`);
  print(`${clients} clients for ${seconds} s; load before: ${loadavg()[0]!.toFixed(1)}\n`);
  const tally: Tally = { done: new Map(), wrong: [] };
  const until = Date.now() + seconds * 1000;
  const samples: Sample[] = [];
  const sampling = (async () => {
    while (Date.now() < until) {
      samples.push(sampleOf(server));
      await sleep(SAMPLE_MS);
    }
  })();
  await Promise.all(
    Array.from({ length: clients }, (_, number) => runClient({ origin, number, until }, tally)),
  );
  await sampling;
  report(tally, samples, seconds);
  // What it still had to do is done, and then it ends by itself.
  const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  const code = await ended;
  const left = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  print(`\nended with ${code}; files left: ${left.map(({ name }) => name).join(', ')}`);
  if (tally.wrong.length > 0) process.exitCode = 1;
}

function report({ done, wrong }: Tally, samples: readonly Sample[], seconds: number): void {
  print('| what | requests | a second | median | 99th of 100 | slowest |');
  print('|---|---:|---:|---:|---:|---:|');
  for (const [what, times] of [...done].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (part: number): string =>
      `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)} ms`;
    const cells = [what, sorted.length, (sorted.length / seconds).toFixed(1), at(0.5), at(0.99), at(1)];
    print(`| ${cells.join(' | ')} |`);
  }
  const third = Math.floor(samples.length / 3);
  const [second, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)].map((some) =>
    median(some.map(({ rss }) => rss)),
  ) as [number, number];
  const most = Math.max(...samples.map(({ rss }) => rss));
  const open = samples.map(({ descriptors }) => descriptors);
  print(
    `\nmemory: ${(second / MIB).toFixed(0)} MiB in the second third, ${(last / MIB).toFixed(0)} MiB in the last (${(last / second).toFixed(2)} times), ${(most / MIB).toFixed(0)} MiB at most`,
  );
  print(`open files: ${Math.max(...open)} at most, ${open.at(-1)} at the end`);
  print(`wrong answers: ${wrong.length}`);
  for (const one of wrong.slice(0, 20)) print(`  ${one}`);
}

function sampleOf({ pid }: ChildProcess): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { rss: kib * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stdout?.on('data', (chunk) => {
      said += String(chunk);
      const origin = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
      if (origin !== undefined) resolve(origin);
    });
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await measureServer();
