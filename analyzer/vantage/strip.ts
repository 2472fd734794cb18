/**
 * The straight lines that pass below some points and above others: all that a
 * clock's offset may have been, given the packets that crossed it both ways.
 * Lines of one slope fill a strip between the lower hull of the points above
 * and the upper hull of those below; its width is a concave function of the
 * slope (Zhang, Liu, Xia, INFOCOM 2002; Moon, Skelly, Towsley, INFOCOM 1999).
 * The trap: one false point makes the strip empty, and which point is false
 * shows only by what is left without it.
 */

/** A line passes below a point of way 1 and above a point of way -1. Points are sorted by `x`. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly way: 1 | -1;
}

/** Indices of points, by `x`: the hull that bounds the lines of one way. */
type Hull = readonly number[];

export interface Strip {
  readonly points: readonly Point[];
  /** The points from `from` up to, not including, `to` count, without those in `dropped`. */
  readonly from: number;
  readonly to: number;
  readonly dropped: ReadonlySet<number>;
  readonly above: Hull;
  readonly below: Hull;
}

/** All lines of one slope: where the highest and the lowest of them is at x = 0. */
export interface Course {
  readonly slope: number;
  readonly high: number;
  readonly low: number;
}

/** Clocks drift by less than this against each other (500 ppm is also the most that NTP corrects, RFC 5905 §11.3). */
export const MAX_SLOPE = 500e-6;

/** Either time of a packet may be 1 µs off (pcap keeps µs); 1 ns more is what that shifts `x` by at the steepest slope. */
export const ROUNDING = 2001;

export const widthOf = (course: Course): number => course.high - course.low;

/** The strip of the points of a range. */
export function stripOf(points: readonly Point[], from = 0, to = points.length): Strip {
  const hull = { '1': [] as number[], '-1': [] as number[] };
  for (let i = from; i < to; i++) push(points, hull[(points[i] as Point).way], i);
  return { points, from, to, dropped: new Set(), above: hull['1'], below: hull['-1'] };
}

/** The strip at one slope; infinite toward a way of which there is no point. */
export function courseAt({ points, above, below }: Strip, slope: number): Course {
  return { slope, high: reach(points, above, slope), low: -reach(points, below, -slope) };
}

/** The slopes at which the strip's borders turn, least first, with ±`MAX_SLOPE` at the ends: between them all is linear. */
export function coursesOf(strip: Strip): Course[] {
  const { points, above, below } = strip;
  const turns = [...turnsOf(points, above), ...turnsOf(points, below).map((slope) => -slope)];
  const inside = turns.filter((slope) => Math.abs(slope) < MAX_SLOPE).sort((a, b) => a - b);
  return [-MAX_SLOPE, ...inside, MAX_SLOPE].map((slope) => courseAt(strip, slope));
}

/** Where the strip is widest. */
export const widest = (courses: readonly Course[]): Course =>
  courses.reduce((best, course) => (widthOf(course) > widthOf(best) ? course : best));

/** The least and the greatest slope at which the strip is at least so wide; null where it never is. */
export function slopesWiderThan(courses: readonly Course[], width: number): [number, number] | null {
  const wide = (c: Course | undefined): boolean => c !== undefined && widthOf(c) >= width;
  const first = courses.findIndex(wide);
  const last = courses.findLastIndex(wide);
  if (first < 0) return null;
  return [crossing(courses, first, first - 1, width), crossing(courses, last, last + 1, width)];
}

/**
 * Leaves out points until some line fits all others: each time, of the few that leave no line
 * between them, the one that contradicts most others, and of several such the one without which the
 * strip is widest. Null once `allowed` refuses what was dropped.
 */
export function relax(strip: Strip, allowed: (strip: Strip) => boolean): Strip | null {
  for (;;) {
    const courses = coursesOf(strip);
    if (widthOf(widest(courses)) >= 0) return strip;
    strip = witnesses(strip, courses)
      .map((index) => ({ conflicts: countConflicts(strip, index), next: without(strip, index) }))
      .map((one) => ({ ...one, room: finite(widthOf(widest(coursesOf(one.next)))) }))
      .reduce((p, q) => ((q.conflicts - p.conflicts || q.room - p.room) > 0 ? q : p)).next;
    if (!allowed(strip)) return null;
  }
}

/** Points that no line passes on the right side of together with this one, however steep. */
function countConflicts({ points, from, to, dropped }: Strip, index: number): number {
  const { x, y, way } = points[index] as Point;
  let count = 0;
  for (let i = from; i < to; i++) {
    const other = points[i] as Point;
    if (other.way === way || dropped.has(i)) continue;
    if (way * (other.y - y) > 2 * ROUNDING + MAX_SLOPE * Math.abs(other.x - x)) count += 1;
  }
  return count;
}

/** To be left with one way only is the last resort: any other point that mends the strip goes first. */
const finite = (width: number): number => (Number.isFinite(width) ? width : 0);

/** How many points of its way were dropped together with this one, and whether points of that way are left on both sides. */
export function runOf(strip: Strip, index: number): { length: number; enclosed: boolean } {
  const before = countDropped(strip, index, -1);
  const after = countDropped(strip, index, 1);
  return { length: before.count + 1 + after.count, enclosed: before.ends && after.ends };
}

/** Neighbours of one way that were dropped, in one direction, until one that was not. */
function countDropped({ points, from, to, dropped }: Strip, index: number, step: 1 | -1) {
  let count = 0;
  for (let i = index + step; i >= from && i < to; i += step) {
    if ((points[i] as Point).way !== (points[index] as Point).way) continue;
    if (!dropped.has(i)) return { count, ends: true };
    count += 1;
  }
  return { count, ends: false };
}

/** Adds a point, with the greatest `x` so far, to a lower hull; the mirror image for way -1. */
function push(points: readonly Point[], hull: number[], index: number): void {
  const point = points[index] as Point;
  while (hull.length > 0) {
    const top = points[hull[hull.length - 1] as number] as Point;
    if (top.x === point.x) {
      if (point.way * (point.y - top.y) >= 0) return;
    } else {
      if (hull.length === 1) break;
      if (rise(points[hull[hull.length - 2] as number] as Point, top) < rise(top, point)) break;
    }
    hull.pop();
  }
  hull.push(index);
}

const rise = (p: Point, q: Point): number => (p.way * (q.y - p.y)) / (q.x - p.x);

/** The slopes of a hull's edges, as its own way sees them: they only grow. */
function turnsOf(points: readonly Point[], hull: Hull): number[] {
  return hull.slice(1).map((to, i) => rise(points[hull[i] as number] as Point, points[to] as Point));
}

/** How far up a line of this slope gets at x = 0 before it touches the hull. */
function reach(points: readonly Point[], hull: Hull, slope: number): number {
  if (hull.length === 0) return Number.POSITIVE_INFINITY;
  const { x, y, way } = points[touch(points, hull, slope)] as Point;
  return way * y + ROUNDING - slope * x;
}

/** The point of the hull that a line of this slope touches first. */
function touch(points: readonly Point[], hull: Hull, slope: number): number {
  let low = 0;
  let high = hull.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const edge = rise(points[hull[middle] as number] as Point, points[hull[middle + 1] as number] as Point);
    if (edge < slope) low = middle + 1;
    else high = middle;
  }
  return hull[low] as number;
}

/** The slope between two neighbouring courses at which the strip has this width. */
function crossing(courses: readonly Course[], inside: number, outside: number, width: number): number {
  const at = courses[inside] as Course;
  const beyond = courses[outside];
  if (beyond === undefined) return at.slope;
  const spare = widthOf(at) - width;
  const fall = widthOf(at) - widthOf(beyond);
  return fall <= spare ? at.slope : at.slope + ((beyond.slope - at.slope) * spare) / fall;
}

/** Up to four points that leave no line between them: those that hold the strip just before and after its widest slope. */
function witnesses({ points, above, below }: Strip, courses: readonly Course[]): number[] {
  const best = courses.indexOf(widest(courses));
  const { slope } = courses[best] as Course;
  const found = new Set<number>();
  for (const beside of [courses[best - 1], courses[best + 1]]) {
    const between = beside === undefined ? slope : (slope + beside.slope) / 2;
    found.add(touch(points, above, between)).add(touch(points, below, -between));
  }
  return [...found];
}

/** The strip without a point of its hull; only the part of the hull that the point hid is built again. */
function without(strip: Strip, index: number): Strip {
  const { points, from, to } = strip;
  const { way } = points[index] as Point;
  const hull = way === 1 ? strip.above : strip.below;
  const dropped = new Set(strip.dropped).add(index);
  const place = hull.indexOf(index);
  const [previous, next] = [hull[place - 1], hull[place + 1]];
  const part: number[] = [];
  const end = next === undefined ? to : next + 1;
  for (let i = previous ?? from; i < end; i++) {
    if ((points[i] as Point).way === way && !dropped.has(i)) push(points, part, i);
  }
  const before = previous === undefined ? [] : hull.slice(0, place - 1);
  const after = next === undefined ? [] : hull.slice(place + 2);
  const mended = [...before, ...part, ...after];
  return { ...strip, dropped, [way === 1 ? 'above' : 'below']: mended };
}
