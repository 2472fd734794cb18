/**
 * Where a vantage was taken by what the user wrote, else by the file's name,
 * which is only a guess until the traffic agrees; and the vantage's captures as
 * the report lists them.
 */
import { fileNoteOf } from '../packet/file/collector-note.ts';
import { linkTypeName } from '../packet/link-type.ts';
import type { Nanos } from '../packet/time.ts';
import { assertNever } from './assert.ts';
import type { CaptureGap } from './capture/capture-gaps.ts';
import { captureOf } from './flow/frame-id.ts';
import { nameOf } from './flow/samples.ts';
import type { Sighting } from './flow/trail.ts';
import type { ReportClock } from './report/clock.ts';
import type { Capture, Gap, ReportProblem, Role, Vantage } from './report/report.ts';
import { type NamedVantage, placeOfHost, vantageFromName } from './vantage/file-name.ts';
import type { Place, PlaceGuess } from './vantage/vantage.ts';
import type { CaptureFile, VantageAnalysis } from './vantage-analysis.ts';

export interface CaptureInput {
  /** As the user named it; shown in the report. */
  file: string;
  /** What the user said it is (`VANTAGE=FILE`), else it is inferred. Files of one named vantage are one capture, cut; feed them in the order of time. */
  vantage?: { host: string; side?: 'in' | 'out' };
  /** What the file's beginning says of the collector that wrote it (`packet/file/feeding-order.ts`). Files of one collector and vantage are one capture, cut: feed them in the order of their numbers. */
  collected?: { readonly collector: string; readonly vantage: string };
}

/** Names may have dots (`fw1.example.net`), but no slash. */
const VANTAGE = /^([A-Za-z0-9][\w.-]*?)(?:\.(in|out))?$/;

/** `node-b.out` as what it names; null where it is no name of a vantage. */
export function parseVantage(text: string): NonNullable<CaptureInput['vantage']> | null {
  const [, host, side] = VANTAGE.exec(text) ?? [];
  if (host === undefined) return null;
  return { host, ...(side !== undefined && { side: side as 'in' | 'out' }) };
}

export interface NamedAnalysis {
  readonly analysis: VantageAnalysis;
  readonly said: CaptureInput['vantage'];
  readonly inputs: { readonly input: CaptureInput; readonly file: CaptureFile }[];
}

export interface Settled {
  readonly place: Place;
  readonly vantage: Vantage;
  /** What the traffic says against what the user wrote; null where they agree. */
  readonly contradiction: string | null;
  /** The user said it, or the file's name does and the traffic agrees. */
  readonly isNamed: boolean;
}

/** What the user wrote wins; a file name is only a guess, which the traffic confirms or corrects. */
export function settleVantage(named: NamedAnalysis, guess: PlaceGuess): Settled {
  const { said, inputs } = named;
  if (said !== undefined) {
    const place = placeOfHost(said.host) === 'unknown' ? guess.place : placeOfHost(said.host);
    const against = isCompatible(place, guess.place)
      ? null
      : `${said.host} was named a ${roleOf(place)}, but its traffic looks like a ${roleOf(guess.place)}'s: ${guess.because}`;
    return {
      place,
      vantage: { ...said, role: roleOf(place), inferred: false },
      contradiction: against ?? mergedByName(named),
      isNamed: true,
    };
  }
  const name = nameByCollector(named, guess) ?? vantageFromName(inputs[0]?.input.file ?? '');
  const fits = name.place !== 'unknown' && isCompatible(name.place, guess.place);
  const place = fits ? name.place : guess.place;
  // A name that the traffic contradicts is not repeated as if it were true.
  const known = place === 'unknown' || fits || name.place === 'unknown';
  const host = fits || place === 'unknown' ? name.host : roleOf(place);
  const side = name.side === undefined || !known ? {} : { side: name.side };
  return {
    place,
    vantage: { host, ...side, role: roleOf(place), inferred: true },
    contradiction: null,
    isNamed: fits,
  };
}

/** Whoever configured the collector named the vantage: also a host whose name says nothing is of some place. */
function nameByCollector({ analysis }: NamedAnalysis, guess: PlaceGuess): NamedVantage | null {
  const note = analysis.fileNote;
  const named = note === null ? null : parseVantage(note.vantage);
  if (named === null) return null;
  const { host, side } = named;
  const place = side !== undefined ? 'node' : placeOfHost(host);
  return { host, place: place === 'unknown' ? guess.place : place, ...(side !== undefined && { side }) };
}

/** Fewer copies than this may be one file's end and the next one's beginning. */
const FEW = 3;
/** A copy of a packet at another place is no later than this. */
const ONE_PASSAGE: Nanos = 180_000_000;

/**
 * Files of one name are one capture that was cut. Two that ran at once and hold
 * the same packets, each at a time of its own, were taken at two places.
 */
export function mergedByName({ inputs, said, analysis }: NamedAnalysis): string | null {
  const [first, ...others] = inputs;
  if (said === undefined || first === undefined || others.length === 0 || !overlap(inputs)) return null;
  const copies = new Map<number, number>();
  for (const { connection } of analysis.watches) {
    const seen = new Map<number, Sighting>();
    for (const row of analysis.trails.of(connection.flow.index)) {
      const name = nameOf(row);
      const other = seen.get(name);
      seen.set(name, row);
      if (other === undefined || other.sender !== row.sender || captureOf(other.id) === captureOf(row.id))
        continue;
      if (row.time === other.time || row.time - other.time > ONE_PASSAGE) continue;
      const later = Math.max(captureOf(row.id), captureOf(other.id));
      copies.set(later, (copies.get(later) ?? 0) + 1);
    }
  }
  const copied = others.find(({ file }) => (copies.get(file.state.index) ?? 0) >= FEW);
  if (copied === undefined) return null;
  const files = inputs.map(({ input }) => input.file).join(' and ');
  const name = said.side === undefined ? said.host : `${said.host}.${said.side}`;
  return `${files} were all named ${name}, but they hold the same packets at different times: they were taken at different places`;
}

/** Some file begins before the one that was given before it ends. */
const overlap = (inputs: NamedAnalysis['inputs']): boolean =>
  inputs.some(({ file }, i) => {
    const before = inputs[i - 1]?.file.state.lastTime ?? null;
    return before !== null && file.state.firstTime !== null && file.state.firstTime < before;
  });

/**
 * On a node's own links one end is next door, so a node's capture may look like
 * that end's; an end's own capture never looks like the other end's.
 */
const isCompatible = (named: Place, seen: Place): boolean =>
  seen === 'unknown' || named === seen || named === 'node';

export function roleOf(place: Place): Role {
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

export function problemsOf(file: CaptureFile, capture: string): ReportProblem[] {
  return file.problems.map((p) => ({ code: p.code, message: p.message, at: { capture, ...p.at } }));
}

export function toCapture(
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
    ...byCollector(file, analysis, clock),
  };
}

function byCollector(
  { state, reader }: CaptureFile,
  { gaps }: VantageAnalysis,
  clock: ReportClock,
): Pick<Capture, 'gaps' | 'collector'> {
  const own = gaps.filter((g) => g.file === state.index);
  const note = fileNoteOf(reader.notes.collector);
  return {
    ...(own.length > 0 && { gaps: own.map((g) => toGap(g, clock)) }),
    ...(note !== null && {
      collector: { host: note.host, engine: note.engine, stamps: note.stamps, number: note.number },
    }),
  };
}

const toGap = ({ interface: name, from, to, why, packets }: CaptureGap, clock: ReportClock): Gap => ({
  interface: name,
  // A capture without any time of its own was blind all the while.
  from: Number.isFinite(from) ? clock.time(from) : clock.time(0),
  to: Number.isFinite(to) ? clock.time(to) : null,
  why,
  ...(packets !== null && { packets }),
});
