/**
 * The coarser levels of a lane: which resolutions are worth storing, and their buckets, made while
 * the frames go by, each level from the one below it.
 * A level is stored only if it has at most an eighth of the rows of the next finer one, so all levels
 * together are a seventh of the lane at most, however its frames are spread; and a tile is made
 * from about eight times its rows at most.
 */
import { Bucket, TileWriter } from './bucket.ts';
import type { Rows } from './rows.ts';
import { encodeTile, GREATEST_RESOLUTION, type Tile } from './tile.ts';

const SHRINKS = 8;
/** A lane of fewer rows is read whole: it has no levels. */
export const SMALL_LANE = 4096;
/** Rows of a stored chunk of a level. */
export const LEVEL_ROWS = 2048;

/** Makes times positive for what follows; a number of ns beyond 52 days from the origin does not occur. */
const OFFSET = 2 ** 52;
const WORD = 2 ** 32;

/** Counts, for all resolutions at once, how many buckets a lane has; times come in their order. */
export class BucketCounter {
  rows = 0;
  private before = 0;
  /** By the highest bit that differs between two times that follow each other. */
  private readonly differing = new Float64Array(GREATEST_RESOLUTION + 2);

  add(time: number): void {
    const t = time + OFFSET;
    if (this.rows > 0) {
      const high = Math.floor(t / WORD) ^ Math.floor(this.before / WORD);
      const low = (t >>> 0) ^ (this.before >>> 0);
      const bit = high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low);
      if (bit >= 0) (this.differing[bit] as number)++;
    }
    this.before = t;
    this.rows += 1;
  }

  /** The resolutions to be stored, finest first. */
  resolutions(): number[] {
    const stored: number[] = [];
    if (this.rows <= SMALL_LANE) return stored;
    let finer = this.rows;
    // Two times are in different buckets of 2^r ns where bit r or a higher one differs.
    let buckets = this.rows;
    let sum = 0;
    const counts: number[] = [];
    for (let bit = GREATEST_RESOLUTION; bit >= 0; bit--) {
      sum += this.differing[bit] as number;
      counts[bit] = sum + 1;
    }
    for (let r = 0; r <= GREATEST_RESOLUTION && finer > 1; r++) {
      buckets = counts[r] as number;
      if (buckets * SHRINKS > finer) continue;
      stored.push(r);
      finer = buckets;
    }
    return stored;
  }
}

/** Takes the bytes of a finished chunk and the time of its first row. */
export type ChunkSink = (bytes: Uint8Array, first: number) => void;

/** One level on its way; what it closes goes on to the next coarser one. */
export class LevelBuilder {
  rows = 0;
  private readonly width: number;
  private readonly sink: ChunkSink;
  private readonly coarser: LevelBuilder | null;
  private readonly bucket = new Bucket();
  private readonly writer = new TileWriter(LEVEL_ROWS);
  private until = Number.NEGATIVE_INFINITY;

  constructor(resolution: number, sink: ChunkSink, coarser: LevelBuilder | null) {
    this.width = 2 ** resolution;
    this.sink = sink;
    this.coarser = coarser;
  }

  addRows(rows: Rows, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const time = rows.time[i] as number;
      if (time >= this.until) this.next(time);
      this.bucket.addRow(rows, i);
    }
  }

  finish(): void {
    this.close();
    if (this.writer.rows > 0) this.emit();
    this.coarser?.finish();
  }

  private addTile(tile: Tile, i: number): void {
    const time = tile.start[i] as number;
    if (time >= this.until) this.next(time);
    this.bucket.addTile(tile, i);
  }

  private next(time: number): void {
    this.close();
    this.until = (Math.floor(time / this.width) + 1) * this.width;
  }

  private close(): void {
    if (this.bucket.count === 0) return;
    const row = this.writer.append(this.bucket);
    this.rows += 1;
    this.coarser?.addTile(this.writer.tile, row);
    if (this.writer.isFull) this.emit();
  }

  private emit(): void {
    const tile = this.writer.take();
    this.sink(encodeTile(tile), tile.start[0] as number);
  }
}
