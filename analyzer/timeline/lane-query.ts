/**
 * Tiles and frames out of stored chunks: pure functions of a directory and of whoever gives bytes by number.
 * The trap: a search for rare frames must not read every frame: it goes down from the coarsest level, and only into
 * buckets that hold one.
 */
import { flagText } from '../../packet/wire/tcp.ts';
import { type BaseRows, CHUNK_ROWS, unpackRows } from './base-rows.ts';
import { addBucket, addFrame, clearBucket, type Numbers } from './buckets.ts';
import type { LaneDirectory, LaneRows, RowSeries } from './directory.ts';
import type { FoundFrames, LaneQuery, ReadChunk } from './lane-index.ts';
import { LEVEL_CHUNK_ROWS, unpackBuckets } from './levels.ts';
import { BUCKETS, emptyTile, GREATEST_RESOLUTION, LEAST_RESOLUTION, NO_FLOW, type Tile } from './tile.ts';
import type { LaneFrame } from './timeline.ts';
import { flagsOf, markIn, Trait } from './traits.ts';

/**
 * The tile `index` of a lane: its buckets of 2^resolution ns from index * `BUCKETS` of them on.
 * @returns null where there is no such lane or resolution; a tile without rows where nothing is in that time
 */
export function queryTile(
  directory: LaneDirectory,
  read: ReadChunk,
  lane: string,
  resolution: number,
  index: number,
): Tile | null {
  const found = directory.find(lane);
  const isResolution =
    Number.isInteger(resolution) && resolution >= LEAST_RESOLUTION && resolution <= GREATEST_RESOLUTION;
  if (found === null || !isResolution || !Number.isSafeInteger(index)) return null;
  const width = 2 ** resolution;
  const made = new TileMaker(width, found.isOfAll ? 'no-numbers' : 'numbers');
  const [from, to] = [index * BUCKETS * width, (index + 1) * BUCKETS * width];
  const level = found.levels.findLast((one) => one.level <= resolution);
  const chunks = new Chunks(read);
  if (level === undefined) {
    for (const { rows, low, high } of framesIn(found, chunks, from, to, 'asc')) {
      for (let i = low; i < high; i++) made.addFrame(rows, i);
    }
  } else {
    for (const { tile, low, high } of bucketsIn(level, chunks, from, to, 'asc')) {
      for (let i = low; i < high; i++) made.addBucket(tile, i);
    }
  }
  return made.finish();
}

/**
 * Frames of a lane, in the order that is asked for.
 * @returns null where there is no such lane
 */
export function queryFrames(
  directory: LaneDirectory,
  read: ReadChunk,
  lane: string,
  query: LaneQuery,
): FoundFrames | null {
  const found = directory.find(lane);
  if (found === null) return null;
  const frames: LaneFrame[] = [];
  // Times are whole: the one after `to` is the first that is not asked for.
  const search = searchFrames(found, new Chunks(read), query, found.levels.length, query.from, query.to + 1);
  for (const { rows, i } of search) {
    if (frames.length >= query.limit) return { frames, truncated: true };
    frames.push(toFrame(rows, i, directory));
  }
  return { frames, truncated: false };
}

/** Fills a tile with what comes in the order of time. */
class TileMaker {
  private readonly tile = emptyTile(BUCKETS);
  private readonly width: number;
  private readonly numbers: Numbers;
  private rows = 0;
  private bucket = Number.NaN;

  constructor(width: number, numbers: Numbers) {
    this.width = width;
    this.numbers = numbers;
  }

  addFrame(rows: BaseRows, i: number): void {
    addFrame(this.tile, this.open(rows.time[i] as number), rows, i, this.numbers);
  }

  addBucket(tile: Tile, i: number): void {
    addBucket(this.tile, this.open(tile.start[i] as number), tile, i);
  }

  finish(): Tile {
    const tile = emptyTile(this.rows);
    for (let at = 0; at < this.rows; at++) {
      clearBucket(tile, at);
      addBucket(tile, at, this.tile, at);
    }
    return tile;
  }

  private open(time: number): number {
    const bucket = Math.floor(time / this.width);
    if (bucket !== this.bucket) {
      this.bucket = bucket;
      this.rows += 1;
      clearBucket(this.tile, this.rows - 1);
    }
    return this.rows - 1;
  }
}

/** Chunks of one question; the newest of each kind is kept, for a search comes back to it. */
class Chunks {
  private readonly read: ReadChunk;
  private readonly frames = new Map<number, BaseRows>();
  private readonly buckets = new Map<number, Tile>();

  constructor(read: ReadChunk) {
    this.read = read;
  }

  framesOf(number: number): BaseRows {
    return recall(this.frames, number, () => unpackRows(this.read(number)));
  }

  bucketsOf(number: number): Tile {
    return recall(this.buckets, number, () => unpackBuckets(this.read(number)));
  }
}

/** A few levels are walked at once. */
const MOST_KEPT = 8;

function recall<T>(kept: Map<number, T>, number: number, make: () => T): T {
  const known = kept.get(number);
  if (known !== undefined) return known;
  const made = make();
  const [oldest] = kept.keys();
  if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(number, made);
  return made;
}

type Order = LaneQuery['order'];

/** Rows `low` to `high` - 1 of a chunk are asked for. */
interface Slice<T> {
  readonly chunk: T;
  readonly low: number;
  readonly high: number;
}

function* framesIn(
  { base, from, to }: LaneRows,
  chunks: Chunks,
  start: number,
  end: number,
  order: Order,
): Generator<{ rows: BaseRows; low: number; high: number }> {
  const place: Place = { series: base, from, to, chunkRows: CHUNK_ROWS };
  for (const { chunk, low, high } of slices(
    place,
    (n) => chunks.framesOf(n),
    (c) => c.time,
    start,
    end,
    order,
  ))
    yield { rows: chunk, low, high };
}

function* bucketsIn(
  series: RowSeries,
  chunks: Chunks,
  start: number,
  end: number,
  order: Order,
): Generator<{ tile: Tile; low: number; high: number }> {
  const place: Place = { series, from: 0, to: series.rows, chunkRows: LEVEL_CHUNK_ROWS };
  for (const { chunk, low, high } of slices(
    place,
    (n) => chunks.bucketsOf(n),
    (c) => c.start,
    start,
    end,
    order,
  ))
    yield { tile: chunk, low, high };
}

/** Rows `from` to `to` - 1 of a series. */
interface Place {
  readonly series: RowSeries;
  readonly from: number;
  readonly to: number;
  readonly chunkRows: number;
}

/** The parts of the place's chunks whose times are from `start` on and before `end`. */
function* slices<T>(
  { series, from, to, chunkRows }: Place,
  get: (number: number) => T,
  timesOf: (chunk: T) => Float64Array,
  start: number,
  end: number,
  order: Order,
): Generator<Slice<T>> {
  if (to <= from) return;
  const first = Math.floor(from / chunkRows);
  const last = Math.floor((to - 1) / chunkRows);
  // Of the first chunk the first row may be another lane's; those of the others are this one's.
  const low = lowerBound(series.times, start, first + 1, last + 1) - 1;
  const high = lowerBound(series.times, end, first + 1, last + 1) - 1;
  for (let n = 0; n <= high - low; n++) {
    const at = order === 'asc' ? low + n : high - n;
    const chunk = get(series.chunks[at] as number);
    const times = timesOf(chunk);
    const own = [Math.max(from - at * chunkRows, 0), Math.min(to - at * chunkRows, chunkRows)] as const;
    const slice = { chunk, low: lowerBound(times, start, ...own), high: lowerBound(times, end, ...own) };
    if (slice.high > slice.low) yield slice;
  }
}

/** The first of `low` to `high` - 1 that is not less than `value`; `high` where all are. */
function lowerBound(values: ArrayLike<number>, value: number, low: number, high: number): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle] as number) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Frames of at least a mark, from `start` on and before `end`: by the buckets of the level below `depth` that have one,
 * each looked into at the next finer level.
 */
function* searchFrames(
  lane: LaneRows,
  chunks: Chunks,
  query: LaneQuery,
  depth: number,
  start: number,
  end: number,
): Generator<{ rows: BaseRows; i: number }> {
  const { least, order } = query;
  const level = least > 0 ? lane.levels[depth - 1] : undefined;
  if (level === undefined) {
    for (const { rows, low, high } of framesIn(lane, chunks, start, end, order)) {
      for (const i of inOrder(low, high, order)) {
        if (markIn(rows.traits[i] as number) >= least) yield { rows, i };
      }
    }
    return;
  }
  const width = 2 ** level.level;
  // The bucket that `start` is in may begin before it.
  for (const { tile, low, high } of bucketsIn(level, chunks, Math.floor(start / width) * width, end, order)) {
    for (const i of inOrder(low, high, order)) {
      if ((tile.worst[i] as number) < least) continue;
      const [from, to] = [
        Math.max(start, tile.start[i] as number),
        Math.min(end, (tile.end[i] as number) + 1),
      ];
      if (from < to) yield* searchFrames(lane, chunks, query, depth - 1, from, to);
    }
  }
}

function* inOrder(low: number, high: number, order: Order): Generator<number> {
  for (let n = 0; n < high - low; n++) yield order === 'asc' ? low + n : high - 1 - n;
}

function toFrame(rows: BaseRows, i: number, { captures, flows }: LaneDirectory): LaneFrame {
  const traits = rows.traits[i] as number;
  const flow = rows.flow[i] as number;
  const isForeign = (traits & Trait.Foreign) !== 0;
  return {
    frame: { capture: captures[rows.capture[i] as number] ?? '', frame: rows.frame[i] as number },
    time: rows.time[i] as number,
    from: (traits & Trait.FromServer) !== 0 ? 'server' : 'client',
    seq: isForeign ? null : numberOf(rows.seq[i] as number),
    ack: isForeign ? null : numberOf(rows.ack[i] as number),
    length: rows.length[i] as number,
    window: rows.window[i] as number,
    flags: flagText(flagsOf(traits)),
    mark: markIn(traits),
    flow: flow === NO_FLOW ? null : (flows[flow] ?? null),
  };
}

const numberOf = (value: number): number | null => (Number.isNaN(value) ? null : value);
