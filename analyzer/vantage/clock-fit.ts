/**
 * How one capture's clock runs against another's, from packets that both hold.
 * No packet arrives before it was sent: with d = b - a, the offset θ is at most
 * d for every packet that passed A first, and at least d for every one that
 * passed B first. With θ(t) = offset + skew (t - at) these are lines in a strip
 * (strip.ts), and half the smallest round trip bounds how far the middle one
 * is off, however that trip is shared out between the two ways.
 * The trap: "certain" holds for clocks that run evenly between two steps. A
 * step smaller than the round trip cannot be told from delay.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import { type ClockPair, inOrder, toPoints } from './clock-pair.ts';
import { findSteps } from './clock-steps.ts';
import { distance, type Line, likeliestLine } from './likeliest-line.ts';
import {
  courseAt,
  coursesOf,
  MAX_SLOPE,
  type Point,
  ROUNDING,
  relax,
  type Strip,
  slopesWiderThan,
  stripOf,
  widthOf,
} from './strip.ts';

export type { ClockPair } from './clock-pair.ts';
export { orientation } from './orientation.ts';

/** One clock against another, between two steps of either. */
export interface ClockLine {
  /** The first and the last packet of the stretch, by the own clock. */
  readonly from: Nanos;
  readonly until: Nanos;
  /** Own time at which `offset` holds: the first packet's. */
  readonly at: Nanos;
  /** ns: the own clock minus the other. */
  readonly offset: number;
  /** Drift of the own clock against the other, dimensionless (1e-6 = 1 ppm). */
  readonly skew: number;
  /** The part of the stretch, by the own clock, in which its packets hold the line fast. */
  readonly firm: readonly [from: Nanos, until: Nanos];
  /** ns: where it is firm the line is certainly not further off; null where packets went only one way. */
  readonly error: number | null;
  /** ns: the same at `from` and at `until`; nothing bounds it where `error` is null. */
  readonly endErrors: readonly [from: number, until: number];
  /** `skew` is not further off than this, dimensionless. */
  readonly skewError: number;
  /** Packets that it rests on, A→B and B→A. */
  readonly pairs: readonly [number, number];
  /** What it rests on in their stead: exchanges of both hosts with one server, or their word that they are synchronised. */
  readonly by?: 'exchange' | 'hosts' | undefined;
}

/** B's clock against A's. */
export interface ClockFit extends ClockLine {
  /** ns: the fastest packets there and back together, by this line; null where packets went only one way. */
  readonly minRtt: number | null;
}

/** No queue holds a packet for so long: it was taken for another. It bounds nothing, but it would tell a wrong time. */
const LONGEST_QUEUE: Nanos = seconds(2);

/**
 * B's clock against A's: a stretch for every time between two steps, in the order in which they
 * happened, as far as the times tell (a clock that was set back reads the same times twice). None
 * without pairs.
 */
export function fitClocks(pairs: readonly ClockPair[]): ClockFit[] {
  if (pairs.length === 0) return [];
  const fits = fitInOrder(pairs, 'b');
  if (fits.length === 1) return fits;
  // Where B's clock was set back its times are out of order, and A's are not.
  const others = fitInOrder(pairs, 'a');
  const better = fits.length - others.length || countPairs(others) - countPairs(fits);
  return better > 0 ? others : fits;
}

/**
 * ns by which the line may be off at `t`: more where it is not firm, and beyond its stretch as much more as the
 * drift is not known. Null: nothing bounds it.
 */
export function errorAt(line: ClockLine, t: Nanos): number | null {
  const { error, firm, endErrors, from, until, skewError } = line;
  if (error === null) return null;
  if (t < from) return endErrors[0] + skewError * (from - t);
  if (t > until) return endErrors[1] + skewError * (t - until);
  if (t < firm[0]) return between(t, [from, endErrors[0]], [firm[0], error]);
  if (t > firm[1]) return between(t, [until, endErrors[1]], [firm[1], error]);
  return error;
}

/** How far the worst line is off grows the faster the further out: a straight line between two points lies above that. */
const between = (t: Nanos, [x, y]: readonly [Nanos, number], [u, v]: readonly [Nanos, number]): number =>
  y + ((v - y) * (t - x)) / (u - x);

function fitInOrder(pairs: readonly ClockPair[], clock: 'a' | 'b'): ClockFit[] {
  const sorted = inOrder(pairs, clock);
  const starts = findSteps(toPoints(sorted, clock));
  return starts.map((start, i) => fitStretch(inOrder(sorted.slice(start, starts[i + 1]), 'b')));
}

const countPairs = (fits: readonly ClockFit[]): number =>
  fits.reduce((sum, { pairs: [there, back] }) => sum + there + back, 0);

/** Fits pairs between which no clock was set, in the order of B's times. */
function fitStretch(pairs: readonly ClockPair[]): ClockFit {
  const base = pairs[0] as ClockPair;
  const points = believable(toPoints(pairs, 'b'));
  const strip = stripOf(points);
  const line = likeliestLine(strip);
  const first = (points[0] as Point).x;
  const last = (points[points.length - 1] as Point).x;
  const there = points.filter((p) => p.way === 1).length;
  const { firm, ...rest } = doubt(strip, line, [first, last]);
  return {
    from: base.b + first,
    until: base.b + last,
    firm: [base.b + firm[0], base.b + firm[1]],
    at: base.b + first,
    offset: base.b - base.a + line.height + line.slope * first,
    skew: line.slope,
    pairs: [there, points.length - there],
    ...rest,
  };
}

/** Without the points that contradict others, and without those that no line comes near. */
function believable(points: readonly Point[]): readonly Point[] {
  // Any number may go: the last point left contradicts nothing.
  const strip = relax(stripOf(points), () => true) as Strip;
  const line = likeliestLine(strip);
  const furthest = widthOf(courseAt(strip, line.slope)) + LONGEST_QUEUE;
  return points.filter((p, i) => !strip.dropped.has(i) && distance(p, line) <= furthest);
}

/** ns by which the error may grow toward the ends of the stretch before they count as not firm: no two events are so close. */
const FIRM: Nanos = 20_000;

/** How far any line of the strip is from the one that was chosen. The lines are a polygon: its corners are the worst. */
function doubt(
  strip: Strip,
  line: Line,
  [first, last]: readonly [Nanos, Nanos],
): Pick<ClockFit, 'error' | 'endErrors' | 'skewError' | 'minRtt' | 'firm'> {
  if (strip.above.length === 0 || strip.below.length === 0) {
    const skewError = MAX_SLOPE + Math.abs(line.slope);
    return { error: null, endErrors: [0, 0], skewError, minRtt: null, firm: [first, last] };
  }
  const courses = coursesOf(strip);
  const [least, most] = slopesWiderThan(courses, 0) as [number, number];
  const inside = courses.filter(({ slope }) => slope > least && slope < most);
  const corners = [courseAt(strip, least), ...inside, courseAt(strip, most)];
  const off = (x: Nanos): number =>
    corners.reduce((worst, { slope, high, low }) => {
      const tilt = (slope - line.slope) * x;
      return Math.max(worst, high + tilt - line.height, line.height - low - tilt);
    }, 0);
  const firmest = lowest(off, first, last);
  const limit = off(firmest) + FIRM;
  const firm = [reach(off, limit, firmest, first), reach(off, limit, firmest, last)] as const;
  return {
    error: Math.max(off(firm[0]), off(firm[1])),
    endErrors: [off(first), off(last)],
    skewError: Math.max(most - line.slope, line.slope - least),
    minRtt: Math.max(0, widthOf(courseAt(strip, line.slope)) - 2 * ROUNDING),
    firm,
  };
}

/** Halvings and thirds that leave nothing of any stretch. */
const STEPS = 60;

/** Where a convex function is least. */
function lowest(f: (x: Nanos) => number, from: Nanos, to: Nanos): Nanos {
  for (let i = 0; i < STEPS && to - from > 1; i++) {
    const third = (to - from) / 3;
    if (f(from + third) <= f(to - third)) to -= third;
    else from += third;
  }
  return (from + to) / 2;
}

/** How far toward `end` a convex function stays below the limit. */
function reach(f: (x: Nanos) => number, limit: number, from: Nanos, end: Nanos): Nanos {
  if (f(end) <= limit) return end;
  for (let i = 0; i < STEPS; i++) {
    const middle = (from + end) / 2;
    if (f(middle) <= limit) from = middle;
    else end = middle;
  }
  return from;
}
