/**
 * `diagnose lab run`: runs scenarios, some at once where that is asked for, and prints the diagnosis beside the
 * truth. The trap: Ctrl-C is answered by all runs that are on their way, and only when they are gone by the command.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { requireLab } from '../lab/requirements.ts';
import { renderResult, resultJson, verdictLine } from '../lab/result-text.ts';
import { type Programs, type RunResult, runScenario } from '../lab/run.ts';
import { type NamedScenario, readScenario, scenarioNames } from '../lab/scenario-files.ts';
import type { LabRunOptions } from './lab-commands.ts';
import { sweepFirst } from './lab-list.ts';
import { printNote } from './messages.ts';
import { createProgress, type Progress } from './progress.ts';
import { safeJson } from './render/escape.ts';
import { detectStyle, type Style } from './render/style.ts';
import { beforeEnd } from './signals.ts';
import { systemErrorCode, UserError } from './user-error.ts';

/** Where results go that nobody asked for a place for. */
const OUT = 'stallscope-lab';

/** Returns the exit code. @throws UserError */
export async function runLab(wanted: readonly string[], options: LabRunOptions): Promise<0 | 1> {
  await sweepFirst();
  const names = wanted.flatMap((name) => (name === 'all' ? scenarioNames() : [name]));
  const scenarios = names.map((name) => withOutage(readScenario(name), options.outage));
  requireLab(scenarios.map(({ scenario }) => scenario));
  const out = openOutput(options);
  const runs = Array.from({ length: options.repeat }, () => scenarios).flat();
  const results = await runAll(runs, out, options);
  if (options.json) process.stdout.write(`${safeJson(results.map(resultJson))}\n`);
  const agreeing = results.filter(({ agrees }) => agrees).length;
  if (!options.json && runs.length > 1)
    process.stdout.write(`${agreeing} of ${runs.length} diagnoses equal the truth\n`);
  return agreeing === runs.length ? 0 : 1;
}

function withOutage(named: NamedScenario, outage: number | undefined): NamedScenario {
  const { name, scenario } = named;
  if (outage === undefined || outage === scenario.outage) return named;
  printNote(
    `${name}: what is expected was written for an outage of ${scenario.outage / 1000} s, not ${outage / 1000} s`,
  );
  return { name, scenario: { ...scenario, outage } };
}

/** @throws UserError `output` */
function openOutput({ out, keepFailed }: LabRunOptions): string {
  const folder = path.resolve(keepFailed ?? out ?? OUT);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError('output', `${folder}: cannot be made (${systemErrorCode(error) || String(error)})`);
  }
  return folder;
}

async function runAll(
  runs: readonly NamedScenario[],
  out: string,
  options: LabRunOptions,
): Promise<RunResult[]> {
  const abort = new AbortController();
  const style = detectStyle({
    color: 'auto',
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns,
  });
  const teller = new Teller(options);
  const results: RunResult[] = [];
  const queue = [...runs];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !abort.signal.aborted; next = queue.shift()) {
      const result = await runOne(next, out, teller, abort.signal);
      teller.erase();
      if (options.keepFailed !== undefined && result.agrees)
        rmSync(result.folder, { recursive: true, force: true });
      results.push(result);
      if (!options.json) process.stdout.write(textOf(result, style, options));
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

function textOf(result: RunResult, style: Style, { summary, repeat, jobs }: LabRunOptions): string {
  if (summary) return `${result.name}: ${verdictLine(result, style)}\n`;
  return `${renderResult(result, style)}${repeat > 1 || jobs > 1 ? '\n' : ''}`;
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

  constructor({ watch }: LabRunOptions) {
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

  erase(): void {
    this.#progress.erase();
  }

  #show(): void {
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    const all = [...this.#doing].map(([name, what]) => `${name}: ${what}`);
    this.#progress.say(`${seconds} s  ${all.slice(-3).join('; ')}`);
  }
}
