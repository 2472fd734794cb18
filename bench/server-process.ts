/**
 * The `diagnose serve` that is measured: started in a folder of its own, watched, and ended.
 * The trap: it may die at any moment, also before it has said where it listens.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sample {
  /** Bytes. */
  readonly rss: number;
  readonly descriptors: number;
}

export interface ServerProcess {
  readonly origin: string;
  /** Fires when it has ended by itself. */
  readonly gone: AbortSignal;
  /** How it ended, and the last that it said. */
  epitaph(): string;
  /** Null: it is gone. */
  sample(): Sample | null;
  /** By SIGTERM. @returns what is wrong about how it ended, or about what it left */
  end(): Promise<string[]>;
}

const START_MS = 30_000;
const END_MS = 30_000;
const LAST_LINES = 20;
/** What may stand in a data folder without incidents: the database, and nothing of the server that ran. */
const MAY_STAY = /^stallscope\.(?:db(?:-wal|-shm)?|lock)$/;

/** @throws Error where it does not begin to listen */
export async function startServe(): Promise<ServerProcess> {
  const data = mkdtempSync(path.join(tmpdir(), 'stallscope-bench-'));
  const command = ['dist/diagnose.js', 'serve', '--port', '0', '--data', data];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  });
  let [said, complaints] = ['', ''];
  child.stdout.on('data', (some) => {
    said += String(some);
  });
  child.stderr.on('data', (some) => {
    complaints = (complaints + String(some)).split('\n').slice(-LAST_LINES).join('\n');
  });
  const gone = new AbortController();
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(signal ?? `code ${code}`);
      gone.abort(new Error('the server is gone'));
    });
  });
  let how = 'it runs';
  void ended.then((end) => {
    how = end;
  });
  const epitaph = (): string => `${how}; the last that it said:\n${complaints.trim() || '(nothing)'}`;
  const limit = Date.now() + START_MS;
  let origin: string | undefined;
  while (origin === undefined) {
    origin = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
    if (gone.signal.aborted) throw new Error(`the server ended before it listened: ${epitaph()}`);
    if (Date.now() > limit) throw new Error(`the server does not listen after ${START_MS / 1000} s`);
    await sleep(20);
  }
  return {
    ...{ origin, gone: gone.signal, epitaph },
    sample: () => sampleOf(child.pid),
    async end() {
      if (gone.signal.aborted) return [];
      child.kill('SIGTERM');
      const end = await Promise.race([
        ended,
        sleep(END_MS, null, { signal: gone.signal }).catch(() => ended),
      ]);
      if (end === null) return [`the server still runs ${END_MS / 1000} s after SIGTERM`];
      const left = readdirSync(data, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile() && !MAY_STAY.test(one.name))
        .map(({ name }) => name);
      return [
        ...(end === 'code 0' ? [] : [`the server ended with ${epitaph()}`]),
        ...(left.length === 0 ? [] : [`files of deleted incidents are left: ${left.join(', ')}`]),
      ];
    },
  };
}

function sampleOf(pid: number | undefined): Sample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN);
    if (Number.isNaN(kib)) return null;
    return { rss: kib * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}
