/**
 * Puts every capture on one clock: the reference's. Two captures that share no
 * packets (the two nodes of a pair) are tied through others that both share
 * some with; of all chains the one that leaves the least error over
 * all of the capture's time.
 * The trap: an order of two events of different captures is only a fact where
 * their errors do not reach each other (`isBefore`). Between two stretches a
 * clock was set at a moment that nobody knows, so there the error is the step.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { ClockFit, ClockLine } from './clock-fit.ts';
import { around, countOf, errorOf, joined, type Stretch, toOther, turned } from './clock-line.ts';

/** B's clock against A's, both by capture index. */
export interface ClockLink {
  readonly a: number;
  readonly b: number;
  readonly fits: readonly ClockFit[];
}

/** A stretch of a capture's clock against the reference's: `offset` is capture minus reference. */
export type AlignedFit = ClockLine;

export interface AlignedClock {
  readonly capture: number;
  readonly reference: number;
  /**
   * Where no chain of packets reaches the reference, captures that share packets among each other are set by one
   * of them, whose times are taken as they are. Of the others it is the reference.
   */
  readonly anchor: number;
  /** Against the anchor. One stretch between every two steps; none for an anchor that is not tied. */
  readonly fits: readonly AlignedFit[];
  /** False where the anchor is not the reference. */
  readonly tied: boolean;
  /** A time of the capture, by the anchor's clock. */
  toReference(t: Nanos): Nanos;
  /** A time of the anchor, by the capture's clock. */
  fromReference(t: Nanos): Nanos;
  /** ns by which `toReference(t)` may be off by the reference's clock; null where nothing bounds it. */
  errorAt(t: Nanos): number | null;
  /** The same by the anchor's clock. */
  errorByAnchor(t: Nanos): number | null;
}

/** What a link costs that bounds nothing: any chain of others is better. */
const ONE_WAY_COST: Nanos = seconds(86_400);

const REFERENCE: Stretch = {
  from: 0,
  until: 0,
  firm: [0, 0],
  at: 0,
  offset: 0,
  skew: 0,
  error: 0,
  endErrors: [0, 0],
  skewError: 0,
  pairs: [0, 0],
  chain: [],
};

/**
 * One clock for each of the captures, by index. `sameClock` lists groups of captures that were
 * taken on one host: their times are comparable as they are.
 */
export function alignClocks(
  captures: number,
  reference: number,
  links: readonly ClockLink[],
  sameClock: readonly (readonly number[])[] = [],
): AlignedClock[] {
  const roads = roadsOf(links, sameClock);
  const clocks: AlignedClock[] = [];
  for (const anchor of [reference, ...Array.from({ length: captures }, (_, i) => i)]) {
    if (clocks[anchor] !== undefined) continue;
    for (const [capture, fits] of tieAll(anchor, roads)) {
      clocks[capture] = createClock({ capture, reference, anchor }, fits);
    }
  }
  return clocks;
}

/** A moment by the reference's clock, and ns by which it may be off (null: nothing bounds it). */
export interface Moment {
  readonly time: Nanos;
  readonly error: number | null;
}

/** True only where `x` is certainly before `y`. Two moments of one capture need no alignment: compare its own times. */
export function isBefore(x: Moment, y: Moment): boolean {
  return x.error !== null && y.error !== null && x.time + x.error < y.time - y.error;
}

/**
 * ns by which two moments of any of these clocks may be out of order, from one time of the reference's to another:
 * the two worst together. Null where nothing bounds one of them.
 */
export function errorOfTwo(clocks: readonly AlignedClock[], from: Nanos, to: Nanos): number | null {
  const errors = clocks.map((clock) => {
    const [a, b] = [clock.errorAt(clock.fromReference(from)), clock.errorAt(clock.fromReference(to))];
    return a === null || b === null ? null : Math.max(a, b);
  });
  if (errors.includes(null)) return null;
  const [worst = 0, next = 0] = (errors as number[]).sort((a, b) => b - a);
  return worst + next;
}

/** A way to tie `capture` through `via`; null for `lines` where both have the same clock. */
interface Road {
  readonly capture: number;
  readonly via: number;
  readonly lines: readonly ClockLine[] | null;
}

function roadsOf(links: readonly ClockLink[], sameClock: readonly (readonly number[])[]): Road[] {
  const measured = links
    .filter(({ fits }) => fits.length > 0)
    .flatMap(({ a, b, fits }): Road[] => [
      { capture: b, via: a, lines: fits },
      { capture: a, via: b, lines: fits.map(turned) },
    ]);
  const known = sameClock.flatMap((group) =>
    group.flatMap((capture) =>
      group.filter((via) => via !== capture).map((via): Road => ({ capture, via, lines: null })),
    ),
  );
  return [...known, ...measured];
}

/** Stretches against the reference by capture, over the roads of the least error (Dijkstra's algorithm). */
function tieAll(reference: number, roads: readonly Road[]): Map<number, readonly Stretch[]> {
  const tied = new Map<number, readonly Stretch[]>([[reference, [REFERENCE]]]);
  const times = new Map(roads.map(({ capture }) => [capture, timesOf(capture, roads)]));
  const tries = new Map<Road, { fits: readonly Stretch[]; cost: number }>();
  const attempt = (road: Road): { fits: readonly Stretch[]; cost: number } => {
    const known = tries.get(road);
    if (known !== undefined) return known;
    const fits = follow(road, tied.get(road.via) as readonly Stretch[]);
    const made = { fits, cost: costOf(fits, times.get(road.capture) ?? []) };
    tries.set(road, made);
    return made;
  };
  for (;;) {
    const open = roads.filter(({ capture, via }) => tied.has(via) && !tied.has(capture));
    if (open.length === 0) return tied;
    const best = open.reduce((p, q) => (attempt(q).cost < attempt(p).cost ? q : p));
    tied.set(best.capture, attempt(best).fits);
  }
}

/** First and last time of a capture, by its own clock, that it shares with any other. */
function timesOf(capture: number, roads: readonly Road[]): readonly Nanos[] {
  const lines = roads.flatMap((r) => (r.capture === capture ? (r.lines ?? []) : []));
  if (lines.length === 0) return [];
  return [
    lines.reduce((t, { from }) => Math.min(t, from), Number.POSITIVE_INFINITY),
    lines.reduce((t, { until }) => Math.max(t, until), Number.NEGATIVE_INFINITY),
  ];
}

/** The error of the stretch of most packets, or what it has grown to where the capture begins or ends, if that is more. */
function costOf(fits: readonly Stretch[], times: readonly Nanos[]): number {
  const most = fits.reduce((p, q) => (countOf(q) > countOf(p) ? q : p));
  // Where a clock was set, another stretch holds at its ends.
  const ends = fits.length === 1 && most.chain.length > 0 ? times : [];
  const errors = [most.error, ...ends.map((t) => errorOf(most, t))];
  return errors.reduce<number>((worst, e) => Math.max(worst, e ?? ONE_WAY_COST), 0);
}

function follow({ lines }: Road, far: readonly Stretch[]): readonly Stretch[] {
  if (lines === null) return far;
  if (far[0] === REFERENCE) return lines.map((line) => ({ ...line, chain: [line] }));
  return joined(lines, far);
}

function createClock(
  { capture, reference, anchor }: Pick<AlignedClock, 'capture' | 'reference' | 'anchor'>,
  all: readonly Stretch[],
): AlignedClock {
  const tied = anchor === reference;
  const fits = capture === anchor && !tied ? [] : all;
  const errorByAnchor = (t: Nanos): number | null => (capture === anchor ? 0 : worstError(fits, t));
  const back = fits.map(turned);
  const read = (lines: readonly ClockLine[], t: Nanos): Nanos => {
    // Every time is the only line's, where there is but one.
    const line = lines.length < 2 ? lines[0] : around(lines, t)[0];
    return line === undefined ? t : toOther(line, t);
  };
  return {
    capture,
    reference,
    anchor,
    fits,
    tied,
    toReference: (t) => read(fits, t),
    fromReference: (t) => read(back, t),
    errorAt: (t) => (tied ? errorByAnchor(t) : null),
    errorByAnchor,
  };
}

/** The error of the stretch that was taken, and as far as the others that `t` may belong to differ from it. */
function worstError(fits: readonly Stretch[], t: Nanos): number | null {
  const candidates = around(fits, t);
  const [chosen] = candidates;
  if (chosen === undefined) return null;
  let worst = 0;
  for (const line of candidates) {
    const error = errorOf(line, t);
    if (error === null) return null;
    worst = Math.max(worst, error + Math.abs(toOther(line, t) - toOther(chosen, t)));
  }
  return worst;
}
