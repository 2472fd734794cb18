/**
 * A child that does one job at a time, under limits: one that takes too long is killed, one that
 * crashes is replaced, and whoever asked is told which. The trap: a child that hangs answers
 * nothing, so where it was can only be read from what it wrote before.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ChildLimits {
  /** The longest that a job may take. */
  readonly ms: number;
  /** Of JavaScript's heap; beyond it the child ends itself. */
  readonly heapMiB: number;
}

export type Outcome<Reply> =
  | { readonly kind: 'done'; readonly reply: Reply; readonly peakMiB: number | null; readonly ms: number }
  | { readonly kind: 'hung'; readonly ms: number }
  | { readonly kind: 'crashed'; readonly how: string; readonly ms: number };

/** What is kept of what a child says before it dies. */
const MOST_STDERR = 4000;

export class SupervisedChild<Job extends object, Reply> {
  readonly #file: string;
  readonly #limits: ChildLimits;
  #child: ChildProcess | null = null;
  #stderr = '';

  constructor(file: string, limits: ChildLimits) {
    this.#file = file;
    this.#limits = limits;
  }

  /** Ends when the job does. Never rejects. */
  ask(job: Job): Promise<Outcome<Reply>> {
    this.#child ??= this.#start();
    const child = this.#child;
    this.#stderr = '';
    const start = performance.now();
    const took = (): number => performance.now() - start;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome<Reply>): void => {
        clearTimeout(limit);
        child.removeAllListeners('message');
        child.removeAllListeners('close');
        if (outcome.kind !== 'done') this.#child = null;
        resolve(outcome);
      };
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        settle({ kind: 'hung', ms: took() });
      }, this.#limits.ms);
      child.on('message', (reply) =>
        settle({ kind: 'done', reply: reply as Reply, peakMiB: peakOf(child.pid), ms: took() }),
      );
      child.on('close', (code, signal) =>
        settle({ kind: 'crashed', how: `${signal ?? `exit code ${code}`}: ${this.#stderr}`, ms: took() }),
      );
      child.send(job);
    });
  }

  end(): void {
    this.#child?.kill();
    this.#child = null;
  }

  #start(): ChildProcess {
    const child = fork(this.#file, {
      execArgv: [`--max-old-space-size=${this.#limits.heapMiB}`, '--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + String(chunk)).slice(0, MOST_STDERR);
    });
    return child;
  }
}

/** The most that a process held since its mark was last set back (`clear_refs`); null where the system does not tell. */
function peakOf(pid: number | undefined): number | null {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Number(match[1]) / 1024;
  } catch {
    return null;
  }
}
