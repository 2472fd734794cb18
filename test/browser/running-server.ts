/**
 * `diagnose serve`, built, in a process of its own, on a port of its own, with an empty data folder.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface RunningServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  readonly data: string;
  readonly pid: number;
  /** All that it wrote. */
  output(): string;
  /** Ends the process; the data stay. */
  halt(): Promise<void>;
  /** After `halt`: another process with the same data at the same address. */
  resume(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** @throws Error with its output where it does not say its address within 30 s */
export async function startServer(args: readonly string[] = []): Promise<RunningServer> {
  build();
  const data = mkdtempSync(path.join(tmpdir(), 'stallscope-data-'));
  let output = '';
  const run = (port: string): ChildProcess => {
    const command = [path.join(ROOT, 'dist/diagnose.js'), 'serve', '--port', port, '--data', data, ...args];
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    return child;
  };
  let child = run('0');
  const origin = await waitForAddress(child, () => output);
  const halt = (): Promise<void> => end(child);
  return {
    origin,
    data,
    get pid() {
      return child.pid ?? -1;
    },
    output: () => output,
    halt,
    async resume() {
      output = '';
      child = run(new URL(origin).port);
      await waitForAddress(child, () => output);
    },
    async stop() {
      await halt();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Builds the command and the page where their sources are newer; another test file may do the same just now. */
function build(): void {
  const code = "import('./scripts/setup.mjs').then(({ setUp }) => setUp())";
  execFileSync(process.execPath, ['-e', code], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

function waitForAddress(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => fail('it does not say its address'), 90_000);
    const look = (): void => {
      const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
      if (origin === undefined) return;
      clearTimeout(late);
      resolve(origin);
    };
    const fail = (why: string): void => {
      clearTimeout(late);
      child.kill('SIGKILL');
      reject(new Error(`diagnose serve: ${why}\n${output()}`));
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', (code) => fail(`it ended with ${code}`));
  });
}
