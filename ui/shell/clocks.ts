/**
 * How a capture's clock stands to the others', and whether all captures line up, in words.
 * The trap: an offset without its error says nothing, and an error is a bound: it is rounded up. That of a
 * fit holds where packets matched; over all that a vantage captured it is greater, and lanes are drawn by that.
 */
import type { Capture, Clock, Gap, TimelineVantage } from '../../analyzer/index.ts';
import type { ReportHead } from '../../server/api.ts';
import { formatDuration, formatTime, toTimeline } from '../state/time.ts';
import { type CaptureNames, captureNames, count, nameOf } from './units.ts';

/** A clock that is off by more than this no longer orders what gateways do. */
const GOOD_ERROR = 0.001;

/** `automatic: 214 matched packets, +1.200 ms ±0.040 ms`; one entry a stretch where the clock was set. */
export function describeClock(
  capture: Capture,
  report: ReportHead,
  vantages: readonly TimelineVantage[] = [],
): string[] {
  if (capture.frames === 0) return ['no frame, so no clock'];
  if (report.captures.length < 2) return ['the only one: nothing to align'];
  const own = report.clocks.filter((clock) => clock.capture === capture.id);
  if (own.length > 0) return [...own.map(describeFit), ...describeReach(capture, own, vantages)];
  const isReference = report.clocks.some(({ reference }) => reference === capture.id);
  return [isReference ? 'reference: all times are by this clock' : 'nothing ties this clock'];
}

/** What stands in for packets where two captures share none. */
const SOURCES = { exchange: 'exchanges with one server', hosts: 'both hosts say so' } as const;

function describeFit({ pairs, offset, error, by = 'packets' }: Clock): string {
  if (pairs === 0 && by === 'packets') return 'nothing ties this clock';
  const bound = error === null ? ', error not bounded' : ` ±${formatBound(error)}`;
  const source = by === 'packets' ? count(pairs, 'matched packet') : SOURCES[by];
  return `automatic: ${source}, ${formatOffset(offset)}${bound}`;
}

/** What bounds the clock everywhere in the capture, where that is more than where packets matched. */
function describeReach(
  { id }: Capture,
  own: readonly Clock[],
  vantages: readonly TimelineVantage[],
): string[] {
  const reach = (vantages.find(({ captures }) => captures.includes(id))?.clockError ?? 0) / 1e9;
  const worst = worstOf(own);
  return formatBound(reach) === formatBound(Math.min(reach, worst))
    ? []
    : [`±${formatBound(reach)} away from the matches`];
}

const worstOf = (clocks: readonly Clock[]): number => Math.max(0, ...clocks.map(({ error }) => error ?? 0));

/** Signed, to the µs: `+0.046 ms`, `−2.500 s`. */
export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds);
  const text = size >= 1 ? `${size.toFixed(6)} s` : `${(size * 1000).toFixed(3)} ms`;
  const sign = Number.parseFloat(text) === 0 ? '' : seconds < 0 ? '\u2212' : '+';
  return `${sign}${text}`;
}

/** Never rounded down. */
export function formatBound(seconds: number): string {
  const unit = seconds >= 1 ? 's' : 'ms';
  const value = seconds >= 1 ? seconds : seconds * 1000;
  // What a number cannot hold exactly must not become the next step.
  return `${(Math.ceil(value * 1000 - 1e-6) / 1000).toFixed(3)} ${unit}`;
}

export interface Alignment {
  readonly tone: 'good' | 'caution';
  readonly text: string;
}

/** The one line over the cards: green when all captures can be compared, amber with the reason when not. */
export function describeAlignment(report: ReportHead, vantages: readonly TimelineVantage[] = []): Alignment {
  const { captures, clocks } = report;
  if (captures.length === 0) return { tone: 'caution', text: 'no capture among the files' };
  if (captures.length === 1) {
    const loss = lossOf(captures, captureNames(captures));
    const text =
      'one capture: what happened between the points of the path is inferred; a second one would show it';
    return { tone: 'caution', text: loss === '' ? text : `${loss}; ${text}` };
  }
  const names = captureNames(captures);
  // What holds no frame has no clock; where it was taken, only its name can say.
  const held = captures.filter(({ frames }) => frames > 0);
  const empty = captures.filter(({ frames, vantage }) => frames === 0 && vantage.role === 'unknown');
  const unplaced = empty.map(({ file }) => `${file} holds no frame: say where it was taken, it may decide`);
  const open = held.filter(({ id }) => !isTied(id, clocks)).map(({ id }) => nameOf(id, names));
  if (open.length > 0) unplaced.unshift(`no bound for the clock of ${open.join(', ')}`);
  if (unplaced.length > 0) return { tone: 'caution', text: unplaced.join('; ') };
  const worst = Math.max(worstOf(clocks), ...vantages.map(({ clockError }) => (clockError ?? 0) / 1e9));
  const base = `all ${captures.length} captures line up (worst error ${formatBound(worst)})`;
  const loss = lossOf(captures, names);
  if (loss !== '') return { tone: 'caution', text: `${base}, but ${loss}` };
  return worst > GOOD_ERROR
    ? { tone: 'caution', text: `${base}: too coarse to order what happens within ${formatDuration(worst)}` }
    : { tone: 'good', text: base };
}

/** Which captures lost something; '' where none did. */
function lossOf(captures: readonly Capture[], names: CaptureNames): string {
  return captures
    .filter(({ dropped, truncated }) => (dropped ?? 0) > 0 || truncated)
    .map((one) => describeLoss(one, nameOf(one.id, names)))
    .join(', ');
}

const describeLoss = ({ dropped, truncated }: Capture, name: string): string =>
  truncated ? `${name} was cut short` : `${name} dropped ${count(dropped ?? 0, 'packet')}`;

function isTied(capture: string, clocks: readonly Clock[]): boolean {
  const own = clocks.filter((clock) => clock.capture === capture);
  if (own.length === 0) return clocks.some(({ reference }) => reference === capture);
  return own.every(({ error }) => error !== null);
}

/** `did not run from 11:07:02.601 for 2.000 s: tcpdump was ended by SIGKILL` */
export function describeGap({ from, to, why, packets }: Gap): string {
  const what = packets === undefined ? 'did not run' : `lost ${count(packets, 'packet')}`;
  const long = to === null ? 'to its end' : `for ${(Number(BigInt(to) - BigInt(from)) / 1e9).toFixed(3)} s`;
  return `${what} from ${formatTime(toTimeline(from))} ${long}: ${why}`;
}
