/**
 * Time to pixels and back. Linear, or torn: long gaps without a frame shrink to a fixed width, and what
 * is between them shares the rest. Both directions rise strictly, so a point is always one time.
 * The trap: a tear is drawn narrow but holds times as well; a stall's bar crosses it, an event never does.
 */
import type { Window } from '../state/viewport.ts';

export interface Tear {
  readonly from: number;
  readonly to: number;
  readonly x: number;
}

export interface TimeScale {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  /** Where nothing is torn. */
  readonly nanosPerPixel: number;
  readonly tears: readonly Tear[];
  x(time: number): number;
  time(x: number): number;
}

/** Width of a gap that was torn out. */
export const TEAR_PIXELS = 36;
/** Narrower than that, a gap is not worth a tear. */
const LEAST_GAIN = 3;

export function linearScale({ from, to }: Window, width: number): TimeScale {
  const nanosPerPixel = (to - from) / Math.max(1, width) || 1;
  return {
    from,
    to,
    width,
    nanosPerPixel,
    tears: [],
    x: (time) => (time - from) / nanosPerPixel,
    time: (x) => from + x * nanosPerPixel,
  };
}

/** `gaps` in the order of time, not overlapping. */
export function tornScale(window: Window, width: number, gaps: readonly Window[]): TimeScale {
  const linear = linearScale(window, width);
  const torn = worthTearing(window, linear, gaps);
  if (torn.length === 0) return linear;
  const taken = torn.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const left = width - torn.length * TEAR_PIXELS;
  const nanosPerPixel = Math.max((window.to - window.from - taken) / left, 1e-6);
  const times = [window.from];
  const places = [0];
  const tears: Tear[] = [];
  for (const gap of torn) {
    const x = places.at(-1)! + (gap.from - times.at(-1)!) / nanosPerPixel;
    times.push(gap.from, gap.to);
    places.push(x, x + TEAR_PIXELS);
    tears.push({ from: gap.from, to: gap.to, x });
  }
  times.push(window.to);
  places.push(Math.max(width, places.at(-1)! + (window.to - times.at(-2)!) / nanosPerPixel));
  return {
    ...window,
    width,
    nanosPerPixel,
    tears,
    x: (time) => interpolate(times, places, time, 1 / nanosPerPixel),
    time: (x) => interpolate(places, times, x, nanosPerPixel),
  };
}

/** The widest gaps, cut to the window, of which at least something that is no gap remains beside them. */
function worthTearing(window: Window, linear: TimeScale, gaps: readonly Window[]): Window[] {
  const least = LEAST_GAIN * TEAR_PIXELS * linear.nanosPerPixel;
  const cut = gaps
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to - from >= least);
  const most = Math.floor(linear.width / (2 * TEAR_PIXELS));
  const chosen = new Set([...cut].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, most));
  const kept = cut.filter((gap) => chosen.has(gap));
  const taken = kept.reduce((sum, { from, to }) => sum + to - from, 0);
  return taken >= window.to - window.from ? [] : kept;
}

/** Between rising knots; beyond them straight on with `slope`. */
function interpolate(from: readonly number[], to: readonly number[], at: number, slope: number): number {
  const last = from.length - 1;
  if (at <= from[0]!) return to[0]! + (at - from[0]!) * slope;
  if (at >= from[last]!) return to[last]! + (at - from[last]!) * slope;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle]! <= at) low = middle;
    else high = middle;
  }
  const span = from[high]! - from[low]!;
  return span <= 0 ? to[low]! : to[low]! + ((at - from[low]!) / span) * (to[high]! - to[low]!);
}
