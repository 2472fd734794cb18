/**
 * What of a lane is there to be drawn: the wanted tiles, and where one is missing the coarser or finer
 * ones that stand in for it, said to be provisional; where there is nothing, a hole.
 * The trap: a coarse bucket reaches over the edge of what it stands in for; only the part inside counts.
 */
import type { Tile } from '../../analyzer/index.ts';
import type { Window } from '../state/viewport.ts';
import { tileIndex, tileRange, tileWidth } from './resolution.ts';

export interface Slice {
  readonly tile: Tile;
  /** Rows of the tile: the first, and the one after the last. */
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
  readonly provisional: boolean;
}

export interface LaneData {
  readonly slices: readonly Slice[];
  /** Nothing is known of these times yet. */
  readonly holes: readonly Window[];
  /** The last bucket that ends before the window, where that is known. */
  readonly before?: { readonly tile: Tile; readonly row: number };
}

export type TileSource = (resolution: number, index: number) => Tile | undefined;

/** A tile's place in the pyramid can be made up of so many finer generations. */
const FINER = 3;
const COARSER = 12;

/** In the order of time. */
export function pickSlices(
  tiles: TileSource,
  windows: readonly Window[],
  resolution: number,
  limits: Window,
  root: number,
): LaneData {
  const slices: Slice[] = [];
  const holes: Window[] = [];
  for (const window of windows) {
    const range = tileRange(window, resolution, limits);
    if (range === null) continue;
    for (let index = range.first; index <= range.last; index++) {
      const width = tileWidth(resolution);
      const from = Math.max(window.from, index * width);
      const to = Math.min(window.to, (index + 1) * width);
      const exact = tiles(resolution, index);
      if (exact !== undefined) pushSlice(slices, exact, { from, to }, false);
      else if (!standIn(slices, tiles, { resolution, index, root }, { from, to })) holes.push({ from, to });
    }
  }
  const before = bucketBefore(tiles, windows[0]?.from ?? limits.from, resolution, root);
  return before === null ? { slices, holes } : { slices, holes, before };
}

/** In the tile where the window begins, in the one before it, or in the root: where the bucket after it is not before the window, too. */
function bucketBefore(
  tiles: TileSource,
  from: number,
  resolution: number,
  root: number,
): { tile: Tile; row: number } | null {
  const index = tileIndex(from, resolution);
  for (const tile of [
    tiles(resolution, index),
    tiles(resolution, index - 1),
    tiles(root, tileIndex(from, root)),
  ]) {
    if (tile === undefined) continue;
    const row = lowerBound(tile.end, from) - 1;
    if (row >= 0 && !(tile.start[row + 1]! < from)) return { tile, row };
    // A frame of the window's own first bucket may lie before it: then older ones say nothing.
    if (row < 0 && tile.start[0]! < from) return null;
  }
  return null;
}

interface Place {
  readonly resolution: number;
  readonly index: number;
  readonly root: number;
}

/** Finer tiles where all of them are there, else the finest coarser one. */
function standIn(slices: Slice[], tiles: TileSource, place: Place, window: Window): boolean {
  const { resolution, index } = place;
  for (let up = 1; up <= COARSER; up++) {
    const found = tiles(resolution + up, Math.floor(index / 2 ** up));
    if (found === undefined) continue;
    pushSlice(slices, found, window, true);
    return true;
  }
  const root =
    place.root > resolution
      ? tiles(place.root, Math.floor(index / 2 ** (place.root - resolution)))
      : undefined;
  if (root !== undefined) {
    pushSlice(slices, root, window, true);
    return true;
  }
  return fromFiner(slices, tiles, resolution, index, window);
}

function fromFiner(
  slices: Slice[],
  tiles: TileSource,
  resolution: number,
  index: number,
  window: Window,
): boolean {
  for (let down = 1; down <= FINER && resolution - down >= 0; down++) {
    const parts = 2 ** down;
    const found = Array.from({ length: parts }, (_, part) => tiles(resolution - down, index * parts + part));
    if (found.some((tile) => tile === undefined)) continue;
    for (const tile of found) pushSlice(slices, tile!, window, false);
    return true;
  }
  return false;
}

function pushSlice(slices: Slice[], tile: Tile, { from, to }: Window, provisional: boolean): void {
  // `end` rises like `start`: buckets do not overlap.
  const first = lowerBound(tile.end, from);
  const last = lowerBound(tile.start, to);
  if (first < last) slices.push({ tile, first, last, from, to, provisional });
}

/** First index whose value is not below `at`. */
export function lowerBound(values: Float64Array, at: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Times of at least `least` ns in which none of the lanes has a frame and which stand out among the pauses of
 * this window; in the order of time. Exact at every resolution: buckets know their first and last frame.
 */
export function idleGaps(lanes: readonly LaneData[], window: Window, least: number): Window[] {
  const busy: { from: number; to: number }[] = [];
  let rows = 0;
  for (const { slices, holes } of lanes) {
    busy.push(...holes.map(({ from, to }) => ({ from, to })));
    for (const slice of slices) {
      rows += slice.last - slice.first;
      pushBusy(busy, slice, least);
    }
  }
  busy.sort((a, b) => a.from - b.from);
  const gaps: Window[] = [];
  let reached = window.from;
  for (const { from, to } of [...busy, { from: window.to, to: window.to }]) {
    if (from - reached >= least) gaps.push({ from: reached, to: Math.min(from, window.to) });
    reached = Math.max(reached, to);
  }
  return standingOut(gaps, rows);
}

/** Runs of rows that are closer together than `least`. */
function pushBusy(busy: { from: number; to: number }[], { tile, first, last }: Slice, least: number): void {
  let run: { from: number; to: number } | null = null;
  for (let row = first; row < last; row++) {
    const start = tile.start[row]!;
    const end = tile.end[row]!;
    if (run !== null && start - run.to < least) run.to = end;
    else {
      run = { from: start, to: end };
      busy.push(run);
    }
  }
}

/** N: what is so many times as long as the median pause is idle. */
const IDLE_FACTOR = 8;
/** A rim of the gap at both sides stays, so that the frames at its edges stand apart from the tear. */
const RIM = 0.02;

/** Where short pauses are in the majority, the median is one of them, and every long one stands out. */
function standingOut(gaps: readonly Window[], rows: number): Window[] {
  const lengths = gaps.map(({ from, to }) => to - from).sort((a, b) => a - b);
  const median = rows > 2 * gaps.length ? 0 : (lengths[lengths.length >> 1] ?? 0);
  return gaps
    .filter(({ from, to }) => to - from > IDLE_FACTOR * median)
    .map(({ from, to }) => ({ from: from + (to - from) * RIM, to: to - (to - from) * RIM }));
}
