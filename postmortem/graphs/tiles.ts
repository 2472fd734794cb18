/**
 * A window of a lane, read in tiles whose buckets are about as wide as a mark.
 * The trap: buckets are powers of two, and a tile reaches beyond the window, so what is outside is left out here.
 */
import { BUCKETS, GREATEST_RESOLUTION, NO_FLOW, type Report, type Tile } from '../../analyzer/index.ts';
import type { LaneSource } from '../source.ts';
import type { Problem, TimeWindow } from './model.ts';

/** Buckets that fit a window: marks of 2 px on a page of 840. */
const MOST_BUCKETS = 420;

/** A bucket, by tile and row. */
export interface BucketRow {
  readonly tile: Tile;
  readonly i: number;
}

export function* rowsIn(lanes: LaneSource, lane: string, { from, to }: TimeWindow): Generator<BucketRow> {
  const length = Math.max(1, to - from);
  const resolution = Math.min(GREATEST_RESOLUTION, Math.max(0, Math.ceil(Math.log2(length / MOST_BUCKETS))));
  const covered = BUCKETS * 2 ** resolution;
  for (let index = Math.floor(from / covered); index <= Math.floor(to / covered); index++) {
    const tile = index < 0 ? null : lanes.tile(lane, resolution, index);
    for (let i = 0; tile !== null && i < tile.rows; i++) {
      if ((tile.end[i] as number) >= from && (tile.start[i] as number) <= to) yield { tile, i };
    }
  }
}

/** The worst frame of a bucket. */
export function worstOf({ tile, i }: BucketRow, captures: Report['captures']): Problem | null {
  const capture = captures[tile.worstCapture[i] as number];
  const frame = tile.worstFrame[i] as number;
  if (capture === undefined || frame === NO_FLOW) return null;
  return {
    time: tile.worstTime[i] as number,
    mark: tile.worst[i] as Problem['mark'],
    frame: { capture: capture.id, frame },
  };
}
