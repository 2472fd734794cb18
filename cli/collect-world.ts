/**
 * For tests: two hosts in network namespaces of their own with a link between them, collectors on the first as users run them,
 * and traffic. Everything is put away by `close`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askCollector } from '../collector/control-client.ts';
import type { CollectorStatus } from '../collector/control-words.ts';
import { makeNamespace, type TestNamespace } from '../collector/engine/test-namespace.ts';
import { type CliResult, runCli } from './run-cli.ts';

const LONGEST_MS = 30_000;

export interface World {
  /** A new path, of which nothing is there. */
  folder(name: string): string;
  /** Others than root may read the command from here on, and reach folders that are theirs: those of tests are private. */
  openToAll(): void;
  readonly here: TestNamespace;
  /** `diagnose collect …`, until it is ended. `before`: in front of the command, such as setpriv. */
  collect(words: readonly string[], before?: readonly string[]): Running;
  /** The same on a terminal: what it shows is in `said.out`, and `type` is its keyboard. */
  terminal(words: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** A `diagnose serve` on loopback there, and its token's file. */
  serve(port: number, data: string): Promise<Running>;
  /** A command of `diagnose` to its end, on the first host. */
  run(...words: string[]): Promise<CliResult>;
  /** A program to its end, on the first host. */
  exec(program: string, ...words: string[]): string;
  /** So many bytes over a TCP connection from the first host to the second. */
  transfer(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Running {
  readonly pid: number;
  readonly said: { out: string; err: string };
  /** Events of `--json`. */
  events(name: string): Record<string, unknown>[];
  heard(pattern: RegExp, stream?: 'out' | 'err'): Promise<void>;
  status(folder: string): Promise<CollectorStatus>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  type(text: string): void;
  readonly ended: Promise<number | null>;
}

export async function makeWorld(bundle: string): Promise<World> {
  const root = mkdtempSync(path.join(tmpdir(), 'stallscope-collect-'));
  const here = makeNamespace(new URL(import.meta.url));
  const running: ChildProcess[] = [];
  let command = bundle;
  const inside = (...words: string[]): string[] => ['netns', 'exec', here.name, ...words];
  const start = (...words: string[]): Running => {
    const child = spawn('ip', inside(...words), { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    running.push(child);
    return follow(child);
  };
  try {
    const there = here.other('b');
    here.ip(`link set v1 netns ${there.name}`);
    for (const [host, device, address] of [
      [here, 'v0', '10.9.0.1/24'],
      [there, 'v1', '10.9.0.2/24'],
    ] as const) {
      host.ip(`address add ${address} dev ${device}`);
      host.ip(`link set ${device} up`);
    }
    running.push(await startServer(there.name));
  } catch (error) {
    await here.close();
    throw error;
  }
  return {
    here,
    folder: (name) => path.join(root, name),
    openToAll: () => {
      chmodSync(root, 0o711);
      command = path.join(root, 'command', path.basename(bundle));
      cpSync(path.dirname(bundle), path.dirname(command), { recursive: true });
      chmodSync(path.dirname(command), 0o755);
    },
    collect: (words, before = []) => start(...before, process.execPath, command, 'collect', ...words),
    terminal: (words, env = {}) => {
      const line = [process.execPath, command, 'collect', ...words].map((word) => `'${word}'`).join(' ');
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      return start('env', ...variables, 'script', '-qec', line, '/dev/null');
    },
    serve: async (port, data) => {
      const server = start(process.execPath, bundle, 'serve', '--port', String(port), '--data', data);
      await server.heard(/http:/, 'out');
      return server;
    },
    run: (...words) => runCli(bundle, words),
    exec: (program, ...words) =>
      execFileSync('ip', inside(program, ...words), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    transfer: async (bytes) => {
      const code = `const s=require('node:net').connect(7000,'10.9.0.2',()=>s.end(Buffer.alloc(${bytes})));s.resume()`;
      const child = spawn('ip', inside(process.execPath, '-e', code));
      running.push(child);
      await new Promise((resolve) => child.once('close', resolve));
    },
    close: async () => {
      await Promise.all(running.map(end));
      await here.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function startServer(namespace: string): Promise<ChildProcess> {
  const code =
    "require('node:net').createServer(s=>s.pipe(s).on('error',()=>{})).listen(7000,()=>console.log('listens'))";
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', code]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/** Its children end with it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
  await ended;
  clearTimeout(timer);
}

function follow(child: ReturnType<typeof spawn>): Running {
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    pid: child.pid!,
    said,
    ended,
    events: (name) =>
      said.out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ event }) => event === name),
    heard: (pattern, stream = 'err') =>
      until(
        () => `${pattern} is not heard; but:\n${said.out}\n${said.err}`,
        () => pattern.test(said[stream]),
      ),
    status: statusOf,
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
    type: (text) => void child.stdin?.write(text),
  };
}

/** What `diagnose collect status --json` prints, without a process for each time. */
async function statusOf(folder: string): Promise<CollectorStatus> {
  const answer = await askCollector(folder, { command: 'status' });
  if (answer.kind !== 'status') throw new Error(`no status: ${JSON.stringify(answer)}`);
  return answer.status;
}

/** @throws where it does not come to hold */
export async function until(what: () => string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + LONGEST_MS; !(await holds()); await sleep(50))
    if (Date.now() > limit) throw new Error(what());
}
