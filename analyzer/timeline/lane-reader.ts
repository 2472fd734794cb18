/**
 * Reads a lane from its stored chunks, wherever they are: the rows of a window, at the finest level or
 * at a coarser one.
 * The trap: the lanes of many flows share chunks, so a lane is a range of rows in a series, and the
 * time of a chunk's first row belongs to it only from its second chunk on.
 */
import { entryOf, type LaneDirectory, type Level, type Series } from './directory.ts';
import type { ReadChunk } from './lane-index.ts';
import { LEVEL_ROWS } from './levels.ts';
import { CHUNK_ROWS, decodeRows, type Rows } from './rows.ts';
import { decodeTile, type Tile } from './tile.ts';

export interface Lane {
  readonly vantage: number;
  readonly series: Series;
  /** Rows of the series that are the lane's. */
  readonly from: number;
  readonly to: number;
  /** Finest first. */
  readonly levels: readonly Level[];
  /** Sequence numbers mean something. */
  readonly numbers: boolean;
}

const NAME = /^v(\d{1,4})(?:\.([\w-]{1,64})\.([cs]))?$/;

/** @returns null where the timeline has no lane of that name; a flow that the vantage did not see has none */
export function findLane({ columns }: LaneDirectory, name: string): Lane | null {
  const match = NAME.exec(name);
  const vantage = Number(match?.[1] ?? -1);
  const lanes = columns.vantages[vantage];
  if (match === null || lanes === undefined) return null;
  if (match[2] === undefined) {
    return { vantage, series: lanes.all, from: 0, to: lanes.all.rows, levels: lanes.levels, numbers: false };
  }
  const entry = entryOf(lanes, columns.flows.indexOf(match[2]));
  if (entry < 0) return null;
  const row = lanes.row[entry] as number;
  const clientRows = lanes.clientRows[entry] as number;
  const isClients = match[3] === 'c';
  const from = isClients ? row : row + clientRows;
  const to = from + (isClients ? clientRows : (lanes.serverRows[entry] as number));
  const levels = lanes.flowLevels.find((f) => f.row === from && to > from)?.levels ?? [];
  return { vantage, series: lanes.byFlow, from, to, levels, numbers: true };
}

/** The rows of one chunk that a window holds. */
export interface Part<T> {
  readonly columns: T;
  readonly from: number;
  readonly to: number;
}

/** A few decoded chunks: a query reads neighbours, and the same one again. */
export class ChunkCache {
  private readonly read: ReadChunk;
  private readonly kept = new Map<number, Rows | Tile>();

  constructor(read: ReadChunk) {
    this.read = read;
  }

  /** @throws Error where what is stored is no such chunk: the database is damaged */
  rows(chunk: number): Rows {
    return this.get(chunk, decodeRows);
  }

  tile(chunk: number): Tile {
    return this.get(chunk, decodeTile);
  }

  private get<T extends Rows | Tile>(chunk: number, decode: (bytes: Uint8Array) => T | null): T {
    const known = this.kept.get(chunk);
    if (known !== undefined) return known as T;
    const decoded = decode(this.read(chunk));
    if (decoded === null) throw new Error(`chunk ${chunk} of the timeline is damaged`);
    if (this.kept.size >= MOST_KEPT) this.kept.delete(this.kept.keys().next().value as number);
    this.kept.set(chunk, decoded);
    return decoded;
  }
}

const MOST_KEPT = 16;

/** The frames of a lane in [from, to), chunk by chunk; backwards, the chunks come in reverse. */
export function* rowParts(
  lane: Lane,
  cache: ChunkCache,
  window: { from: number; to: number },
  backwards = false,
): Generator<Part<Rows>> {
  const { series, from, to } = lane;
  if (from >= to) return;
  yield* parts(
    { series, from, to, size: CHUNK_ROWS },
    (chunk) => cache.rows(chunk),
    (rows) => rows.time,
    window,
    backwards,
  );
}

/** The buckets of a level that begin in [from, to). */
export function* levelParts(
  { series }: Level,
  cache: ChunkCache,
  window: { from: number; to: number },
  backwards = false,
): Generator<Part<Tile>> {
  yield* parts(
    { series, from: 0, to: series.rows, size: LEVEL_ROWS },
    (chunk) => cache.tile(chunk),
    (tile) => tile.start,
    window,
    backwards,
  );
}

interface Range {
  readonly series: Series;
  readonly from: number;
  readonly to: number;
  /** Rows of a full chunk. */
  readonly size: number;
}

function* parts<T>(
  { series, from, to, size }: Range,
  read: (chunk: number) => T,
  timesOf: (columns: T) => Float64Array,
  window: { from: number; to: number },
  backwards: boolean,
): Generator<Part<T>> {
  const firstChunk = Math.floor(from / size);
  const lastChunk = Math.floor((to - 1) / size);
  // From the second chunk on, its first row is the lane's.
  const begin = Math.max(
    lowerBound(series.first, window.from, firstChunk + 1, lastChunk + 1) - 1,
    firstChunk,
  );
  const end = lowerBound(series.first, window.to, firstChunk + 1, lastChunk + 1);
  for (let n = 0; n < end - begin; n++) {
    const c = backwards ? end - 1 - n : begin + n;
    const columns = read(series.chunks[c] as number);
    const times = timesOf(columns);
    const low = Math.max(from - c * size, 0);
    const high = Math.min(to - c * size, times.length);
    const part = {
      columns,
      from: lowerBound(times, window.from, low, high),
      to: lowerBound(times, window.to, low, high),
    };
    if (part.to > part.from) yield part;
  }
}

/** The first index in [low, high) whose time is not before `time`; `high` where there is none. */
function lowerBound(times: Float64Array, time: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
