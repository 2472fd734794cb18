/**
 * Puts every capture on one clock: the reference's. Two captures that share no
 * packets (the two nodes of a pair) are tied through others that both share
 * some with; of all chains the one whose errors add up to least.
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
  /** One stretch between every two steps; none where the clock is not tied. */
  readonly fits: readonly AlignedFit[];
  /** False where no chain of packets reaches the reference: times are then given as they are. */
  readonly tied: boolean;
  /** A time of the capture, by the reference's clock. */
  toReference(t: Nanos): Nanos;
  /** A time of the reference, by the capture's clock. */
  fromReference(t: Nanos): Nanos;
  /** ns by which `toReference(t)` may be off; null where nothing bounds it. */
  errorAt(t: Nanos): number | null;
}

/** What a link costs that bounds nothing: any chain of others is better. */
const ONE_WAY_COST: Nanos = seconds(86_400);

const REFERENCE: Stretch = {
  from: 0,
  until: 0,
  at: 0,
  offset: 0,
  skew: 0,
  error: 0,
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
  const tied = tieAll(reference, roadsOf(links, sameClock));
  return Array.from({ length: captures }, (_, capture) => createClock(capture, reference, tied.get(capture)));
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

/** A way to tie `capture` through `via`; null for `lines` where both have the same clock. */
interface Road {
  readonly capture: number;
  readonly via: number;
  readonly lines: readonly ClockLine[] | null;
  readonly cost: number;
}

function roadsOf(links: readonly ClockLink[], sameClock: readonly (readonly number[])[]): Road[] {
  const measured = links
    .filter(({ fits }) => fits.length > 0)
    .flatMap(({ a, b, fits }): Road[] => [
      { capture: b, via: a, lines: fits, cost: costOf(fits) },
      { capture: a, via: b, lines: fits.map(turned), cost: costOf(fits) },
    ]);
  const known = sameClock.flatMap((group) =>
    group.flatMap((capture) =>
      group.filter((via) => via !== capture).map((via): Road => ({ capture, via, lines: null, cost: 0 })),
    ),
  );
  return [...known, ...measured];
}

/** The stretch of the most packets speaks for the link. */
function costOf(fits: readonly ClockFit[]): number {
  return fits.reduce((p, q) => (countOf(q) > countOf(p) ? q : p)).error ?? ONE_WAY_COST;
}

/** Stretches against the reference by capture, over the cheapest roads (Dijkstra's algorithm). */
function tieAll(reference: number, roads: readonly Road[]): Map<number, readonly Stretch[]> {
  const tied = new Map<number, readonly Stretch[]>([[reference, [REFERENCE]]]);
  const cost = new Map([[reference, 0]]);
  const total = (road: Road): number => (cost.get(road.via) as number) + road.cost;
  for (;;) {
    const open = roads.filter(({ capture, via }) => tied.has(via) && !tied.has(capture));
    if (open.length === 0) return tied;
    const road = open.reduce((best, other) => (total(other) < total(best) ? other : best));
    const far = tied.get(road.via) as readonly Stretch[];
    tied.set(road.capture, follow(road, far));
    cost.set(road.capture, total(road));
  }
}

function follow({ lines }: Road, far: readonly Stretch[]): readonly Stretch[] {
  if (lines === null) return far;
  if (far[0] === REFERENCE) return lines.map((line) => ({ ...line, chain: [line] }));
  return joined(lines, far);
}

function createClock(capture: number, reference: number, fits: readonly Stretch[] = []): AlignedClock {
  const back = fits.map(turned);
  const read = (lines: readonly ClockLine[], t: Nanos): Nanos => {
    const [line] = around(lines, t);
    return line === undefined ? t : toOther(line, t);
  };
  return {
    capture,
    reference,
    fits,
    tied: fits.length > 0,
    toReference: (t) => read(fits, t),
    fromReference: (t) => read(back, t),
    errorAt: (t) => worstError(fits, t),
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
