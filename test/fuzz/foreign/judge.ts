/**
 * One capture through everything: the reader, the dissection of each frame, the whole diagnosis with its
 * timeline and journeys, JSON, text in each detail, the frame flags; where it is short, also the laws of
 * mutated captures, other chunks among them.
 */
import { createReadStream } from 'node:fs';
import { createAnalysis, type Report } from '../../../analyzer/index.ts';
import { feedCapture } from '../../../packet/file/feed.ts';
import { createCaptureReader } from '../../../packet/file/reader.ts';
import { dissectFrame } from '../../../packet/wire/dissect.ts';
import { checkReport } from '../../report-shape.ts';
import { checkLaws, checkText, citedFrames } from '../laws.ts';

export interface Judgement {
  readonly format: string | null;
  readonly frames: number;
  /** Codes of what was wrong with the file. */
  readonly problems: readonly string[];
  /** What it breaks, a sentence each. */
  readonly broken: readonly string[];
  readonly headline: string;
  readonly flows: number;
  readonly failovers: number;
  /** Of the flows, without those that nothing happened to. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Read a few times over, in chunks of a few bytes. */
const SHORT = 512 * 1024;
const LONGEST_MS = 20_000;

/** @throws on any fault that is a crash */
export async function judgeCapture(path: string): Promise<Judgement> {
  const broken: string[] = [];
  const kept: Uint8Array[] = [];
  let bytes = 0;
  const problems: string[] = [];
  const reader = createCaptureReader({
    packet(record) {
      // A frame of no bytes at all has none.
      const layers = dissectFrame(record).length;
      if (layers === 0 && record.originalLength > 0) broken.push(`frame ${record.frame} has no layer`);
    },
    problem: ({ code }) => problems.push(code),
  });
  await feedCapture(
    createReadStream(path),
    {
      push(chunk) {
        reader.push(chunk);
        bytes += chunk.length;
        if (bytes <= SHORT) kept.push(chunk);
      },
      end: () => reader.end(),
      problem: ({ code }) => problems.push(code),
      get format() {
        return reader.format;
      },
      get stopped() {
        return reader.stopped;
      },
    },
    () => {},
  );
  const { report, frames } = await diagnose(path, broken);
  if (frames !== reader.frames)
    broken.push(`the diagnosis has ${frames} frames, the reader ${reader.frames}`);
  if (bytes <= SHORT) broken.push(...checkLaws(Buffer.concat(kept), { seed: 3, longestMs: LONGEST_MS }));
  const outcomes: Record<string, number> = {};
  for (const { outcome } of report.flows) {
    if (outcome !== 'unaffected') outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return {
    format: reader.format,
    frames: reader.frames,
    problems: [...new Set(problems)],
    broken: [...new Set(broken)].slice(0, 20),
    headline: report.headline,
    flows: report.flows.length,
    failovers: report.failovers.length,
    outcomes,
  };
}

async function diagnose(path: string, broken: string[]): Promise<{ report: Report; frames: number }> {
  const analysis = createAnalysis({ tool: { name: 'fuzz', version: '0' }, timeline: true });
  const feed = analysis.addCapture({ file: 'input.pcap' });
  await feedCapture(createReadStream(path), feed, () => {});
  const { frames } = feed;
  const report = analysis.finish();
  for (const { journeys } of analysis.journeys()) JSON.stringify(journeys);
  const timeline = analysis.timeline();
  for (const { bytes } of timeline.chunks()) if (bytes.length === 0) broken.push('an empty chunk');
  timeline.directory();
  broken.push(
    ...checkReport(JSON.parse(JSON.stringify(report)) as Report),
    ...checkText(report),
    ...report.problems.filter((p) => p.code === 'rule-failed').map((p) => p.message),
    ...citedFrames(report)
      .filter(({ frame }) => frame < 1 || frame > frames)
      .map(({ frame }) => `frame ${frame} is cited and not there`),
  );
  return { report, frames };
}
