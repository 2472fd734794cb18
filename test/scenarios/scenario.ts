/**
 * The real failovers under test/fixtures/captures with their truth, and the
 * diagnosis of any selection of their captures.
 * The trap: the truth's cause holds with all captures; one capture may leave
 * it open, and then only a wrong answer or a missing candidate is a failure.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CaptureInput, createAnalysis, type Flow, type Report } from '../../analyzer/index.ts';

export interface Truth {
  readonly scenario: string;
  readonly made: string;
  readonly flow: { readonly clientPort: number; readonly serverPort: number };
  /** Accepted values, the best first. */
  readonly outcome: readonly string[];
  readonly cause: readonly (string | null)[];
  readonly contributing: readonly string[];
  /** Epoch seconds. */
  readonly pathLost: string | null;
  readonly pathRestored: string | null;
}

export interface Scenario {
  readonly name: string;
  readonly folder: string;
  readonly truth: Truth;
  /** File names of its captures. */
  readonly captures: readonly string[];
  readonly control: boolean;
}

/** From the repository's root, which every script and test runs in: bundled, this file lies elsewhere. */
const ROOT = resolve('test/fixtures/captures');

/** All scenarios, controls last, each group by name. */
export function allScenarios(): Scenario[] {
  const failovers = folders(ROOT).filter((name) => name !== 'controls');
  const controls = folders(join(ROOT, 'controls'));
  return [
    ...failovers.map((name) => read(join(ROOT, name), name, false)),
    ...controls.map((name) => read(join(ROOT, 'controls', name), name, true)),
  ];
}

const folders = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
    .sort();

function read(folder: string, name: string, control: boolean): Scenario {
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth;
  const captures = readdirSync(folder)
    .filter((f) => f.endsWith('.pcap.gz'))
    .sort();
  return { name, folder, truth, captures, control };
}

/** The bytes of one capture of a scenario. */
export const captureBytes = (scenario: Scenario, file: string): Uint8Array =>
  gunzipSync(readFileSync(join(scenario.folder, file)));

export interface DiagnoseOptions {
  readonly until?: bigint;
  readonly chunk?: number;
}

/** Diagnoses captures given as bytes. */
export function diagnoseBytes(
  inputs: readonly { input: CaptureInput; bytes: Uint8Array }[],
  options: DiagnoseOptions = {},
): Report {
  const analysis = createAnalysis({
    tool: { name: 'stallscope', version: '0.0.0' },
    ...(options.until === undefined ? {} : { until: options.until }),
  });
  const step = options.chunk ?? 1 << 20;
  for (const { input, bytes } of inputs) {
    const feed = analysis.addCapture(input);
    for (let at = 0; at < bytes.length; at += step) feed.push(bytes.subarray(at, at + step));
    feed.end();
  }
  return analysis.finish();
}

/** Diagnoses some captures of a scenario, by file name and without saying what they are. */
export const diagnose = (
  scenario: Scenario,
  files: readonly string[],
  options: DiagnoseOptions = {},
): Report =>
  diagnoseBytes(
    files.map((file) => ({ input: { file }, bytes: captureBytes(scenario, file) })),
    options,
  );

/** The connection that the truth speaks of. */
export function flowOf(report: Report, truth: Truth): Flow | undefined {
  return report.flows.find(
    (f) => f.client.port === truth.flow.clientPort && f.server.port === truth.flow.serverPort,
  );
}
