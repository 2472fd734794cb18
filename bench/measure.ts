/**
 * Runs a program once and tells how long it took and how much memory it held.
 * The trap: Node does not tell the memory of a child, so its high-water mark is
 * read from /proc while it runs; elsewhere than on Linux it stays unknown.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Run {
  readonly seconds: number;
  /** Null where the system does not tell. */
  readonly peakMiB: number | null;
}

const WATCH_EVERY_MS = 5;

/** @throws when it fails: a program that gives up early is no fast one */
export function measure([program, ...args]: readonly [string, ...string[]]): Promise<Run> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  let peakMiB: number | null = null;
  const watch = setInterval(() => {
    peakMiB = readPeak(child.pid) ?? peakMiB;
  }, WATCH_EVERY_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(watch);
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) resolve({ seconds, peakMiB });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}`));
    });
  });
}

function readPeak(pid: number | undefined): number | null {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Number(match[1]) / 1024;
  } catch {
    return null;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
