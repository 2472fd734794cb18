/**
 * Many frames as one: counts, extremes, and the worst of them. Merging is associative and
 * commutative, so that buckets of buckets are the buckets of their frames.
 * The trap: "first" and "last" go by time and then by capture and frame number, never by the order
 * of merging; and a number that no frame has is NaN, which no comparison finds.
 */
import type { Rows } from './rows.ts';
import { emptyTile, type Tile } from './tile.ts';

/** Flags of the header. */
const ACK = 0x10;
const RST = 0x04;

export class Bucket {
  count = 0;
  private start = 0;
  private end = 0;
  private bytes = 0;
  private seqMin = Number.NaN;
  private seqMax = Number.NaN;
  private ackMin = Number.NaN;
  private ackMax = Number.NaN;
  private edgeMax = Number.NaN;
  private windowMin = Number.NaN;
  private sackMin = Number.NaN;
  private sackMax = Number.NaN;
  private worst = 0;
  private worstTime = 0;
  private worstSeq = Number.NaN;
  private worstLength = 0;
  private worstFrame = 0;
  private worstFlow = 0;
  private worstCapture = 0;
  private firstFrame = 0;
  private firstCapture = 0;
  private lastFrame = 0;
  private lastCapture = 0;
  private marks = 0;

  addRow(rows: Rows, i: number): void {
    const time = rows.time[i] as number;
    const frame = rows.frame[i] as number;
    const capture = rows.capture[i] as number;
    const length = rows.length[i] as number;
    const mark = rows.mark[i] as number;
    const seq = rows.seq[i] as number;
    const ack = rows.ack[i] as number;
    this.noteSpan(time, time, frame, capture, frame, capture);
    this.noteWorst(mark, time, frame, capture, seq, length, rows.flow[i] as number);
    this.count += 1;
    this.bytes += length;
    this.marks |= 1 << mark;
    if (length > 0) {
      this.seqMin = least(this.seqMin, seq);
      this.seqMax = most(this.seqMax, seq + length);
    }
    const flags = rows.flags[i] as number;
    // An RST's window means nothing, and its acknowledgement often as little.
    if ((flags & ACK) === 0 || (flags & RST) !== 0) return;
    const window = rows.window[i] as number;
    this.windowMin = least(this.windowMin, window);
    this.ackMin = least(this.ackMin, ack);
    this.ackMax = most(this.ackMax, ack);
    this.edgeMax = most(this.edgeMax, ack + window);
    this.sackMin = least(this.sackMin, rows.sackLeft[i] as number);
    this.sackMax = most(this.sackMax, rows.sackRight[i] as number);
  }

  addTile(tile: Tile, i: number): void {
    const [first, firstCapture] = [tile.firstFrame[i] as number, tile.firstCapture[i] as number];
    const [last, lastCapture] = [tile.lastFrame[i] as number, tile.lastCapture[i] as number];
    this.noteSpan(tile.start[i] as number, tile.end[i] as number, first, firstCapture, last, lastCapture);
    this.noteWorst(
      tile.worst[i] as number,
      tile.worstTime[i] as number,
      tile.worstFrame[i] as number,
      tile.worstCapture[i] as number,
      tile.worstSeq[i] as number,
      tile.worstLength[i] as number,
      tile.worstFlow[i] as number,
    );
    this.count += tile.count[i] as number;
    this.bytes += tile.bytes[i] as number;
    this.marks |= tile.marks[i] as number;
    this.seqMin = least(this.seqMin, tile.seqMin[i] as number);
    this.seqMax = most(this.seqMax, tile.seqMax[i] as number);
    this.ackMin = least(this.ackMin, tile.ackMin[i] as number);
    this.ackMax = most(this.ackMax, tile.ackMax[i] as number);
    this.edgeMax = most(this.edgeMax, tile.edgeMax[i] as number);
    this.windowMin = least(this.windowMin, tile.windowMin[i] as number);
    this.sackMin = least(this.sackMin, tile.sackMin[i] as number);
    this.sackMax = most(this.sackMax, tile.sackMax[i] as number);
  }

  /** Writes itself as row `i` of a tile, and is empty again. */
  moveTo(tile: Tile, i: number): void {
    tile.start[i] = this.start;
    tile.end[i] = this.end;
    tile.count[i] = this.count;
    tile.bytes[i] = this.bytes;
    tile.seqMin[i] = this.seqMin;
    tile.seqMax[i] = this.seqMax;
    tile.ackMin[i] = this.ackMin;
    tile.ackMax[i] = this.ackMax;
    tile.edgeMax[i] = this.edgeMax;
    tile.windowMin[i] = this.windowMin;
    tile.sackMin[i] = this.sackMin;
    tile.sackMax[i] = this.sackMax;
    tile.worst[i] = this.worst;
    tile.worstTime[i] = this.worstTime;
    tile.worstSeq[i] = this.worstSeq;
    tile.worstLength[i] = this.worstLength;
    tile.worstFrame[i] = this.worstFrame;
    tile.worstFlow[i] = this.worstFlow;
    tile.worstCapture[i] = this.worstCapture;
    tile.firstFrame[i] = this.firstFrame;
    tile.firstCapture[i] = this.firstCapture;
    tile.lastFrame[i] = this.lastFrame;
    tile.lastCapture[i] = this.lastCapture;
    tile.marks[i] = this.marks;
    this.clear();
  }

  private clear(): void {
    this.count = 0;
    this.bytes = 0;
    this.marks = 0;
    this.seqMin = this.seqMax = this.ackMin = this.ackMax = Number.NaN;
    this.edgeMax = this.windowMin = this.sackMin = this.sackMax = Number.NaN;
  }

  private noteSpan(
    start: number,
    end: number,
    first: number,
    firstCapture: number,
    last: number,
    lastCapture: number,
  ): void {
    if (
      this.count === 0 ||
      before(start, firstCapture, first, this.start, this.firstCapture, this.firstFrame)
    ) {
      this.start = start;
      this.firstFrame = first;
      this.firstCapture = firstCapture;
    }
    if (this.count === 0 || before(this.end, this.lastCapture, this.lastFrame, end, lastCapture, last)) {
      this.end = end;
      this.lastFrame = last;
      this.lastCapture = lastCapture;
    }
  }

  private noteWorst(
    mark: number,
    time: number,
    frame: number,
    capture: number,
    seq: number,
    length: number,
    flow: number,
  ): void {
    if (this.count > 0 && mark < this.worst) return;
    const isWorse =
      this.count === 0 ||
      mark > this.worst ||
      before(time, capture, frame, this.worstTime, this.worstCapture, this.worstFrame);
    if (!isWorse) return;
    this.worst = mark;
    this.worstTime = time;
    this.worstFrame = frame;
    this.worstCapture = capture;
    this.worstSeq = seq;
    this.worstLength = length;
    this.worstFlow = flow;
  }
}

function before(
  t: number,
  capture: number,
  frame: number,
  u: number,
  capture2: number,
  frame2: number,
): boolean {
  if (t !== u) return t < u;
  return capture !== capture2 ? capture < capture2 : frame < frame2;
}

/** The lesser of two, where NaN is no number at all. */
const least = (a: number, b: number): number => (b < a || Number.isNaN(a) ? b : a);
const most = (a: number, b: number): number => (b > a || Number.isNaN(a) ? b : a);

/** Collects buckets into tiles of at most `capacity` rows. */
export class TileWriter {
  rows = 0;
  readonly tile: Tile;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.tile = emptyTile(capacity);
  }

  get isFull(): boolean {
    return this.rows === this.capacity;
  }

  /** @returns the row that it became */
  append(bucket: Bucket): number {
    bucket.moveTo(this.tile, this.rows);
    this.rows += 1;
    return this.rows - 1;
  }

  /** A tile of what was appended; the writer begins anew. */
  take(): Tile {
    const taken = emptyTile(this.rows);
    for (const [name, column] of Object.entries(this.tile)) {
      if (typeof column === 'number') continue;
      (taken[name as keyof Tile] as unknown as Float64Array).set(column.subarray(0, this.rows));
    }
    this.rows = 0;
    return taken;
  }
}
