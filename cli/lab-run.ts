/**
 * `diagnose lab run`: runs scenarios and prints the diagnosis beside the truth.
 * The trap: what a scenario expects was written for its own outage; another one may change what is right.
 */
import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { GatewayError } from '../gateway/linux/forwarder.ts';
import { requireLab } from '../lab/requirements.ts';
import { renderResult, resultJson, verdictLine, whatDiffers } from '../lab/result-text.ts';
import type { RunResult } from '../lab/run.ts';
import { type NamedScenario, readScenario, scenarioNames } from '../lab/scenario-files.ts';
import type { LabRunOptions } from './lab-commands.ts';
import { sweepFirst } from './lab-list.ts';
import { runScenarios } from './lab-runs.ts';
import { printNote } from './messages.ts';
import { styleOfOutput } from './output-style.ts';
import { escapeText, safeJson } from './render/escape.ts';
import type { Style } from './render/style.ts';
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
  const style = styleOfOutput();
  const say = (text: string): unknown => options.json || process.stdout.write(text);
  const failures: Failure[] = [];
  const results = await runScenarios(
    runs,
    { ...options, out },
    {
      onResult(result) {
        if (options.keepFailed !== undefined && result.agrees)
          rmSync(result.folder, { recursive: true, force: true });
        say(textOf(result, style, options));
      },
      // One that is asked for alone fails as any command does.
      ...(runs.length > 1 && {
        onFailure(name: string, { message, hint }: GatewayError) {
          failures.push({ name, failed: hint === '' ? message : `${message} (${hint})` });
          say(`${name}: ${style.colors.red(`failed: ${escapeText(message)}`)}\n`);
        },
      }),
    },
  );
  if (options.json)
    process.stdout.write(
      `${safeJson([...results.map(resultJson), ...failures.map((one) => ({ ...one, agrees: false }))])}\n`,
    );
  if (runs.length > 1) say(countText(results, failures));
  return results.every(({ agrees }) => agrees) && failures.length === 0 ? 0 : 1;
}

/** A run that could not be made. */
interface Failure {
  readonly name: string;
  readonly failed: string;
}

/** How many agree, and in what the others do not. */
export function countText(results: readonly RunResult[], failures: readonly Failure[]): string {
  const agreeing = results.filter(({ agrees }) => agrees).length;
  const others = [
    ...results
      .filter(({ agrees }) => !agrees)
      .map((result) => ({ name: result.name, failed: `${whatDiffers(result)}; see ${result.folder}` })),
    ...failures,
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    `${agreeing} of ${results.length + failures.length} diagnoses equal the truth`,
    ...others.map(({ name, failed }) => `  ${name}: ${escapeText(failed)}`),
    '',
  ].join('\n');
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
export function openOutput({
  out,
  keepFailed,
}: {
  readonly out?: string;
  readonly keepFailed?: string;
}): string {
  const folder = path.resolve(keepFailed ?? out ?? OUT);
  try {
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw new UserError('output', `${folder}: is no folder`);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = systemErrorCode(error) || String(error);
    throw new UserError('output', `${folder}: cannot be written to (${why})`, 'name another with --out');
  }
  return folder;
}

/** One by one: Node's own `recursive` tries for ever where a file system such as /proc takes no folder. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}

function textOf(result: RunResult, style: Style, { summary, repeat, jobs }: LabRunOptions): string {
  if (summary) return `${result.name}: ${verdictLine(result, style)}\n`;
  return `${renderResult(result, style)}${repeat > 1 || jobs > 1 ? '\n' : ''}`;
}
