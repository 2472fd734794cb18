/**
 * The coarser levels of a lane: its buckets of 2^level ns. Which ones are kept is known after one look at the times;
 * then each is made of the one before it, all in one pass.
 * The trap: how many buckets there are at any width follows from neighbours alone: two times are in different buckets
 * of 2^k ns exactly where they differ in bit k or above.
 */
import type { BaseRows } from './base-rows.ts';
import { addBucket, addFrame, clearBucket, type Numbers } from './buckets.ts';
import { type Column, packColumns, packedRows, unpackColumns } from './packed-columns.ts';
import { emptyTile, GREATEST_RESOLUTION, type Tile } from './tile.ts';

/** A lane of fewer frames needs no levels: as many are quickly put together. */
export const LEVELS_FROM = 4096;
/** A level has at most this share of the rows of the finer one, so that all levels together are small. */
const STEP = 8;
/** No tile has many more rows, so coarser levels would save nothing. */
const ENOUGH = 512;
export const LEVEL_CHUNK_ROWS = 1024;

const WORD = 2 ** 32;

/** Counts, for every width, the buckets of times that come in order. */
export class BucketCounts {
  private rows = 0;
  private last = 0;
  /** How many neighbours differ in bit `i - 1` and in none above. */
  private readonly highest = new Float64Array(66);

  add(time: number): void {
    if (this.rows > 0) {
      const bit = highestDifference(this.last, time);
      this.highest[bit] = (this.highest[bit] as number) + 1;
    }
    this.rows += 1;
    this.last = time;
  }

  /** The levels worth keeping, finest first. */
  levels(): number[] {
    if (this.rows < LEVELS_FROM) return [];
    const found: number[] = [];
    let finer = this.rows;
    let buckets = this.rows;
    for (let level = 0; level <= GREATEST_RESOLUTION && finer > ENOUGH; level++) {
      buckets -= this.highest[level] as number;
      if (buckets * STEP > finer) continue;
      found.push(level);
      finer = buckets;
    }
    return found;
  }
}

/** One more than the highest bit in which two whole numbers differ; 0 for equal ones. */
function highestDifference(a: number, b: number): number {
  const [highA, highB] = [Math.floor(a / WORD), Math.floor(b / WORD)];
  if (highA !== highB) return 64 - Math.clz32(highA ^ highB);
  return 32 - Math.clz32(a ^ b);
}

/** Takes a chunk that is full; its rows are overwritten afterwards. */
export type TakeLevelChunk = (level: number, buckets: Tile, rows: number) => void;

/** Makes one level, and hands each bucket on to the next coarser one. */
export class LevelWriter {
  rows = 0;
  readonly level: number;
  readonly next: LevelWriter | null;
  private readonly scale: number;
  private readonly tile = emptyTile(LEVEL_CHUNK_ROWS);
  private readonly take: TakeLevelChunk;
  private readonly numbers: Numbers;
  /** Row of the bucket that is open. */
  private at = -1;
  private bucket = Number.NaN;

  private constructor(level: number, next: LevelWriter | null, numbers: Numbers, take: TakeLevelChunk) {
    this.level = level;
    this.next = next;
    this.scale = 2 ** -level;
    this.numbers = numbers;
    this.take = take;
  }

  /** The writer of the finest of `levels`, which leads to the others; null without any. */
  static chain(levels: readonly number[], numbers: Numbers, take: TakeLevelChunk): LevelWriter | null {
    return levels.reduceRight<LevelWriter | null>(
      (next, level) => new LevelWriter(level, next, numbers, take),
      null,
    );
  }

  addFrame(rows: BaseRows, i: number): void {
    this.open(rows.time[i] as number);
    addFrame(this.tile, this.at, rows, i, this.numbers);
  }

  /** The lane has ended. */
  finish(): void {
    if (this.at < 0) return;
    this.next?.addBucket(this.tile, this.at);
    this.take(this.level, this.tile, this.at + 1);
    this.next?.finish();
  }

  private addBucket(tile: Tile, i: number): void {
    this.open(tile.start[i] as number);
    addBucket(this.tile, this.at, tile, i);
  }

  private open(time: number): void {
    const bucket = Math.floor(time * this.scale);
    if (bucket === this.bucket) return;
    this.bucket = bucket;
    if (this.at >= 0) this.next?.addBucket(this.tile, this.at);
    this.at += 1;
    this.rows += 1;
    if (this.at === LEVEL_CHUNK_ROWS) {
      this.take(this.level, this.tile, LEVEL_CHUNK_ROWS);
      this.at = 0;
    }
    clearBucket(this.tile, this.at);
  }
}

// The order is that of the bytes.
const columnsOf = (t: Tile): readonly Column[] => [
  t.start,
  t.end,
  t.bytes,
  t.seqMin,
  t.seqMax,
  t.ackMin,
  t.ackMax,
  t.edgeMax,
  t.windowMin,
  t.sackMin,
  t.sackMax,
  t.worstTime,
  t.worstSeq,
  t.count,
  t.worstLength,
  t.worstFrame,
  t.worstFlow,
  t.firstFrame,
  t.lastFrame,
  t.worstCapture,
  t.firstCapture,
  t.lastCapture,
  t.marks,
  t.worst,
];

export const packBuckets = (buckets: Tile, rows: number): Uint8Array => packColumns(columnsOf(buckets), rows);

export function unpackBuckets(bytes: Uint8Array): Tile {
  const tile = emptyTile(packedRows(bytes));
  unpackColumns(bytes, columnsOf(tile));
  return tile;
}
