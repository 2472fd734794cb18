/**
 * The whole command, analyzer included, as a process of its own whose memory is
 * watched: what a user's machine sees when the input is bad.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from '../../scripts/build.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A hang is what takes longer than this on a busy machine. */
const LONGEST_MS = 60_000;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Most memory it held, in MiB; null where the system does not tell. */
  peakMiB: number | null;
  ms: number;
}

/**
 * Bundles the command as `npm run build` does, in chunks: what is loaded late is another module than in one piece.
 * `removeBundle` of cli/run-cli.ts removes it.
 */
export async function bundleCommand(): Promise<string> {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'stallscope-command-'));
  await build({
    ...{ ...bundleOptions(), outdir, splitting: true, outExtension: { '.js': '.mjs' } },
    entryPoints: { diagnose: join(ROOT, 'cli', 'main.ts') },
  });
  return join(outdir, 'diagnose.mjs');
}

export interface CommandOptions {
  stdin?: Uint8Array;
  /** Called once it runs, to change the world under it. */
  meanwhile?: () => void;
  /** A FIFO, and what is written into it. */
  fifo?: { path: string; bytes: Uint8Array | string };
}

/** From a process of its own: to open a FIFO waits for its reader, for ever where the command ends without reading. */
function feed({ path, bytes }: NonNullable<CommandOptions['fifo']>): ChildProcess {
  const writer = spawn('sh', ['-c', 'cat > "$0"', path], { stdio: ['pipe', 'ignore', 'ignore'] });
  writer.stdin.on('error', () => {});
  writer.stdin.end(bytes);
  return writer;
}

export function runCommand(
  bundle: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Ran> {
  const start = performance.now();
  const child = spawn(process.execPath, [bundle, ...args], {
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  const ran: Ran = { code: null, stdout: '', stderr: '', peakMiB: null, ms: 0 };
  child.stdout.on('data', (chunk: Buffer) => {
    ran.stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    ran.stderr += chunk;
  });
  // The child may end without having read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const watch = setInterval(() => {
    ran.peakMiB = peakOf(child.pid) ?? ran.peakMiB;
  }, 5);
  const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  if (options.meanwhile) setTimeout(options.meanwhile, 150);
  const writer = options.fifo && feed(options.fifo);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      clearTimeout(limit);
      writer?.kill('SIGKILL');
      resolve({ ...ran, code, ms: performance.now() - start });
    });
  });
}

/** Linux keeps the high-water mark, so that only the last few ms can be missed. */
function peakOf(pid: number | undefined): number | null {
  const status = `/proc/${pid}/status`;
  if (pid === undefined || !existsSync(status)) return null;
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'));
    return match === null ? null : Number(match[1]) / 1024;
  } catch {
    // It ended in between.
    return null;
  }
}
