/**
 * One lane as a list of pixel columns: how many frames, what is the worst, where to find it. Bounded by
 * the width of the screen, never by packets; "worst wins" as in the tiles.
 * The trap: a bucket's frames count where it starts, but its worst frame stands at its own time.
 */
import { Mark } from '../../analyzer/index.ts';
import type { TimeScale } from './scale.ts';
import type { LaneData, Slice } from './slices.ts';

/** Typed arrays with an entry a pixel column. */
export interface LaneColumns {
  readonly width: number;
  readonly count: Float32Array;
  readonly marks: Uint16Array;
  /** `Mark`; `NO_MARK` where the column has no frame of its own. */
  readonly worst: Uint8Array;
  /** Position in `slices`, and row in that slice's tile, of the bucket with the worst frame. */
  readonly slice: Int32Array;
  readonly row: Int32Array;
  readonly provisional: Uint8Array;
  readonly slices: readonly Slice[];
}

export const NO_MARK = 255;

export function emptyColumns(width: number, slices: readonly Slice[]): LaneColumns {
  return {
    width,
    count: new Float32Array(width),
    marks: new Uint16Array(width),
    worst: new Uint8Array(width).fill(NO_MARK),
    slice: new Int32Array(width).fill(-1),
    row: new Int32Array(width),
    provisional: new Uint8Array(width),
    slices,
  };
}

export function toColumns({ slices }: LaneData, scale: TimeScale): LaneColumns {
  const columns = emptyColumns(Math.max(1, Math.floor(scale.width)), slices);
  for (let at = 0; at < slices.length; at++) {
    const slice = slices[at]!;
    for (let row = slice.first; row < slice.last; row++) addBucket(columns, scale, slice, at, row);
  }
  return columns;
}

function addBucket(columns: LaneColumns, scale: TimeScale, slice: Slice, at: number, row: number): void {
  const { tile, provisional } = slice;
  const last = columns.width - 1;
  const start = Math.floor(scale.x(Math.max(tile.start[row]!, slice.from)));
  if (provisional) {
    const end = Math.floor(scale.x(Math.min(tile.end[row]!, slice.to)));
    const share = tile.count[row]! / (end - start + 1);
    for (let x = Math.max(0, start); x <= Math.min(end, last); x++) {
      columns.count[x]! += share;
      columns.provisional[x] = 1;
      columns.marks[x]! |= tile.marks[row]!;
    }
  } else if (start >= 0 && start <= last) {
    columns.count[start]! += tile.count[row]!;
    columns.marks[start]! |= tile.marks[row]!;
  }
  const time = tile.worstTime[row]!;
  if (provisional && (time < slice.from || time >= slice.to)) return;
  const x = atEdge(Math.floor(scale.x(time)), last);
  if (x < 0) return;
  const worst = tile.worst[row]!;
  if (columns.worst[x] !== NO_MARK && columns.worst[x]! >= worst) return;
  columns.worst[x] = worst;
  columns.slice[x] = at;
  columns.row[x] = row;
}

/** A bucket reaches over the edge of the window by less than a pixel: it is drawn in the last pixel. -1: outside. */
function atEdge(x: number, last: number): number {
  if (x === -1) return 0;
  if (x === last + 1) return last;
  return x > last ? -1 : x;
}

/** Kinds that are drawn as a shape of their own above the bars. */
export const isShaped = (mark: number): boolean => mark !== NO_MARK && mark >= Mark.WindowUpdate;

/** Pixels between the middles of two shapes of one lane. */
export const SHAPE_SPACING = 10;
/** Where shaped columns stand side by side, a shape of the same kind comes again only after so many pixels. */
export const CROWD_SPACING = 56;
/** Shaped columns with no more than so many pixels between them, over at least so many pixels, are a crowd. */
const CROWD_GAP = 2;
const LEAST_CROWD = 8;

export interface PlacedShape {
  readonly x: number;
  readonly mark: number;
}

/** 1 where problems stand side by side: there they are a ribbon above the bars, or nothing else would be seen. */
export function findCrowds({ worst, width }: LaneColumns): Uint8Array {
  const crowded = new Uint8Array(width);
  let first = -1;
  let last = -1;
  for (let x = 0; x <= width; x++) {
    if (x < width && isShaped(worst[x]!)) {
      if (first < 0) first = x;
      last = x;
    } else if (first >= 0 && (x === width || x - last > CROWD_GAP)) {
      if (last - first + 1 >= LEAST_CROWD) crowded.fill(1, first, last + 1);
      first = -1;
    }
  }
  return crowded;
}

/**
 * Which columns get a shape: the worst kinds first, from left to right, where there is room. Every column with
 * a shaped kind keeps its stem, so none is lost where shapes would overlap.
 */
export function placeShapes(columns: LaneColumns, crowds = findCrowds(columns)): PlacedShape[] {
  const { worst, width } = columns;
  const blocked = new Uint8Array(width);
  const placed: PlacedShape[] = [];
  let kinds = 0;
  for (let x = 0; x < width; x++) if (worst[x] !== NO_MARK) kinds |= 1 << worst[x]!;
  for (let mark: number = Mark.Reset; mark >= Mark.WindowUpdate; mark--) {
    if (((kinds >> mark) & 1) === 0) continue;
    let before = Number.NEGATIVE_INFINITY;
    for (let x = 0; x < width; x++) {
      if (worst[x] !== mark || blocked[x] === 1) continue;
      if (crowds[x] === 1 && x - before < CROWD_SPACING) continue;
      blocked.fill(1, Math.max(0, x - SHAPE_SPACING + 1), x + SHAPE_SPACING);
      placed.push({ x, mark });
      before = x;
    }
  }
  return placed;
}

/** The tallest column, for a height that all lanes share. */
export function greatestCount(lanes: readonly LaneColumns[]): number {
  let most = 1;
  for (const { count } of lanes) for (const value of count) if (value > most) most = value;
  return most;
}

/** A single frame is always well visible; beyond that the height grows with the logarithm. */
const LEAST_HEIGHT = 0.5;

/** Part of the lane's height, 0 to 1. */
export function barHeight(count: number, most: number): number {
  if (count <= 0) return 0;
  if (most <= 1) return LEAST_HEIGHT;
  return LEAST_HEIGHT + (1 - LEAST_HEIGHT) * Math.min(1, Math.log(Math.max(1, count)) / Math.log(most));
}

/** Pixels around the pointer in which a mark is meant. */
export const TOLERANCE = 4;

/** The column that is meant at `x`: the worst shaped one nearby, else the nearest. -1: none. */
export function hitColumn(columns: LaneColumns, x: number, tolerance = TOLERANCE): number {
  let best = -1;
  const middle = Math.floor(x);
  const weight = (at: number): number => (isShaped(columns.worst[at]!) ? columns.worst[at]! : -1);
  for (let away = 0; away <= tolerance; away++) {
    for (const at of away === 0 ? [middle] : [middle - away, middle + away]) {
      if (at < 0 || at >= columns.width || columns.worst[at] === NO_MARK) continue;
      if (best < 0 || weight(at) > weight(best)) best = at;
    }
  }
  return best;
}
