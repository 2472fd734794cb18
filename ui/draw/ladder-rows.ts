/**
 * The ladder as a list of rows: packets one below the other, runs of ordinary ones folded, long pauses and the
 * edges of the failover between them; and where each row stands, so that only visible ones are drawn.
 * The trap: what is selected or lit up is never inside of a fold.
 */
import type { Journey, JourneyStop } from '../../analyzer/index.ts';
import type { BandEdge } from './band.ts';
import { isNotable } from './journey-lines.ts';

export type LadderRow =
  | { readonly kind: 'journey'; readonly index: number }
  /** Ordinary packets `first` to `first + count - 1`. */
  | { readonly kind: 'fold'; readonly first: number; readonly count: number }
  /** Nothing for so long after `from`. */
  | { readonly kind: 'pause'; readonly from: number; readonly nanos: number }
  | { readonly kind: 'edge'; readonly edge: BandEdge };

export interface LadderRows {
  readonly rows: readonly LadderRow[];
  /** Where each row begins, and at the end where the last one ends; pixels. */
  readonly tops: Float64Array;
}

const HEIGHTS: Record<LadderRow['kind'], number> = { journey: 30, fold: 24, pause: 20, edge: 26 };

/** Fewer ordinary packets in a row than that are shown one by one. */
const LEAST_FOLD = 4;
/** ns. */
const LONG_PAUSE = 100e6;

export interface Folding {
  /** By the first packet of the fold. */
  readonly expanded: ReadonlySet<number>;
  /** Packets that must be visible. */
  readonly kept: ReadonlySet<number>;
}

export function ladderRows(
  journeys: readonly Journey[],
  edges: readonly BandEdge[],
  { expanded, kept }: Folding,
): LadderRows {
  const rows: LadderRow[] = [];
  const coming = [...edges].sort((a, b) => a.time - b.time);
  const passEdges = (time: number): void => {
    while (coming.length > 0 && coming[0]!.time <= time) rows.push({ kind: 'edge', edge: coming.shift()! });
  };
  let before: number | null = null;
  for (let index = 0; index < journeys.length; ) {
    const { time } = journeys[index]!;
    if (before !== null && time - before >= LONG_PAUSE)
      rows.push({ kind: 'pause', from: before, nanos: time - before });
    passEdges(time);
    const end = foldEnd(journeys, index, kept, coming[0]?.time ?? Number.POSITIVE_INFINITY);
    if (end - index >= LEAST_FOLD && !expanded.has(index)) {
      rows.push({ kind: 'fold', first: index, count: end - index });
      index = end;
    } else if (end - index >= LEAST_FOLD) {
      for (; index < end; index++) rows.push({ kind: 'journey', index });
    } else rows.push({ kind: 'journey', index: index++ });
    before = journeys[index - 1]!.time;
  }
  passEdges(Number.POSITIVE_INFINITY);
  return { rows, tops: topsOf(rows) };
}

/** The packet after the last one that folds together with `from`: no pause, no edge, nothing notable between them. */
function foldEnd(
  journeys: readonly Journey[],
  from: number,
  kept: ReadonlySet<number>,
  edge: number,
): number {
  let end = from;
  while (end < journeys.length) {
    const journey = journeys[end]!;
    if (!isOrdinary(journey) || kept.has(end) || journey.time >= edge) break;
    if (end > from && journey.time - journeys[end - 1]!.time >= LONG_PAUSE) break;
    end++;
  }
  return end;
}

export const isOrdinary = (journey: Journey): boolean =>
  !isNotable(journey) && !/SYN|FIN|RST/.test(journey.flags);

function topsOf(rows: readonly LadderRow[]): Float64Array {
  const tops = new Float64Array(rows.length + 1);
  for (const [at, row] of rows.entries()) tops[at + 1] = tops[at]! + HEIGHTS[row.kind];
  return tops;
}

/** The row at `y`, or -1. */
export function rowAt({ rows, tops }: LadderRows, y: number): number {
  if (y < 0 || y >= tops[rows.length]!) return -1;
  let low = 0;
  let high = rows.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (tops[middle]! <= y) low = middle;
    else high = middle;
  }
  return low;
}

/** The row that shows a packet: its own, or the fold it is in. */
export function rowOfJourney({ rows }: LadderRows, index: number): number {
  return rows.findIndex(
    (row) =>
      (row.kind === 'journey' && row.index === index) ||
      (row.kind === 'fold' && index >= row.first && index < row.first + row.count),
  );
}

/** From one stop to the next. */
export interface Hop {
  readonly from: JourneyStop;
  readonly to: JourneyStop;
  readonly end: JourneyStop['seen'];
  /** By the clocks it arrived before it left; `within`: their error explains that, ns. */
  readonly backward: boolean;
  readonly within: number | null;
}

/** `clockError` by vantage; null: nothing bounds it. */
export function hopsOf({ stops }: Journey, clockError: (vantage: number) => number | null): Hop[] {
  const hops: Hop[] = [];
  let from: JourneyStop | null = null;
  for (const [at, to] of stops.entries()) {
    const isSeen = to.seen === 'seen';
    if (from !== null && (isSeen || !stops.slice(at + 1).some(({ seen }) => seen === 'seen')))
      hops.push(hopOf(from, to, clockError));
    if (isSeen) from = to;
    else if (from !== null && hops.at(-1)?.to === to) break;
  }
  return hops;
}

function hopOf(from: JourneyStop, to: JourneyStop, clockError: (vantage: number) => number | null): Hop {
  const errors = [clockError(from.vantage), clockError(to.vantage)];
  const within = errors.reduce<number | null>((sum, e) => (sum === null || e === null ? null : sum + e), 0);
  const backward = to.seen === 'seen' && (to.time ?? 0) < (from.time ?? 0);
  return { from, to, end: to.seen, backward, within };
}
