/**
 * The lanes of a timeline on their way into a store and out of it again: numbered chunks of bytes, and a directory
 * that says what is in which. Whoever stores them needs no other knowledge; whoever reads them gives back bytes by number.
 * The trap: a chunk holds parts of many small lanes, and a large lane has many chunks; its coarser levels have chunks of their own.
 */
import type { LaneFrame, TimelineHead } from './timeline.ts';

/** Written once, in the order in which they are made. */
export interface TimelineChunk {
  /** Counts from 0; what it is asked for by. */
  readonly number: number;
  /** Not used again by whoever made it. */
  readonly bytes: Uint8Array;
}

/** What can be drawn of a finished analysis. */
export interface Timeline {
  readonly head: TimelineHead;
  /** Retransmissions of both sides at the vantage that saw the most; 0 for one of UDP. `flow`: position in the report's `flows`. */
  retransmits(flow: number): number;
  /** About so many chunks will be made: for progress. */
  readonly chunkCount: number;
  /** To be walked through once, to its end; frees what it was made of as it goes. */
  chunks(): Iterable<TimelineChunk>;
  /** Of all chunks, once `chunks()` has ended. Some bytes for every lane: a few hundred KB for thousands of flows. */
  directory(): Uint8Array;
}

/** The bytes of a chunk. @throws whatever the store throws where there is none */
export type ReadChunk = (number: number) => Uint8Array;

/** One flow's direction at one vantage. */
export interface FlowLane {
  /** `v0.<flow id>.c` */
  readonly lane: string;
  /** `TimelineVantage.index` */
  readonly vantage: number;
  readonly from: 'client' | 'server';
  /** Frames in it, more than 0. */
  readonly frames: number;
}

/** Which frames of a lane: those from `from` to `to`, both included, ns since the timeline's origin. */
export interface LaneQuery {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Least `Mark`. */
  readonly least: number;
  /** By time: the first ones, or the last ones (newest first). */
  readonly order: 'asc' | 'desc';
}

export interface FoundFrames {
  readonly frames: LaneFrame[];
  /** More than `limit` of them. */
  readonly truncated: boolean;
}
