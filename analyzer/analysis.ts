/**
 * Walks captures through the stages of the house, left to right, and hands
 * back the report. Bytes are pushed in; nothing is read here.
 */
import { linkTypeName } from '../packet/link-type.ts';
import { assertNever } from './assert.ts';
import { buildReport, type JudgedVantage } from './report/build-report.ts';
import { ReportClock } from './report/clock.ts';
import type { Capture, Report, ReportProblem, Role, Vantage } from './report/report.ts';
import { placeOfHost, vantageFromName } from './vantage/file-name.ts';
import { guessPlace, type Place, type PlaceGuess } from './vantage/vantage.ts';
import { type CaptureFile, note, type TimeWindow, VantageAnalysis } from './vantage-analysis.ts';
import { inferFailovers } from './verdict/inferred-failover.ts';
import { judgeCapture } from './verdict/judge.ts';

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
  /** What the user said it is (`VANTAGE=FILE`), else it is inferred. Files of one named vantage are one capture, cut; feed them in the order of time. */
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
  /** True once damage made the rest unreadable: no more bytes are wanted. */
  readonly stopped: boolean;
}

export interface Analysis {
  /** Captures are fed one after the other: end one before adding the next. */
  addCapture(input: CaptureInput): CaptureFeed;
  /** All captures are in: decides, and returns the report. Call once. */
  finish(): Report;
}

interface NamedAnalysis {
  readonly analysis: VantageAnalysis;
  readonly said: CaptureInput['vantage'];
  readonly inputs: { readonly input: CaptureInput; readonly file: CaptureFile }[];
}

/** A new analysis; give it captures, then ask for the report. */
export function createAnalysis(options: AnalysisOptions): Analysis {
  const window: TimeWindow = { from: options.from, to: options.to, until: options.until };
  const vantages: NamedAnalysis[] = [];
  let captures = 0;
  return {
    addCapture(input) {
      const named = vantageFor(input, vantages, window);
      const file = named.analysis.open(input.file, captures);
      captures += 1;
      named.inputs.push({ input, file });
      return toFeed(file);
    },
    finish() {
      return buildReport(
        vantages.map((v) => judgeVantage(v, captures)),
        options,
      );
    },
  };
}

function vantageFor(input: CaptureInput, vantages: NamedAnalysis[], window: TimeWindow): NamedAnalysis {
  const said = input.vantage;
  const known = vantages.find(
    (v) =>
      said !== undefined && v.said !== undefined && v.said.host === said.host && v.said.side === said.side,
  );
  if (known !== undefined) return known;
  const made: NamedAnalysis = { analysis: new VantageAnalysis(window), said, inputs: [] };
  vantages.push(made);
  return made;
}

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

function judgeVantage(named: NamedAnalysis, captureCount: number): JudgedVantage {
  const { analysis, inputs } = named;
  analysis.finish();
  const guess = guessPlace(analysis.watches, analysis.cooked);
  const { place, vantage, contradiction } = settleVantage(named, guess);
  const ids = Array.from({ length: captureCount }, (_, i) => `c${i + 1}`);
  const clock = new ReportClock(analysis.origin, ids);
  const covered = analysis.coveredUntil ?? 0;
  const flows = judgeCapture({
    watches: analysis.watches,
    arrivals: analysis.arrivals,
    marks: analysis.marks,
    place,
    coveredUntil: covered,
  });
  const problems = inputs.flatMap(({ file }) => problemsOf(file, ids[file.state.index] as string));
  for (const { verdict } of flows) {
    for (const id of verdict.failed) {
      problems.push({
        code: 'rule-failed',
        message: `a rule failed on a flow, which is a bug: ${id}`,
        at: { capture: ids[0] ?? '' },
      });
    }
  }
  if (contradiction !== null) {
    problems.push({
      code: 'vantage-contradicted',
      message: contradiction,
      at: { capture: ids[inputs[0]?.file.state.index ?? 0] as string },
    });
  }
  return {
    captures: inputs.map(({ file }) => toCapture(file, analysis, vantage, clock, ids)),
    role: vantage.role,
    clock,
    flows,
    exactStreams: analysis.exactStreams,
    failovers: inferFailovers(flows),
    problems,
  };
}

interface Settled {
  readonly place: Place;
  readonly vantage: Vantage;
  /** What the traffic says against what the user wrote; null where they agree. */
  readonly contradiction: string | null;
}

/** What the user wrote wins; a file name is only a guess, which the traffic confirms or corrects. */
function settleVantage(named: NamedAnalysis, guess: PlaceGuess): Settled {
  const { said, inputs } = named;
  if (said !== undefined) {
    const place = placeOfHost(said.host) === 'unknown' ? guess.place : placeOfHost(said.host);
    const against = !isCompatible(place, guess.place);
    return {
      place,
      vantage: { ...said, role: roleOf(place), inferred: false },
      contradiction: against
        ? `${said.host} was named a ${roleOf(place)}, but its traffic looks like a ${roleOf(guess.place)}'s: ${guess.because}`
        : null,
    };
  }
  const name = vantageFromName(inputs[0]?.input.file ?? '');
  const fits = name.place !== 'unknown' && isCompatible(name.place, guess.place);
  const place = fits ? name.place : guess.place;
  // A name that the traffic contradicts is not repeated as if it were true.
  const known = place === 'unknown' || fits || name.place === 'unknown';
  const host = fits || place === 'unknown' ? name.host : roleOf(place);
  const side = name.side === undefined || !known ? {} : { side: name.side };
  return { place, vantage: { host, ...side, role: roleOf(place), inferred: true }, contradiction: null };
}

/**
 * On a node's own links one end is next door, so a node's capture may look like
 * that end's; an end's own capture never looks like the other end's.
 */
const isCompatible = (named: Place, seen: Place): boolean =>
  seen === 'unknown' || named === seen || named === 'node';

function roleOf(place: Place): Role {
  switch (place) {
    case 'client':
    case 'node':
    case 'server':
    case 'unknown':
      return place;
    default:
      return assertNever(place);
  }
}

function problemsOf(file: CaptureFile, capture: string): ReportProblem[] {
  return file.problems.map((p) => ({ code: p.code, message: p.message, at: { capture, ...p.at } }));
}

function toCapture(
  file: CaptureFile,
  analysis: VantageAnalysis,
  vantage: Vantage,
  clock: ReportClock,
  ids: readonly string[],
): Capture {
  const { state, reader } = file;
  const covered = analysis.coverageOf(file);
  const drops = reader.interfaces.map((i) => i.dropped).filter((d): d is number => d !== null);
  return {
    id: ids[state.index] as string,
    file: state.file,
    format: reader.format ?? 'unknown',
    linkTypes: [...file.linkTypes].map((t) => linkTypeName(t)),
    vantage,
    frames: reader.frames,
    firstTime: state.firstTime === null ? null : clock.time(state.firstTime),
    lastTime: state.lastTime === null ? null : clock.time(state.lastTime),
    coveredUntil: covered === null ? null : clock.time(covered),
    snaplen: reader.interfaces.length === 0 ? null : Math.max(...reader.interfaces.map((i) => i.snaplen)),
    dropped: drops.length === 0 ? null : drops.reduce((a, b) => a + b, 0),
    truncated: reader.truncated,
    interfaces: reader.interfaces.map((i) => ({
      name: i.name ?? null,
      linkType: linkTypeName(i.linkType),
      snaplen: i.snaplen,
      dropped: i.dropped,
    })),
  };
}
