/**
 * Cuts the packets of two captures where one of the clocks was set: no one
 * line lies between the packets of before and after, for both ways jumped by
 * the same amount in opposite directions (Paxson, SIGMETRICS 1998).
 * The trap: one packet that was taken for another contradicts all others as
 * well. A few of them, apart from each other, are left out; three in a row are
 * a step. A step that is smaller than the round trip does not show at all.
 */
import { distance, likeliestLine } from './likeliest-line.ts';
import { type Point, relax, runOf, type Strip, stripOf } from './strip.ts';

/** So many packets may be left out of a stretch: of five the first, of every ten more another. */
const MOST_OUTLIERS = 8;
const ONE_IN = 10;
const FEWEST = 4;
/** So many in a row, if others of their way before and after fit; at the end of a stretch more than one are a step. */
const IN_A_ROW = 2;
const AT_AN_END = 1;

/** Of more points than this, of every so many neighbours only those are looked at that border the lines between them. */
const MANY = 2_000;
const BLOCK = 100;

/** The index of the first point of every stretch; the first is 0. Points are in the order of time. */
export function findSteps(points: readonly Point[]): number[] {
  const starts = [0];
  const kept = bordering(points);
  const few = kept.map((i) => points[i] as Point);
  const { length } = few;
  if (stretch(few, 0, length) !== null) return starts;
  let start = 0;
  let end = longest(length, (n) => stretch(few, 0, n) !== null);
  while (end < length) {
    // The stretch that began at `start` lasts at most to `from`, the one behind it from there to `next`
    // and, looking back from its end, from `earliest` on: the clock was set between `earliest` and `from`.
    const from = end;
    const next = from + longest(length - from, (n) => stretch(few, from, from + n) !== null);
    const back = longest(next - start - 1, (n) => stretch(few, next - n, next) !== null);
    const earliest = Math.min(next - back, from);
    const open = points.slice((kept[earliest - 1] as number) + 1, kept[from]);
    const cut =
      (kept[from] as number) -
      open.length +
      likeliestCut(open, stretch(few, start, from), stretch(few, earliest, next));
    starts.push(cut);
    start = kept.findIndex((i) => i >= cut);
    end = next;
  }
  return starts;
}

/** Indices of the points of which no line can tell that the others are missing. */
function bordering(points: readonly Point[]): number[] {
  if (points.length <= MANY) return [...points.keys()];
  const kept: number[] = [];
  for (let from = 0; from < points.length; from += BLOCK) {
    const { above, below } = stripOf(points, from, Math.min(from + BLOCK, points.length));
    kept.push(...[...above, ...below].sort((a, b) => a - b));
  }
  return kept;
}

/** The strip of a range of points if, but for outliers, one line fits them all. */
function stretch(points: readonly Point[], from: number, to: number): Strip | null {
  const most = Math.min(MOST_OUTLIERS, Math.ceil((to - from - FEWEST) / ONE_IN));
  return relax(
    stripOf(points, from, to),
    (s) => s.dropped.size <= most && [...s.dropped].every((i) => isApart(s, i)),
  );
}

function isApart(strip: Strip, index: number): boolean {
  const { length, enclosed } = runOf(strip, index);
  return length <= (enclosed ? IN_A_ROW : AT_AN_END);
}

/** The greatest n up to `limit` for which something holds that holds for all smaller ones, too; at least 1. */
function longest(limit: number, holds: (n: number) => boolean): number {
  let good = 1;
  let step = 4;
  while (good < limit && holds(Math.min(good + step, limit))) {
    good = Math.min(good + step, limit);
    step *= 2;
  }
  let bad = Math.min(good + step, limit + 1);
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * Where the clock was set, as a number of the points that may be on either side of it: each goes to
 * the stretch by which it was delayed less.
 */
function likeliestCut(open: readonly Point[], before: Strip | null, after: Strip | null): number {
  if (before === null || after === null) return open.length;
  const [old, set] = [likeliestLine(before), likeliestLine(after)];
  let cut = 0;
  let cost = 0;
  let least = 0;
  for (const [i, point] of open.entries()) {
    cost += distance(point, old) - distance(point, set);
    if (cost < least) [cut, least] = [i + 1, cost];
  }
  return cut;
}
