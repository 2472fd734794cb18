/**
 * Walks captures through the stages of the house, left to right, and hands
 * back the report. Bytes are pushed in; nothing is read here.
 */
import { type Diagnosis, diagnoseIncident } from './incident.ts';
import { buildTimeline, type IncidentTimeline } from './incident-timeline.ts';
import { type JournalInput, journalProblems, parseJournals } from './journals.ts';
import { type FlowJourneys, listJourneys } from './journey-list.ts';
import type { CaptureInput, NamedAnalysis } from './named-vantage.ts';
import type { Report } from './report/report.ts';
import type { Timeline } from './timeline/lane-index.ts';
import { type CaptureFile, note, type TimeWindow, VantageAnalysis } from './vantage-analysis.ts';

export type { CaptureInput } from './named-vantage.ts';

export interface AnalysisOptions {
  tool: { name: string; version: string };
  /** The captures ran at least to here (ns since the epoch). */
  until?: bigint;
  /** Only frames at or after / at or before these times (ns since the epoch) are looked at. */
  from?: bigint;
  to?: bigint;
  /** Flow id, or a tuple such as `10.0.0.1:4000-10.0.0.2:80` (either order, either half alone): gets its `ladder`. */
  ladderFor?: string;
  /** Keeps what the timeline is made of: `journeys()` and `timeline()` need it. 32 bytes a segment. */
  timeline?: boolean;
  /** So many connections of each capture are followed; `flowsThatFit` says how many a heap holds. Default and most 150,000. */
  mostFlows?: number;
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
  /** True once damage made the rest unreadable: no more bytes are wanted. */
  readonly stopped: boolean;
}

export interface Analysis {
  /** Captures are fed one after the other: end one before adding the next. */
  addCapture(input: CaptureInput): CaptureFeed;
  /** A gateway node's journal, or a log of conntrackd or keepalived, as further evidence; before or after the captures. */
  addJournal(input: JournalInput): void;
  /** All captures are in: decides, and returns the report. Call once. */
  finish(): Report;
  /**
   * After `finish()`, with the option `timeline`: the packets of each flow, followed from vantage to vantage. What
   * stalled comes first; after some 300,000 journeys the rest are left out.
   */
  journeys(): Iterable<FlowJourneys>;
  /** After `finish()`, with the option `timeline`: every segment, to be drawn. Its chunks can be had once. */
  timeline(): Timeline;
}

/** A new analysis; give it captures, then ask for the report. */
export function createAnalysis(options: AnalysisOptions): Analysis {
  const { from, to, until, timeline: recorded, mostFlows } = options;
  const window: TimeWindow = { from, to, until, recorded, mostFlows };
  const vantages: NamedAnalysis[] = [];
  const journalInputs: JournalInput[] = [];
  let captures = 0;
  let drawn: { readonly diagnosis: Diagnosis; readonly lanes: IncidentTimeline } | null = null;
  return {
    addCapture(input) {
      const named = vantageFor(input, vantages, window);
      const file = named.analysis.open(input.file, captures);
      captures += 1;
      named.inputs.push({ input, file });
      return toFeed(file);
    },
    addJournal(input) {
      journalInputs.push(input);
    },
    finish() {
      const journals = parseJournals(
        journalInputs,
        vantages.map((v) => v.analysis.origin),
      );
      const made = diagnoseIncident(vantages, journals, options);
      if (options.timeline === true) drawn = { diagnosis: made, lanes: buildTimeline(made) };
      made.report.problems.push(...journalProblems(journals));
      return made.report;
    },
    journeys() {
      if (drawn === null) throw new Error('journeys need the option `timeline`, and come after finish()');
      return listJourneys(drawn.diagnosis, drawn.lanes.origin);
    },
    timeline() {
      if (drawn === null) throw new Error('a timeline needs the option `timeline`, and comes after finish()');
      return drawn.lanes.timeline;
    },
  };
}

function vantageFor(input: CaptureInput, vantages: NamedAnalysis[], window: TimeWindow): NamedAnalysis {
  const said = input.vantage;
  const known = vantages.find((v) =>
    said === undefined
      ? v.said === undefined && isSameCollector(input, v)
      : v.said !== undefined && v.said.host === said.host && v.said.side === said.side,
  );
  if (known !== undefined) return known;
  const made: NamedAnalysis = { analysis: new VantageAnalysis(window), said, inputs: [] };
  vantages.push(made);
  return made;
}

const isSameCollector = ({ collected }: CaptureInput, { inputs: [first] }: NamedAnalysis): boolean =>
  collected !== undefined &&
  first?.input.collected?.collector === collected.collector &&
  first.input.collected.vantage === collected.vantage;

function toFeed(file: CaptureFile): CaptureFeed {
  return {
    push: (chunk) => file.reader.push(chunk),
    end: () => file.reader.end(),
    problem: ({ code, message }) => note(file, { code, message, kind: 'malformed', at: {} }),
    get frames() {
      return file.reader.frames;
    },
    get format() {
      return file.reader.format;
    },
    get stopped() {
      return file.reader.stopped;
    },
  };
}
