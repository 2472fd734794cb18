/**
 * Runs the command as users do, in a process of its own, for tests. It is
 * bundled once a test file, with a stand-in for the analyzer's decisions: these
 * tests are about arguments, files, streams and exit codes, not about verdicts.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bundleOptions } from '../scripts/build.mjs';

/** How the folders of bundles begin. */
const BUNDLES = 'stallscope-cli-';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: Uint8Array | string;
  env?: Record<string, string>;
  /** Stop reading stdout after the first chunk, as `head` does. */
  closeEarly?: boolean;
  /** Leave stdin open, and send SIGINT once something was written to stderr. */
  interrupt?: boolean;
}

/** Bundles the command into the package, where it finds the package's files, and returns its path. */
export const bundleCli = (): Promise<string> => bundle([standIn]);

/** The same with the real analyzer and the worker that runs it, for `open` and `serve`. */
export const bundleWholeCli = (): Promise<string> => bundle([]);

const standIn: Plugin = {
  name: 'stand-in',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]analyzer[\\/]analysis\.ts$/ }, () => ({
      contents: "export { createAnalysis } from '../cli/stand-in-analysis.ts';",
      loader: 'ts',
      resolveDir: join(ROOT, 'analyzer'),
    }));
  },
};

async function bundle(plugins: Plugin[]): Promise<string> {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, BUNDLES));
  writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }');
  await build({
    ...bundleOptions(),
    entryPoints: {
      diagnose: join(ROOT, 'cli', 'main.ts'),
      'analysis-worker': join(ROOT, 'server', 'jobs', 'analysis-worker.ts'),
    },
    outdir,
    // As in `dist/`: a start loads only what its command needs.
    splitting: true,
    external: ['better-sqlite3', 'koffi'],
    plugins,
  });
  return join(outdir, 'diagnose.js');
}

/**
 * The trap: where bundling failed, there is no bundle, and what is around nothing is the folder around the repository.
 */
export function removeBundle(bundle: string): void {
  const folder = dirname(bundle);
  if (basename(folder).startsWith(BUNDLES)) rmSync(folder, { recursive: true, force: true });
}

/** Variables of the machine that change the output are left out. */
export function runCli(
  bundle: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CliResult> {
  const { child, ended } = spawnCli(bundle, args, options.env);
  child.stdout.on('data', () => options.closeEarly && child.stdout.destroy());
  child.stderr.on('data', () => options.interrupt && child.kill('SIGINT'));
  if (options.interrupt) child.stdin.write(options.stdin ?? '');
  else child.stdin.end(options.stdin ?? '');
  return ended;
}

export interface StayingCli {
  /** What it has written so far. */
  readonly result: CliResult;
  kill(signal: NodeJS.Signals): Promise<CliResult>;
}

/** One that stays, once it has written `sign` to stderr, and a line to stdout. @throws when it ends before */
export async function startCli(
  bundle: string,
  args: readonly string[],
  { sign, env }: { sign: RegExp; env: Record<string, string> },
): Promise<StayingCli> {
  const { child, result, ended } = spawnCli(bundle, args, env);
  child.stdin.end();
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      // Which of the two arrives first is not known.
      if (sign.test(result.stderr) && result.stdout.endsWith('\n')) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    ended.then((early) => reject(new Error(`it ended: ${JSON.stringify(early)}`)), reject);
  });
  return {
    result,
    kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

interface SpawnedCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly result: CliResult;
  readonly ended: Promise<CliResult>;
}

function spawnCli(bundle: string, args: readonly string[], env: Record<string, string> = {}): SpawnedCli {
  const child = spawn(process.execPath, [bundle, ...args], {
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...env },
  });
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    result.stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.stderr += chunk;
  });
  // The child may end without having read its input.
  child.stdin.on('error', () => {});
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...result, code }));
  });
  return { child, result, ended };
}

/** A folder that is empty at first, and a way to be rid of it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'stallscope-'));
  return { path, remove: () => existsSync(path) && rmSync(path, { recursive: true, force: true }) };
}
