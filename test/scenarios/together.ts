/**
 * Captures of a scenario given together in ways of one's own: labelled or not,
 * in any order, cut, thinned out, with others beside them; and the report made
 * comparable, whatever order and ids they had.
 * The trap: two reports are compared by the names of files, so every file of
 * one analysis has a name of its own.
 */
import {
  type AnalysisOptions,
  type CaptureInput,
  createAnalysis,
  type Flow,
  type Report,
} from '../../analyzer/index.ts';
import { bytesOf, recordsOf } from './capture-cache.ts';
import { type PcapFile, type PcapRecord, type WrittenRecord, writeCapture } from './pcap-records.ts';
import type { Scenario } from './scenario.ts';
import { findFlows } from './truth-flow.ts';

export interface Input {
  readonly file: string;
  readonly vantage?: NonNullable<CaptureInput['vantage']>;
  readonly bytes: Uint8Array;
}

type Vantage = NonNullable<CaptureInput['vantage']>;

/** `node-a.out` of `node-a.out.pcap.gz`, as a user would label it. */
export function labelOf(source: string): Vantage {
  const [host = '', side] = source.replace(/\.pcap\.gz$/, '').split('.');
  return side === 'in' || side === 'out' ? { host, side } : { host };
}

/** All captures of a scenario, labelled as they are. */
export const labelled = (scenario: Scenario): Input[] =>
  scenario.captures.map((source) => ({
    file: source,
    vantage: labelOf(source),
    bytes: bytesOf(scenario, source),
  }));

/** The same without labels: the names of files say where they were taken. */
export const named = (scenario: Scenario): Input[] =>
  labelled(scenario).map(({ file, bytes }) => ({ file, bytes }));

/** One capture with other records. */
export const rewritten = (
  scenario: Scenario,
  source: string,
  change: (file: PcapFile) => readonly WrittenRecord[],
): Uint8Array => {
  const file = recordsOf(scenario, source);
  return writeCapture(change(file), file);
};

export function diagnoseInputs(
  inputs: readonly Input[],
  options: Pick<AnalysisOptions, 'from' | 'to' | 'until'> = {},
): Report {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' }, ...options });
  for (const { bytes, ...input } of inputs) {
    const feed = analysis.addCapture(input);
    feed.push(bytes);
    feed.end();
  }
  return analysis.finish();
}

/** What a comparison leaves out, or says otherwise. */
export interface Comparing {
  /** Frame of a file by another file's: rotated files, files without their beginning. */
  readonly frame?: (file: string, frame: number) => { file: string; frame: number };
  /** Files that are not compared. */
  readonly without?: (file: string) => boolean;
}

/** A report in which captures go by the names of their files and lists have an order of their own. */
export function comparable(report: Report, { frame, without }: Comparing = {}): unknown {
  const files = new Map(report.captures.map((c) => [c.id, c.file]));
  const fileOf = (id: string): string => files.get(id) ?? id;
  const at = (ref: { capture: string; frame?: number }): object =>
    frame === undefined || ref.frame === undefined
      ? { ...ref, capture: fileOf(ref.capture) }
      : { ...ref, ...place(frame(fileOf(ref.capture), ref.frame)) };
  const kept = (file: string): boolean => without?.(file) !== true;
  const rename = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) {
      const list = value.map((v) => rename(v, key));
      return key === 'seenAt' ? [...new Set(list)].sort() : list;
    }
    if (typeof value === 'string') return key === 'seenAt' || key === 'reference' ? fileOf(value) : value;
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([k, v]) => [key === 'streams' ? fileOf(k) : k, rename(v, k)]);
    const renamed = Object.fromEntries(key === 'streams' ? entries.sort() : entries);
    return 'capture' in renamed ? at(renamed) : renamed;
  };
  const body = rename(report) as Report;
  return {
    ...body,
    captures: body.captures
      .filter((c) => kept(c.file))
      .map(({ id, ...rest }) => rest)
      .sort(by((c) => c.file)),
    // Which of two clocks is set by the other depends on the order; what comes of it is compared.
    clocks: body.clocks
      .filter((c) => kept(c.capture))
      .map(({ capture, reference }) => ({ capture, reference }))
      .sort(by((c) => c.capture)),
    flows: body.flows.toSorted(by((f) => f.id)),
    causes: body.causes.map((c) => ({ ...c, flows: c.flows.toSorted() })).sort(by((c) => c.id)),
    problems: body.problems.filter((p) => kept(p.at.capture)).sort(by((p) => JSON.stringify(p))),
  };
}

/** ns: clocks are set the one by the other, and which by which depends on the order. */
const SAME_MOMENT = 2_000n;
/** Of a clock's rate. */
const SAME_PPM = 1;

/** Path and values of the first place where two reports differ by more than the rounding of clocks; null where they do not. */
export function difference(a: unknown, b: unknown, within = SAME_MOMENT, path = ''): string | null {
  if (isSame(a, b, within, path)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${path} is ${JSON.stringify(a)} and not ${JSON.stringify(b)}`;
  }
  const [x, y] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
    const found = difference(x[key], y[key], within, `${path}/${key}`);
    if (found !== null) return found;
  }
  return null;
}

function isSame(a: unknown, b: unknown, within: bigint, path: string): boolean {
  if (a === b) return true;
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= (path.endsWith('Ppm') ? SAME_PPM : Number(within) / 1e9);
  }
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  if (!/^\d{16,}$/.test(a) || !/^\d{16,}$/.test(b)) return false;
  const off = BigInt(a) - BigInt(b);
  return off <= within && off >= -within;
}

const place = ({ file, frame }: { file: string; frame: number }): object => ({ capture: file, frame });

const by =
  <T>(key: (value: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

/** What is said of the scenario's flow, in a few words. */
export function saidOf(report: Report, scenario: Scenario): string {
  const flow = findFlows(report, scenario)[0];
  if (flow === undefined) return 'the flow is not in the report';
  const { outcome, cause, candidates, confidence } = flow;
  return `${outcome} ${cause ?? `?(${candidates.join(', ')})`} ${confidence}`;
}

/**
 * Why what is said of the scenario's flow is wrong: another outcome, another
 * cause, or the true one ruled out. Null where it is right or left open.
 */
export function whyWrong(report: Report, scenario: Scenario): string | null {
  const { truth } = scenario;
  const flow: Flow | undefined = findFlows(report, scenario)[0];
  if (flow === undefined) return 'the flow is not in the report';
  const said = `${saidOf(report, scenario)}, in truth ${truth.outcome.join('|')} ${truth.cause.join('|')}`;
  if (flow.outcome !== 'undecided' && !truth.outcome.includes(flow.outcome)) return `outcome: ${said}`;
  if (flow.cause !== null && !truth.cause.includes(flow.cause)) return `cause: ${said}`;
  const open = flow.cause === null && !truth.cause.includes(null) && flow.outcome !== 'unaffected';
  if (!open || flow.candidates.some((c) => truth.cause.includes(c))) return null;
  const because = flow.ruledOut.find((r) => truth.cause.includes(r.cause))?.because ?? 'no candidate';
  return `ruled out (${because}): ${said}`;
}

/** Every problem that says that a label contradicts the traffic. */
export const contradictions = (report: Report): string[] =>
  report.problems.filter((p) => p.code === 'vantage-contradicted').map((p) => p.message);

/** Fisher and Yates, with Numerical Recipes' generator. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const turned = [...items];
  let state = seed >>> 0;
  for (let i = turned.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [turned[i], turned[j]] = [turned[j] as T, turned[i] as T];
  }
  return turned;
}

export const cutTo =
  (snaplen: number) =>
  ({ records }: PcapFile): WrittenRecord[] =>
    records.map((r: PcapRecord) => ({ ...r, data: r.data.subarray(0, snaplen) }));
