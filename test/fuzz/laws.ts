/**
 * What holds of every input, whatever its bytes: nothing throws, the report is
 * one, no rule fails, every cited frame is in its capture, and it takes no longer
 * than a bound. Fed in chunks of more than one size, which must make no difference.
 */
import { createFrameFlags } from '../../analyzer/frame-flags.ts';
import { type CaptureInput, createAnalysis, type FrameRef, type Report } from '../../analyzer/index.ts';
import { detectStyle } from '../../cli/render/style.ts';
import { renderText } from '../../cli/render/text.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';
import { checkReport } from '../report-shape.ts';

/** Inputs of a few hundred frames take a few ms. A hundred times that, on a busy machine, is a hang. */
const LONGEST_MS = 2000;
const WHOLE = 1 << 20;
const CHUNKS = [WHOLE, 4096, WHOLE, 61, 7];
/** Byte by byte only what is short. */
const SHORT = 1500;

export interface LawOptions {
  /** Chooses the size of chunks. */
  readonly seed: number;
  readonly vantage?: CaptureInput['vantage'];
  readonly longestMs?: number;
}

/** The laws that these bytes break, one sentence each. */
export function checkLaws(bytes: Uint8Array, options: LawOptions): string[] {
  const chunk = bytes.length <= SHORT ? 1 : CHUNKS[options.seed % CHUNKS.length]!;
  const broken: string[] = [];
  const attempt = (what: string, run: () => string[]): void => {
    const start = performance.now();
    try {
      broken.push(...run());
    } catch (error) {
      broken.push(`${what} throws ${error instanceof Error ? error.stack : String(error)}`);
    }
    const took = performance.now() - start;
    if (took > (options.longestMs ?? LONGEST_MS)) broken.push(`${what} takes ${Math.round(took)} ms`);
  };
  const frames = new Set<number>();
  attempt('the reader', () => {
    const reader = createCaptureReader({ packet: ({ frame }) => frames.add(frame), problem() {} });
    feed(reader, bytes, chunk);
    return [];
  });
  attempt('the analysis', () => checkAnalysis(bytes, chunk, frames, options.vantage));
  attempt('the frame flags', () => checkFrameFlags(bytes, chunk, frames));
  return broken;
}

function feed(to: { push(chunk: Uint8Array): void; end(): void }, bytes: Uint8Array, chunk: number): void {
  for (let at = 0; at < bytes.length; at += chunk) to.push(bytes.subarray(at, at + chunk));
  to.end();
}

function checkAnalysis(
  bytes: Uint8Array,
  chunk: number,
  frames: ReadonlySet<number>,
  vantage: CaptureInput['vantage'],
): string[] {
  const report = reportOf(bytes, chunk, vantage);
  const json = JSON.stringify(report);
  const read = JSON.parse(json) as Report;
  return [
    ...checkReport(report),
    // What JSON cannot hold (NaN, undefined in a list) reads back as something else.
    ...checkReport(read),
    ...(chunk === WHOLE || JSON.stringify(reportOf(bytes, WHOLE, vantage)) === json
      ? []
      : [`chunks of ${chunk} bytes make another report`]),
    ...report.problems.filter((p) => p.code === 'rule-failed').map((p) => p.message),
    ...checkText(report),
    ...citedFrames(report)
      .filter(({ capture, frame }) => capture !== 'c1' || !frames.has(frame))
      .map(({ capture, frame }) => `frame ${frame} of ${capture} is cited and not there`),
  ];
}

function reportOf(bytes: Uint8Array, chunk: number, vantage: CaptureInput['vantage']): Report {
  // The ladder of every flow on a port that most inputs have, so that it is built, too.
  const analysis = createAnalysis({ tool: { name: 'fuzz', version: '0' }, ladderFor: ':80' });
  const input = { file: 'input.pcap', ...(vantage === undefined ? {} : { vantage }) };
  feed(analysis.addCapture(input), bytes, chunk);
  return analysis.finish();
}

const STYLE = detectStyle({ color: 'never', env: {}, isTerminal: false, columns: 100 });
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|NaN|undefined|Infinity|\[object/;

/** The report as people read it: it can be written, and has nothing in it that is no text. */
export function checkText(report: Report): string[] {
  return (['normal', 'verbose', 'flow'] as const).flatMap((detail) => {
    const found = UNPRINTABLE.exec(renderText(report, { style: STYLE, detail }));
    return found === null ? [] : [`the text holds ${JSON.stringify(found[0])}`];
  });
}

/** Every frame that a report rests on, wherever in it. */
export function citedFrames(value: unknown): FrameRef[] {
  if (Array.isArray(value)) return value.flatMap(citedFrames);
  if (typeof value !== 'object' || value === null) return [];
  const { capture, frame } = value as { capture?: unknown; frame?: unknown };
  // A problem may stand where the next frame would have been, and is no evidence.
  if ('offset' in value || ('code' in value && 'message' in value)) return [];
  if (typeof capture === 'string' && typeof frame === 'number') return [{ capture, frame }];
  return Object.values(value).flatMap(citedFrames);
}

function checkFrameFlags(bytes: Uint8Array, chunk: number, frames: ReadonlySet<number>): string[] {
  const broken: string[] = [];
  let last = 0;
  let streams = 0;
  const flags = createFrameFlags((frame, stream, names) => {
    if (frame <= last) broken.push(`frame ${frame} comes after ${last}`);
    if (!frames.has(frame)) broken.push(`frame ${frame} has flags and is not there`);
    // A frame can begin one stream and quote none, so numbers have no holes.
    if (!Number.isInteger(stream) || stream < 0 || stream > streams)
      broken.push(`frame ${frame} has stream ${stream}`);
    if (new Set(names).size !== names.length) broken.push(`frame ${frame} has a flag twice`);
    last = frame;
    streams = Math.max(streams, stream + 1);
  });
  feed(flags, bytes, chunk);
  return broken;
}
