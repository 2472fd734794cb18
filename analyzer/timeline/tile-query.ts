/**
 * A tile of a lane: its buckets at a resolution in a window, made from the coarsest stored level that
 * is fine enough.
 */
import { Bucket, TileWriter } from './bucket.ts';
import type { LaneDirectory } from './directory.ts';
import type { ReadChunk } from './lane-index.ts';
import { ChunkCache, findLane, levelParts, rowParts } from './lane-reader.ts';
import { BUCKETS, emptyTile, GREATEST_RESOLUTION, LEAST_RESOLUTION, type Tile } from './tile.ts';

/**
 * Buckets of 2^resolution ns, of which tile `index` covers `BUCKETS`; indices before the origin are negative.
 * @returns null where there is no such lane, or no such resolution
 */
export function queryTile(
  directory: LaneDirectory,
  read: ReadChunk,
  lane: string,
  resolution: number,
  index: number,
): Tile | null {
  const found = findLane(directory, lane);
  const isResolution =
    Number.isInteger(resolution) && resolution >= LEAST_RESOLUTION && resolution <= GREATEST_RESOLUTION;
  if (found === null || !isResolution || !Number.isSafeInteger(index)) return null;
  const width = 2 ** resolution;
  const window = { from: index * BUCKETS * width, to: (index + 1) * BUCKETS * width };
  const cache = new ChunkCache(read);
  const made = new Buckets(width);
  const level = found.levels.filter((l) => l.resolution <= resolution).at(-1);
  if (level === undefined) {
    for (const { columns, from, to } of rowParts(found, cache, window)) {
      for (let i = from; i < to; i++) made.at(columns.time[i] as number).addRow(columns, i);
    }
  } else {
    for (const { columns, from, to } of levelParts(level, cache, window)) {
      for (let i = from; i < to; i++) made.at(columns.start[i] as number).addTile(columns, i);
    }
  }
  return made.finish();
}

class Buckets {
  private readonly width: number;
  private readonly writer = new TileWriter(BUCKETS);
  private readonly bucket = new Bucket();
  private until = Number.NEGATIVE_INFINITY;

  constructor(width: number) {
    this.width = width;
  }

  at(time: number): Bucket {
    if (time >= this.until) {
      if (this.bucket.count > 0) this.writer.append(this.bucket);
      this.until = (Math.floor(time / this.width) + 1) * this.width;
    }
    return this.bucket;
  }

  finish(): Tile {
    if (this.bucket.count > 0) this.writer.append(this.bucket);
    return this.writer.rows === 0 ? emptyTile(0) : this.writer.take();
  }
}
