/**
 * Takes the analyzer's place in tests of the command: reads captures with the
 * real reader and answers with a report about one hung flow. The headline
 * says how it was called, so that tests can see what arrived.
 */
import type {
  Analysis,
  AnalysisOptions,
  Capture,
  CaptureFeed,
  CaptureInput,
  JournalInput,
  ReportProblem,
} from '../analyzer/index.ts';
import { createCaptureReader } from '../packet/file/reader.ts';
import {
  frame,
  ladderRow,
  observed,
  sampleCapture,
  sampleFlow,
  sampleReport,
  sampleStall,
} from './sample-report.ts';

export function createAnalysis(options: AnalysisOptions): Analysis {
  const captures: Capture[] = [];
  const problems: ReportProblem[] = [];
  const journals: JournalInput[] = [];
  return {
    addJournal(input) {
      journals.push(input);
      for (const problem of input.problems ?? []) problems.push({ ...problem, at: { capture: input.file } });
    },
    addCapture(input) {
      const capture = sampleCapture('client', {
        id: `capture-${captures.length + 1}`,
        file: input.file,
        frames: 0,
      });
      captures.push(capture);
      return createFeed(capture, input, problems);
    },
    finish() {
      if (options.ladderFor === 'a bug') throw new TypeError('cannot read this of undefined');
      const isAsked = options.ladderFor !== undefined && options.ladderFor !== 'nothing';
      const flow = sampleFlow(1, {
        outcome: 'hung',
        candidates: ['no-state-drop', 'stale-path'],
        stalls: [sampleStall(60, { end: null })],
        claims: [observed('last data from the server', frame('capture-1', 12))],
        ...(isAsked && { ladder: [ladderRow(0, 12, 'server', { label: 'last data before the stall' })] }),
      });
      return sampleReport(describeCall(options, captures, journals), [flow], { captures, problems });
    },
    journeys: () => [],
    timeline() {
      throw new Error('not asked for');
    },
  };
}

function createFeed(capture: Capture, input: CaptureInput, problems: ReportProblem[]): CaptureFeed {
  const report = ({ code, message }: { code: string; message: string }): void => {
    problems.push({ code, message, at: { capture: capture.id } });
  };
  const reader = createCaptureReader({ packet() {}, problem: report });
  if (input.vantage) capture.vantage = { ...capture.vantage, ...input.vantage, inferred: false };
  return {
    push: (chunk) => reader.push(chunk),
    end() {
      reader.end();
      capture.frames = reader.frames;
      capture.truncated = reader.truncated;
    },
    problem: report,
    get frames() {
      return reader.frames;
    },
    get format() {
      return reader.format;
    },
    get stopped() {
      return reader.stopped;
    },
  };
}

function describeCall(
  { from, to, until }: AnalysisOptions,
  captures: readonly Capture[],
  journals: readonly JournalInput[],
): string {
  const times = Object.entries({ from, to, until }).filter(([, time]) => time !== undefined);
  const frames = captures.reduce((sum, capture) => sum + capture.frames, 0);
  const facts = times.map(([name, time]) => `${name} ${time}`);
  for (const { node, text, zone } of journals) {
    facts.push(`journal of ${node ?? 'nobody'} with ${text.length} characters, zone ${zone ?? 'unsaid'}`);
  }
  return ['One flow hangs', `${frames} frames read`, ...facts].join(', ');
}
