/**
 * Lanes that were made up, and their tiles by brute force: each bucket looks at all of its frames. For tests
 * and benchmarks of what draws tiles; the real index must give the same numbers for the same frames.
 */
import { BUCKETS, emptyTile, NO_FLOW, type Tile } from '../analyzer/index.ts';

export interface MadeUpFrame {
  readonly time: number;
  readonly mark: number;
  readonly frame: number;
  readonly seq: number;
  readonly length: number;
  readonly ack: number;
  readonly window: number;
  readonly sack?: readonly [number, number];
}

/** `frames` in the order of time. */
export function makeTile(frames: readonly MadeUpFrame[], resolution: number, index: number): Tile {
  const width = 2 ** resolution;
  const from = index * BUCKETS * width;
  const buckets = new Map<number, MadeUpFrame[]>();
  for (let at = firstFrom(frames, from); at < frames.length; at++) {
    const frame = frames[at] as MadeUpFrame;
    if (frame.time >= from + BUCKETS * width) break;
    const bucket = Math.floor(frame.time / width);
    const inside = buckets.get(bucket);
    if (inside === undefined) buckets.set(bucket, [frame]);
    else inside.push(frame);
  }
  const tile = emptyTile(buckets.size);
  for (const [row, inside] of [...buckets.values()].entries()) fillRow(tile, row, inside);
  return tile;
}

function fillRow(tile: Tile, row: number, frames: readonly MadeUpFrame[]): void {
  const first = frames[0] as MadeUpFrame;
  const last = frames.at(-1) as MadeUpFrame;
  const worst = frames.reduce((a, b) => (b.mark > a.mark ? b : a));
  const least = (of: (frame: MadeUpFrame) => number | undefined): number => extreme(frames, of, Math.min);
  const most = (of: (frame: MadeUpFrame) => number | undefined): number => extreme(frames, of, Math.max);
  tile.start[row] = first.time;
  tile.end[row] = last.time;
  tile.count[row] = frames.length;
  tile.bytes[row] = frames.reduce((sum, { length }) => sum + length, 0);
  tile.seqMin[row] = least(({ seq, length }) => (length > 0 ? seq : undefined));
  tile.seqMax[row] = most(({ seq, length }) => (length > 0 ? seq + length : undefined));
  tile.ackMin[row] = least(({ ack }) => ack);
  tile.ackMax[row] = most(({ ack }) => ack);
  tile.edgeMax[row] = most(({ ack, window }) => ack + window);
  tile.windowMin[row] = least(({ window }) => window);
  tile.sackMin[row] = least(({ sack }) => sack?.[0]);
  tile.sackMax[row] = most(({ sack }) => sack?.[1]);
  tile.worstTime[row] = worst.time;
  tile.worstSeq[row] = worst.seq;
  tile.worstLength[row] = worst.length;
  tile.worstFrame[row] = worst.frame;
  tile.worstFlow[row] = NO_FLOW;
  tile.firstFrame[row] = first.frame;
  tile.lastFrame[row] = last.frame;
  tile.marks[row] = frames.reduce((bits, { mark }) => bits | (1 << mark), 0);
  tile.worst[row] = worst.mark;
}

/** First index whose time is not before `time`. */
export function firstFrom(frames: readonly MadeUpFrame[], time: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as MadeUpFrame).time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function extreme(
  frames: readonly MadeUpFrame[],
  of: (frame: MadeUpFrame) => number | undefined,
  choose: (a: number, b: number) => number,
): number {
  const known = frames.flatMap((frame) => of(frame) ?? []);
  return known.length === 0 ? Number.NaN : known.reduce((a, b) => choose(a, b));
}
