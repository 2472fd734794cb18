/**
 * How a capture's clock runs against the reference's, in words short enough for
 * a table. The trap: an offset without its error says nothing, and an error is
 * a bound, so it is rounded up.
 */
import { type CaptureNames, nameOf } from './capture-words.ts';
import type { Clock, Flow, Report } from './report.ts';
import { formatNumber, formatUtcTime } from './units.ts';

/** How "give or take" is written: `±`, or `+-`. */
export interface PlusMinus {
  readonly plusMinus: string;
}

/** Below this a drift is not worth its place: 0.18 ms in an hour. */
const LEAST_DRIFT_PPM = 0.05;

/** Every clock of the capture: `+0.046 ms ±0.012 ms`, with the time where it was set in between. */
export function describeClock(fits: readonly Clock[], style: PlusMinus): string {
  return fits
    .map((fit) => {
      const when = fits.length > 1 && fit.at !== undefined ? ` near ${formatUtcTime(fit.at)}` : '';
      return `${formatOffset(fit.offset)}${describeError(fit, style)}${describeDrift(fit, style)}${describeSource(fit)}${when}`;
    })
    .join('; then ');
}

const describeError = ({ error }: Clock, { plusMinus }: PlusMinus): string =>
  error === null ? ', not bounded' : ` ${plusMinus}${formatBound(error)}`;

/** What packets show needs no word. */
function describeSource({ by }: Clock): string {
  if (by === 'exchange') return ', by exchanges with one server';
  return by === 'hosts' ? ', as both hosts say' : '';
}

/** Something ties the clock: packets that match, or what collectors say. */
export const isTied = ({ pairs, by }: Clock): boolean => pairs > 0 || (by ?? 'packets') !== 'packets';

/** A drift that may as well be none is not said. */
function describeDrift({ skewPpm, skewErrorPpm }: Clock, { plusMinus }: PlusMinus): string {
  if (Math.abs(skewPpm) < Math.max(LEAST_DRIFT_PPM, skewErrorPpm ?? 0)) return '';
  const decimals = Math.abs(skewPpm) < 10 ? 1 : 0;
  const error = skewErrorPpm === undefined ? '' : ` ${plusMinus}${skewErrorPpm.toFixed(decimals)}`;
  return `, drift ${skewPpm > 0 ? '+' : ''}${skewPpm.toFixed(decimals)}${error} ppm`;
}

/** Signed, to the µs: `+0.046 ms`, `-2.500000 s`. */
export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds);
  const isLong = size >= 1;
  const [whole, fraction] = (isLong ? size.toFixed(6) : (size * 1000).toFixed(3)).split('.');
  const text = `${formatNumber(Number(whole))}.${fraction}`;
  const sign = text === '0.000' ? '' : seconds < 0 ? '-' : '+';
  return `${sign}${text} ${isLong ? 's' : 'ms'}`;
}

/** A bound in seconds, never rounded down: `0.006 ms`, `1.235 s`. */
export function formatBound(seconds: number): string {
  const isLong = seconds >= 1;
  // What a number cannot hold exactly must not become the next step.
  const steps = Math.ceil((isLong ? seconds : seconds * 1000) * 1000 - 1e-6);
  return `${formatNumber(Math.trunc(steps / 1000))}.${String(steps % 1000).padStart(3, '0')} ${isLong ? 's' : 'ms'}`;
}

/** How far the times of a flow's captures can be compared; nothing where there is one clock. */
export function describeClockErrors(
  { seenAt }: Flow,
  { clocks }: Pick<Report, 'clocks'>,
  names: CaptureNames,
): string[] {
  const own = clocks.filter(({ capture }) => seenAt.includes(capture));
  const bounded = own.map(({ error }) => error).filter((error) => error !== null);
  const open = new Set(own.filter(({ error }) => error === null).map(({ capture }) => capture));
  const facts = bounded.length > 0 ? [`clocks within ${formatBound(Math.max(...bounded))}`] : [];
  if (open.size > 0) {
    const whose = [...open].map((capture) => nameOf(capture, names)).join(' and ');
    facts.push(`no bound for the clock of ${whose}`);
  }
  return facts;
}
