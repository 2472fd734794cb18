/**
 * The graphs of a postmortem as numbers: what is drawn where, bounded by the width of a page and never by frames.
 * Times are ns since the timeline's origin. Captures are named by their ids, so that whoever draws names them as the report does.
 */
import type { End, Flow, FrameRef, Mark, NanosString } from '../../analyzer/index.ts';

export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** A failover: from when the path was lost to when it was back. */
export interface Band {
  readonly id: string;
  readonly from: number;
  /** Null: it did not come back. */
  readonly to: number | null;
}

/** A frame that is worth a glyph: a retransmission, a reset, … */
export interface Problem {
  readonly time: number;
  readonly mark: Mark;
  readonly frame: FrameRef;
}

export interface OverviewLane {
  readonly captures: readonly string[];
  /** When it captured, within the window; null where it did not. */
  readonly covered: TimeWindow | null;
  /** When it did not run, within that. */
  readonly gaps: readonly TimeWindow[];
  readonly buckets: readonly { readonly time: number; readonly count: number }[];
  readonly problems: readonly Problem[];
}

export interface Overview {
  readonly window: TimeWindow;
  /** What the captures hold beyond the window. */
  readonly whole: TimeWindow;
  readonly bands: readonly Band[];
  readonly lanes: readonly OverviewLane[];
  /** Vantages that there was no room for. */
  readonly more: number;
}

/** Bytes of one direction, relative to the sender's first. */
export interface Bytes {
  readonly from: number;
  readonly to: number;
}

export interface SequencePanel {
  readonly captures: readonly string[];
  readonly data: readonly (Bytes & { readonly time: number })[];
  /** Up to which byte the other end has acknowledged, at each time at which it said so. */
  readonly acks: readonly { readonly time: number; readonly to: number }[];
  /** Up to which byte it allowed. */
  readonly edges: readonly { readonly time: number; readonly to: number }[];
  readonly sacks: readonly (Bytes & { readonly time: number })[];
  /** Of both ends. `at`: the byte; null where it is a number of the other direction. */
  readonly problems: readonly (Problem & { readonly at: number | null })[];
  readonly range: Bytes;
}

export interface SequenceGraph {
  readonly flow: Pick<Flow, 'id' | 'client' | 'server' | 'outcome' | 'cause'>;
  /** Whose bytes. */
  readonly sender: End;
  readonly window: TimeWindow;
  readonly bands: readonly Band[];
  /** The waiting end's vantage first. */
  readonly panels: readonly SequencePanel[];
}

export interface Graphs {
  /** ns since the epoch. */
  readonly origin: NanosString;
  /** Null where no capture holds a segment. */
  readonly overview: Overview | null;
  readonly sequences: readonly SequenceGraph[];
}
