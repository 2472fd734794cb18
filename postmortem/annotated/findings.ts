/**
 * What a report says of frames: numbered findings, in the order of the report.
 * The trap: a sentence that several flows share is a finding of each, for its frames are that flow's.
 */
import {
  type Capture,
  type Claim,
  type Flow,
  type FrameRef,
  formatEndpoint,
  type Report,
  type Stall,
  vantageName,
} from '../../analyzer/index.ts';

export interface Finding {
  /** From 1. */
  readonly number: number;
  /** One sentence, with its flow. */
  readonly text: string;
  readonly frames: readonly FrameRef[];
}

/** Every finding that cites a frame. */
export function findingsOf(report: Report): Finding[] {
  const findings: Finding[] = [];
  const add = (text: string, frames: readonly FrameRef[]): void => {
    if (frames.length > 0) findings.push({ number: findings.length + 1, text, frames });
  };
  const addClaims = (claims: readonly Claim[], of: string): void => {
    for (const { text, frames } of claims) add(`${text}${of}`, frames);
  };
  for (const { id, marks } of report.failovers) addClaims(marks, ` (failover ${id})`);
  addClaims(report.path.claims, '');
  for (const flow of report.flows) {
    const of = ` (flow ${flow.id}, ${formatEndpoint(flow.client)} to ${formatEndpoint(flow.server)})`;
    for (const stall of flow.stalls) {
      add(`${beforeStall(stall)}${of}`, [stall.frames.last]);
      if (stall.frames.first) add(`${afterStall(stall)}${of}`, [stall.frames.first]);
    }
    const { endedBy } = flow;
    if (endedBy) add(`${endText(endedBy)}${of}`, [endedBy.frame]);
    addClaims(flow.claims, of);
  }
  return findings;
}

function beforeStall({ duration, waiting, end }: Stall): string {
  const length = `${duration.toFixed(3)} s`;
  const lasts = end === null ? `at least ${length}, to the end of the captures` : length;
  return `last frame before a stall of ${lasts}; the ${waiting} waits`;
}

const afterStall = ({ duration }: Stall): string => `first frame after the stall of ${duration.toFixed(3)} s`;

const endText = ({ who, how }: NonNullable<Flow['endedBy']>): string =>
  `this ${how} ended the flow; ${who === 'unknown' ? 'who sent it is not known' : `sent by the ${who.replace('-', ' ')}`}`;

/** What is put into a comment, so that a display filter finds the frames of one finding. */
export const tagOf = ({ number }: Finding): string => `[finding ${number}]`;

/** Holds in every version of the file, however its frames are numbered. */
export const commentFilter = (finding: Finding): string => `frame.comment contains "${tagOf(finding)}"`;

/** A capture as comments name it: by its vantage, and by its file where several are of that vantage. */
export function captureLabels(captures: readonly Capture[]): Map<string, string> {
  return new Map(
    captures.map((one) => {
      const name = vantageName(one);
      const isOnly = captures.every((other) => other === one || vantageName(other) !== name);
      return [one.id, isOnly ? name : `${name} (${one.file})`];
    }),
  );
}

/** Findings by capture and frame. */
export function byFrame(findings: readonly Finding[]): Map<string, Map<number, Finding[]>> {
  const captures = new Map<string, Map<number, Finding[]>>();
  for (const finding of findings) {
    for (const { capture, frame } of finding.frames) {
      const frames = captures.get(capture) ?? new Map<number, Finding[]>();
      captures.set(capture, frames);
      const there = frames.get(frame) ?? [];
      if (there.at(-1) !== finding) frames.set(frame, [...there, finding]);
    }
  }
  return captures;
}
