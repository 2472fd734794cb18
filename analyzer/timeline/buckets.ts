/**
 * What a bucket says of its frames: the rows of tiles, and of the coarser levels that tiles are made of.
 * Putting two together is associative, and needs no order but that of time, so a bucket of any width is the same
 * whichever levels it was made of.
 * The trap: of frames that matter alike the earliest counts, of those of one moment the lowest; NaN is no number to compare.
 */
import { TcpFlag } from '../../packet/wire/frame.ts';
import type { BaseRows } from './base-rows.ts';
import type { Tile } from './tile.ts';
import { flagsOf, markIn, Trait } from './traits.ts';

/** Lanes of all flows have no sequence numbers: those of two flows have nothing to do with each other. */
export type Numbers = 'numbers' | 'no-numbers';

/** Row `at` of the tile becomes a bucket without frames. */
export function clearBucket(tile: Tile, at: number): void {
  tile.count[at] = 0;
  tile.bytes[at] = 0;
  tile.marks[at] = 0;
  tile.worst[at] = 0;
  for (const column of [tile.seqMin, tile.seqMax, tile.ackMin, tile.ackMax, tile.edgeMax])
    column[at] = Number.NaN;
  for (const column of [tile.windowMin, tile.sackMin, tile.sackMax]) column[at] = Number.NaN;
}

/** Takes a frame that is not before those of the bucket. */
export function addFrame(tile: Tile, at: number, rows: BaseRows, i: number, numbers: Numbers): void {
  const time = rows.time[i] as number;
  const frame = rows.frame[i] as number;
  const capture = rows.capture[i] as number;
  const traits = rows.traits[i] as number;
  const length = rows.length[i] as number;
  const mark = markIn(traits);
  if (tile.count[at] === 0) {
    tile.start[at] = time;
    tile.firstFrame[at] = frame;
    tile.firstCapture[at] = capture;
  }
  if (tile.count[at] === 0 || isWorse(tile, at, mark, time, frame, capture)) {
    tile.worst[at] = mark;
    tile.worstTime[at] = time;
    tile.worstSeq[at] = (traits & Trait.Foreign) !== 0 ? Number.NaN : (rows.seq[i] as number);
    tile.worstLength[at] = length;
    tile.worstFrame[at] = frame;
    tile.worstFlow[at] = rows.flow[i] as number;
    tile.worstCapture[at] = capture;
  }
  tile.end[at] = time;
  tile.lastFrame[at] = frame;
  tile.lastCapture[at] = capture;
  tile.count[at] = (tile.count[at] as number) + 1;
  tile.bytes[at] = (tile.bytes[at] as number) + length;
  tile.marks[at] = (tile.marks[at] as number) | (1 << mark);
  if (isAnswer(flagsOf(traits))) lower(tile.windowMin, at, rows.window[i] as number);
  if (numbers === 'numbers' && (traits & Trait.Foreign) === 0) addNumbers(tile, at, rows, i, flagsOf(traits));
}

/** It acknowledges, and its window means something: an RST's does not, and its acknowledgement often as little. */
const isAnswer = (flags: number): boolean => (flags & (TcpFlag.Ack | TcpFlag.Rst)) === TcpFlag.Ack;

function addNumbers(tile: Tile, at: number, rows: BaseRows, i: number, flags: number): void {
  const seq = rows.seq[i] as number;
  const length = rows.length[i] as number;
  if (length > 0) {
    lower(tile.seqMin, at, seq);
    raise(tile.seqMax, at, seq + length);
  }
  if (!isAnswer(flags)) return;
  const ack = rows.ack[i] as number;
  lower(tile.ackMin, at, ack);
  raise(tile.ackMax, at, ack);
  raise(tile.edgeMax, at, ack + (rows.window[i] as number));
  lower(tile.sackMin, at, rows.sackLeft[i] as number);
  raise(tile.sackMax, at, rows.sackRight[i] as number);
}

/** Takes a bucket of another tile that is not before this one. */
export function addBucket(tile: Tile, at: number, other: Tile, i: number): void {
  const isFirst = tile.count[at] === 0;
  if (isFirst) {
    tile.start[at] = other.start[i] as number;
    tile.firstFrame[at] = other.firstFrame[i] as number;
    tile.firstCapture[at] = other.firstCapture[i] as number;
  }
  if (isFirst || isWorseBucket(tile, at, other, i)) copyWorst(tile, at, other, i);
  tile.end[at] = other.end[i] as number;
  tile.lastFrame[at] = other.lastFrame[i] as number;
  tile.lastCapture[at] = other.lastCapture[i] as number;
  tile.count[at] = (tile.count[at] as number) + (other.count[i] as number);
  tile.bytes[at] = (tile.bytes[at] as number) + (other.bytes[i] as number);
  tile.marks[at] = (tile.marks[at] as number) | (other.marks[i] as number);
  lower(tile.seqMin, at, other.seqMin[i] as number);
  raise(tile.seqMax, at, other.seqMax[i] as number);
  lower(tile.ackMin, at, other.ackMin[i] as number);
  raise(tile.ackMax, at, other.ackMax[i] as number);
  raise(tile.edgeMax, at, other.edgeMax[i] as number);
  lower(tile.windowMin, at, other.windowMin[i] as number);
  lower(tile.sackMin, at, other.sackMin[i] as number);
  raise(tile.sackMax, at, other.sackMax[i] as number);
}

function copyWorst(tile: Tile, at: number, other: Tile, i: number): void {
  tile.worst[at] = other.worst[i] as number;
  tile.worstTime[at] = other.worstTime[i] as number;
  tile.worstSeq[at] = other.worstSeq[i] as number;
  tile.worstLength[at] = other.worstLength[i] as number;
  tile.worstFrame[at] = other.worstFrame[i] as number;
  tile.worstFlow[at] = other.worstFlow[i] as number;
  tile.worstCapture[at] = other.worstCapture[i] as number;
}

const isWorseBucket = (tile: Tile, at: number, other: Tile, i: number): boolean =>
  isWorse(
    tile,
    at,
    other.worst[i] as number,
    other.worstTime[i] as number,
    other.worstFrame[i] as number,
    other.worstCapture[i] as number,
  );

function isWorse(
  tile: Tile,
  at: number,
  mark: number,
  time: number,
  frame: number,
  capture: number,
): boolean {
  if (mark !== tile.worst[at]) return mark > (tile.worst[at] as number);
  if (time !== tile.worstTime[at]) return time < (tile.worstTime[at] as number);
  if (frame !== tile.worstFrame[at]) return frame < (tile.worstFrame[at] as number);
  return capture < (tile.worstCapture[at] as number);
}

function lower(column: Float64Array, at: number, value: number): void {
  // Also where nothing is there yet: a comparison with NaN is false.
  if (!((column[at] as number) <= value) && !Number.isNaN(value)) column[at] = value;
}

function raise(column: Float64Array, at: number, value: number): void {
  if (!((column[at] as number) >= value) && !Number.isNaN(value)) column[at] = value;
}
