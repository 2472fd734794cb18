/**
 * What a postmortem is made from: the report, the pins of people, and the lanes of the timeline where there are any.
 * The trap: whoever redacts does it here, on the way in. Every text of a postmortem comes from the report or from the
 * pins (a lane is called by what the report says of its captures), and from nothing beside them.
 */
import type { FlowLane, NanosString, Report, Tile, TimelineHead } from '../analyzer/index.ts';

export interface PostmortemSource {
  /** Null where the captures were diagnosed without being kept. */
  readonly incident: { readonly id: string; readonly title: string } | null;
  readonly report: Omit<Report, 'flows'>;
  readonly pins: readonly PostmortemPin[];
  readonly lanes: LaneSource | null;
}

export interface PostmortemPin {
  /** What it is on, such as `frame:c1:4120`. */
  readonly target: string;
  /** Null: no time. */
  readonly at: NanosString | null;
  readonly title: string;
  readonly note: string;
}

/** The timeline, wherever it is stored. Names of lanes are only handed back, never shown. */
export interface LaneSource {
  readonly head: TimelineHead;
  /** By the flow's position in the report's `flows`. */
  lanesOf(flow: number): readonly FlowLane[];
  /** Null where there is no such lane. */
  tile(lane: string, resolution: number, index: number): Tile | null;
}
