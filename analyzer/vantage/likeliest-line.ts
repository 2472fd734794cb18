/**
 * The one line that is taken for the clock, out of the strip of those that may
 * be it: the middle of the strip where it is widest, for then both ways are
 * given the most delay they can have had (Paxson, SIGMETRICS 1998, takes paths
 * for symmetrical for want of anything better).
 * The trap: a few packets in a short time allow almost any drift, and the
 * widest strip is then the most tilted one. Without packets of both ways near
 * both ends no drift is claimed that need not be.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import {
  courseAt,
  coursesOf,
  MAX_SLOPE,
  type Point,
  ROUNDING,
  type Strip,
  slopesWiderThan,
  widest,
  widthOf,
} from './strip.ts';

export interface Line {
  readonly slope: number;
  /** At x = 0. */
  readonly height: number;
}

/** Each way needs so many packets in the first and in the last third of the time, for the strip to be told by its slope. */
const AT_EACH_END = 4;
/** Slopes count as equally good if their strips are as wide to 5 %, and in any case between 1 and 50 µs. */
const SAME_SHARE = 0.05;
const SAME_LEAST = 1_000;
const SAME_MOST = 20_000;

/** One way alone tells the drift only in so long a time, by so many packets, and if a line along the fastest goes on for this share of it. */
const LONG_ENOUGH: Nanos = seconds(10);
const MANY_ENOUGH = 20;
const ALONG = 0.1;

export function likeliestLine(strip: Strip): Line {
  if (strip.above.length === 0 || strip.below.length === 0) return lineAlongOneWay(strip);
  const courses = coursesOf(strip);
  const level = widthOf(courseAt(strip, 0));
  const best = widthOf(widest(courses));
  const wide = isSpread(strip) ? sameWidth(best) : level >= 0 ? level : best / 2;
  const [least, most] = level >= wide ? [0, 0] : (slopesWiderThan(courses, wide) ?? [0, 0]);
  const { slope, high, low } = courseAt(strip, clamp(0, least, most));
  return { slope, height: (high + low) / 2 };
}

const sameWidth = (width: number): number => width - clamp(width * SAME_SHARE, SAME_LEAST, SAME_MOST);

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Both ways have packets near the beginning and near the end. */
function isSpread(strip: Strip): boolean {
  const { first, last } = ends(strip);
  const third = (last - first) / 3;
  const count = { '1': [0, 0, 0], '-1': [0, 0, 0] };
  for (const { x, way } of used(strip)) {
    const part = x < first + third ? 0 : x > last - third ? 2 : 1;
    (count[way] as [number, number, number])[part] += 1;
  }
  return [count['1'], count['-1']].every((c) => [c[0], c[2]].every((n) => (n as number) >= AT_EACH_END));
}

/** The fastest packet is taken for one without delay; along a border of the hull that is long enough the drift shows (Moon et al.). */
function lineAlongOneWay(strip: Strip): Line {
  const { points, above, below } = strip;
  const hull = above.length > 0 ? above : below;
  const { first, last, count, mean } = ends(strip);
  const after = hull.findIndex((i) => (points[i] as Point).x > mean);
  const [p, q] = [points[hull[after - 1] as number], points[hull[after] as number]];
  let slope = 0;
  if (p !== undefined && q !== undefined && last - first >= LONG_ENOUGH && count >= MANY_ENOUGH) {
    const along = (q.y - p.y) / (q.x - p.x);
    if (q.x - p.x >= (last - first) * ALONG && Math.abs(along) <= MAX_SLOPE) slope = along;
  }
  const { high, low } = courseAt(strip, slope);
  return { slope, height: above.length > 0 ? high - ROUNDING : low + ROUNDING };
}

function ends(strip: Strip): { first: number; last: number; count: number; mean: number } {
  const all = used(strip);
  const mean = all.reduce((sum, p) => sum + p.x, 0) / all.length;
  return { first: (all[0] as Point).x, last: (all[all.length - 1] as Point).x, count: all.length, mean };
}

/** The points that count, by `x`. */
function used({ points, from, to, dropped }: Strip): readonly Point[] {
  const range = points.slice(from, to);
  return dropped.size === 0 ? range : range.filter((_, i) => !dropped.has(from + i));
}

export const distance = ({ x, y }: Point, line: Line): number => Math.abs(y - line.height - line.slope * x);
