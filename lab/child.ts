/**
 * A program in a namespace of a run, with its output in a file, and its end.
 * The trap: a terminal's Ctrl-C goes to all programs of its group at once; each has a group of its own, so
 * that the lab decides in which order they end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { RUN_MARK, signal as sendSignal } from './processes.ts';
import { namespaceOf } from './run-folder.ts';
import type { HostName } from './scenario.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** ms since the epoch. */
  readonly at: number;
}

export interface Child {
  readonly pid: number;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Null while it runs. */
  readonly end: Ended | null;
  readonly ended: Promise<Ended>;
  /** Asks it to end by `first`, kills it after `graceMs`; resolves when it has ended. */
  stop(first?: NodeJS.Signals, graceMs?: number): Promise<Ended>;
}

export interface ChildOptions {
  readonly run: string;
  readonly host: HostName;
  /** Both outputs are appended to it; or the text is given, line by line. */
  readonly output: string | ((line: string) => void);
  readonly cwd?: string;
}

/** @throws where there is no such program */
export function startChild(
  command: readonly string[],
  { run, host, output, cwd = '/' }: ChildOptions,
): Child {
  const file = typeof output === 'string' ? openSync(output, 'a') : null;
  const child = spawn('ip', ['netns', 'exec', namespaceOf(run, host), ...command], {
    cwd,
    detached: true,
    env: { ...process.env, LC_ALL: 'C.UTF-8', [RUN_MARK]: run },
    stdio: ['ignore', file ?? 'pipe', file ?? 'pipe'],
  });
  if (file !== null) closeSync(file);
  if (typeof output === 'function')
    for (const stream of [child.stdout, child.stderr]) readLines(stream, output);
  return new RunningChild(child);
}

class RunningChild implements Child {
  readonly pid: number;
  readonly startedAt = Date.now();
  readonly ended: Promise<Ended>;
  end: Ended | null = null;

  constructor(child: ChildProcess) {
    this.pid = child.pid ?? -1;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once(child.stdout === null ? 'exit' : 'close', (code, signal) => {
        this.end = { code, signal, at: Date.now() };
        resolve(this.end);
      });
    });
    // Whoever waits for it hears of it.
    this.ended.catch(() => {});
  }

  async stop(first: NodeJS.Signals = 'SIGTERM', graceMs = 3000): Promise<Ended> {
    if (this.end !== null) return this.end;
    sendSignal(this.pid, first);
    const timer = setTimeout(() => sendSignal(this.pid, 'SIGKILL'), graceMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

function readLines(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream?.on('end', () => rest !== '' && take(rest));
}
