/**
 * Runs of the lab, some at once where that is asked for, and what they are doing, told as it happens.
 * The trap: Ctrl-C is answered by all runs that are on their way, and only when they are gone by the command.
 */
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { type Programs, type RunResult, runScenario } from '../lab/run.ts';
import type { NamedScenario } from '../lab/scenario-files.ts';
import { printNote } from './messages.ts';
import { createProgress, type Progress } from './progress.ts';
import { beforeEnd } from './signals.ts';
import { systemErrorCode, UserError } from './user-error.ts';

/** What a place for results answers that is full, or not to be written to any more. */
const PLACE_FAILS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO']);

export interface RunsOptions {
  /** Runs at once. */
  readonly jobs: number;
  /** Say every step, a line each. */
  readonly watch?: true;
  /** Where results go; it is there. */
  readonly out: string;
}

/** Both are called between what is told of the others. */
export interface RunsListener {
  onResult(result: RunResult): void;
  /** Of a run that could not be made, and then the others go on; without it, the first one ends all. */
  onFailure?(name: string, error: GatewayError): void;
}

/** In the order in which they end. @throws UserError */
export async function runScenarios(
  runs: readonly NamedScenario[],
  options: RunsOptions,
  listener: RunsListener,
): Promise<RunResult[]> {
  const abort = new AbortController();
  const teller = new Teller(options);
  const results: RunResult[] = [];
  const queue = [...runs];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !abort.signal.aborted; next = queue.shift()) {
      const { name } = next;
      try {
        const result = await runOne(next, options.out, teller, abort.signal);
        teller.forget(name);
        results.push(result);
        listener.onResult(result);
      } catch (error) {
        if (!(error instanceof GatewayError) || listener.onFailure === undefined || abort.signal.aborted)
          throw error;
        teller.forget(name);
        listener.onFailure(name, error);
      }
    }
  };
  const workers = Array.from({ length: Math.min(options.jobs, runs.length) }, () =>
    work().catch((error: unknown) => {
      abort.abort(error);
      throw error;
    }),
  );
  const forget = beforeEnd(async () => {
    abort.abort(new GatewayError('interrupted'));
    await Promise.allSettled(workers);
  });
  try {
    const settled = await Promise.allSettled(workers);
    const failed = settled.find((worker) => worker.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results;
  } catch (error) {
    if (error instanceof GatewayError)
      throw new UserError('output', error.message, error.hint, { cause: error });
    const code = systemErrorCode(error);
    if (PLACE_FAILS.has(code))
      throw new UserError(
        'output',
        `results cannot be kept in ${options.out} (${code})`,
        'make room there, or name another folder with --out',
        { cause: error },
      );
    throw error;
  } finally {
    forget();
    teller.erase();
  }
}

async function runOne(
  { name, scenario }: NamedScenario,
  out: string,
  teller: Teller,
  signal: AbortSignal,
): Promise<RunResult> {
  return runScenario({
    name,
    scenario,
    out,
    programs: programs(),
    say: (what) => teller.say(name, what),
    warn: (what) => teller.warn(name, what),
    signal,
  });
}

/** The bundles lie beside each other. */
function programs(): Programs {
  const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  return {
    diagnose: beside('diagnose.js'),
    client: beside('lab-client.js'),
    server: beside('lab-server.js'),
  };
}

/** What is being done: a line that is replaced on a terminal; plain lines with `--watch`. */
class Teller {
  readonly #progress: Progress = createProgress(process.stderr);
  readonly #plain: boolean;
  readonly #doing = new Map<string, string>();
  readonly #began = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor({ watch }: RunsOptions) {
    this.#plain = watch === true || process.stderr.isTTY !== true;
  }

  say(name: string, what: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1);
    if (this.#plain) process.stderr.write(`${seconds.padStart(6)} s  ${name}: ${what}\n`);
    this.#doing.set(name, what);
    this.#timer ??= this.#plain ? undefined : setInterval(() => this.#show(), 250).unref();
  }

  warn(name: string, what: string): void {
    this.erase();
    printNote(`${name}: ${what}`);
  }

  /** A run that is over. */
  forget(name: string): void {
    this.#doing.delete(name);
    this.erase();
  }

  erase(): void {
    this.#progress.erase();
  }

  #show(): void {
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    const all = [...this.#doing].map(([name, what]) => `${name}: ${what}`);
    this.#progress.say(`${seconds} s  ${all.slice(-3).join('; ')}`);
  }
}
