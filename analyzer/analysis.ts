/**
 * Walks captures through the stages of the house, left to right, and hands
 * back the report. Bytes are pushed in; nothing is read here.
 */
import type { Report } from './report/report.ts';

export interface AnalysisOptions {
  tool: { name: string; version: string };
  /** The captures ran at least to here (ns since the epoch). */
  until?: bigint;
  /** Only frames at or after / at or before these times (ns since the epoch) are looked at. */
  from?: bigint;
  to?: bigint;
  /** Flow id, or a tuple such as `10.0.0.1:4000-10.0.0.2:80` (either order, either half alone): gets its `ladder`. */
  ladderFor?: string;
}

export interface CaptureInput {
  /** As the user named it; shown in the report. */
  file: string;
  /** What the user said it is (`VANTAGE=FILE`), else it is inferred. */
  vantage?: { host: string; side?: 'in' | 'out' };
}

/** Takes the (decompressed) bytes of one capture, in chunks of any size. */
export interface CaptureFeed {
  push(chunk: Uint8Array): void;
  end(): void;
  /** A problem that whoever read the file met (a damaged gzip, for example): goes into the report. */
  problem(problem: { code: string; message: string }): void;
  /** Frames read so far, for progress. */
  readonly frames: number;
  /** Null when the bytes were no capture at all. */
  readonly format: string | null;
}

export interface Analysis {
  /** Captures are fed one after the other: end one before adding the next. */
  addCapture(input: CaptureInput): CaptureFeed;
  /** All captures are in: decides, and returns the report. Call once. */
  finish(): Report;
}

export function createAnalysis(_options: AnalysisOptions): Analysis {
  throw new Error('not wired yet');
}
