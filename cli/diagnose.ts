/**
 * The main job: captures in, the report out. Reads, asks the analyzer, prints;
 * what is found never makes it fail, unless `--fail-on` says so.
 * What only an option asks for is loaded with it: to read its code takes as long as a small capture.
 */
import { getHeapStatistics } from 'node:v8';
import {
  type Analysis,
  type AnalysisOptions,
  countVantages,
  createAnalysis,
  flowsThatFit,
  type Report,
} from '../analyzer/index.ts';
import { asClause } from '../packet/problem.ts';
import { notACapture } from './input-errors.ts';
import { expandInputs, inOrder } from './inputs.ts';
import { expandJournals, type JournalSource, readJournal } from './journals.ts';
import { printNote } from './messages.ts';
import { checkOptions, type DiagnoseOptions } from './options.ts';
import { checkHtml, checkOutput, writeResult } from './output.ts';
import { createProgress } from './progress.ts';
import { type CaptureSource, readCapture } from './read-capture.ts';
import { renderJson, renderJsonLines } from './render/json.ts';
import { detectStyle } from './render/style.ts';
import { renderText, type TextOptions } from './render/text.ts';
import type { TimeArgument } from './time-argument.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

/** More damage than this is a sentence, not a list. */
const MOST_PROBLEMS = 10;

/** Returns the exit code. @throws UserError */
export async function diagnose(args: readonly string[], options: DiagnoseOptions): Promise<0 | 1> {
  checkOptions(options);
  const sources = await inOrder(await expandInputs(args, printNote));
  const journals = expandJournals(options.journal ?? [], printNote);
  const inputs = [...sources, ...journals].map(({ path }) => path);
  checkOutput(options.output, inputs);
  checkHtml(options.html, options.output, inputs);
  const annotated = options.annotate === undefined ? null : await import('./annotated.ts');
  annotated?.checkAnnotated(options, sources, inputs);
  noteAssumedZones(options);
  const { analysis, report: whole } = await analyze(sources, journals, options);
  const redactor = options.redact ? await import('../postmortem/index.ts') : null;
  const redaction = redactor?.redactionOf(whole) ?? null;
  const report = redactor === null || redaction === null ? whole : redactor.redactReport(whole, redaction);
  judgeProblems(report, options.strict === true);
  if (options.flow !== undefined && report.flows.every(({ ladder }) => ladder === undefined)) {
    throw new UserError('usage', `no flow matches '${options.flow}'`, '-v lists every flow');
  }
  const { html, markdown, output, annotate, frames = 'evidence' } = options;
  const postmortem = html || markdown ? await import('./postmortem.ts') : null;
  const facts = postmortem?.postmortemOf(analysis, whole, { graphs: html !== undefined, redaction });
  if (html !== undefined && postmortem !== null && facts) writeResult(postmortem.writeHtml(facts), html);
  if (annotate !== undefined)
    await annotated?.writeAnnotated(report, sources, { file: annotate, frames, redaction, whole });
  const written = markdown && facts ? postmortem?.writeMarkdown(facts) : undefined;
  writeResult(written ?? render(report, options), output);
  const fails = options.failOn?.some((outcome) => (report.summary.byOutcome[outcome] ?? 0) > 0);
  return fails ? 1 : 0;
}

async function analyze(
  sources: readonly CaptureSource[],
  journals: readonly JournalSource[],
  options: DiagnoseOptions,
): Promise<{ analysis: Analysis; report: Report }> {
  const analysis = createAnalysis(analysisOptions(options, countVantages(sources.map(({ input }) => input))));
  // First, because they are short: what is wrong with one is known before gigabytes are read.
  for (const journal of journals) analysis.addJournal(await readJournal(journal, options.journalZone));
  const progress = createProgress(process.stderr);
  // Also on an interrupt: the line must not stay behind.
  process.once('exit', () => progress.erase());
  const hashes: (string | null)[] = [];
  const crypto = options.html || options.markdown ? await import('node:crypto') : null;
  for (const source of sources) {
    const feed = analysis.addCapture(source.input);
    const hash = crypto?.createHash('sha256') ?? null;
    const isWhole = await readCapture(source, feed, progress, hash);
    hashes.push(isWhole && hash !== null ? hash.digest('hex') : null);
    if (feed.format === null) throw notACapture(source.input.file, 'this is no pcap or pcapng file');
  }
  progress.erase();
  const report = analysis.finish();
  // Captures of a report stand in the order in which they were fed.
  for (const [i, capture] of report.captures.entries()) {
    const sha256 = hashes[i] ?? null;
    if (sha256 !== null) capture.sha256 = sha256;
  }
  return { analysis, report };
}

function analysisOptions(
  { from, to, until, flow, html }: DiagnoseOptions,
  vantages: number,
): AnalysisOptions {
  return {
    mostFlows: flowsThatFit(getHeapStatistics().heap_size_limit, vantages),
    tool: { name: 'stallscope', version: VERSION },
    ...(from && { from: from.time }),
    ...(to && { to: to.time }),
    ...(until && { until: until.time }),
    ...(flow !== undefined && { ladderFor: flow }),
    ...(html !== undefined && { timeline: true }),
  };
}

function render(report: Report, options: DiagnoseOptions): Iterable<string> {
  if (options.json) return renderJson(report);
  if (options.jsonl) return renderJsonLines(report, options.flow !== undefined);
  const toFile = options.output !== undefined && options.output !== '-';
  const style = detectStyle({
    color: options.color,
    env: process.env,
    isTerminal: !toFile && process.stdout.isTTY === true,
    columns: toFile ? undefined : process.stdout.columns,
  });
  return [renderText(report, { style, detail: detailOf(options) })];
}

function detailOf({ quiet, verbose, flow }: DiagnoseOptions): TextOptions['detail'] {
  if (quiet) return 'quiet';
  if (flow !== undefined) return 'flow';
  return verbose ? 'verbose' : 'normal';
}

/** Damage is noted and lived with; under `--strict` the first of it is an error. */
function judgeProblems({ captures, problems }: Report, strict: boolean): void {
  const lines = problems.map(({ at, message }) => {
    const file = captures.find(({ id }) => id === at.capture)?.file ?? at.capture;
    return `${file}: ${asClause(message)}${at.frame === undefined ? '' : ` (frame ${at.frame})`}`;
  });
  for (const { id, file, truncated } of captures) {
    if (truncated && !problems.some(({ at }) => at.capture === id))
      lines.push(`${file}: ends inside a packet`);
  }
  if (strict && lines.length > 0) {
    throw new UserError('strict', lines[0]!, 'without --strict, what can be read is analysed');
  }
  for (const line of lines.slice(0, MOST_PROBLEMS)) printNote(line);
  if (lines.length > MOST_PROBLEMS)
    printNote(`and ${lines.length - MOST_PROBLEMS} more problems: see --json`);
}

function noteAssumedZones({ from, to, until }: DiagnoseOptions): void {
  const given: [string, TimeArgument | undefined][] = [
    ['--from', from],
    ['--to', to],
    ['--until', until],
  ];
  for (const [name, argument] of given) {
    if (argument?.zoneAssumed) printNote(`${name} names no time zone and is taken as UTC`);
  }
}
