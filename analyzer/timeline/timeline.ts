/**
 * What a timeline is to whoever stores or draws it: the words of the contract, no logic.
 * A timeline belongs to one report; all its times are ns since its origin, by the clock of the report.
 */
import type { DecodedLayer } from '../../packet/wire/decoded-layer.ts';
import type { End, FrameRef, NanosString, Vantage } from '../report/report.ts';

/** What is known of a timeline before anything of it is drawn. */
export interface TimelineHead {
  /** ns since the epoch. */
  origin: NanosString;
  /** When the first vantage began to capture, and the last one stopped; 0 and 0 where there is no frame. */
  from: number;
  to: number;
  /** Of TCP, of all vantages: what the lanes show. */
  frames: number;
  vantages: TimelineVantage[];
}

/** One vantage: lane `v<index>`. In the order of the path, from the client to the server. */
export interface TimelineVantage {
  index: number;
  vantage: Vantage;
  /** `Capture.id` of its files, in the order of time. */
  captures: string[];
  frames: number;
  /** It counts as capturing between these, as in the verdicts; 0 and 0 where it holds no frame. */
  from: number;
  until: number;
  /** Within that, when it did not run; only where it has any. What lost only some packets is not among them. */
  gaps?: { from: number; to: number }[];
  /** Frames the capture says it lost; null where it does not say. */
  dropped: number | null;
  /** It lost frames, as it says or as the others show: that something is not in it proves nothing. */
  lossy: boolean;
  /** ns that its times may be off by; null where nothing bounds that. */
  clockError: number | null;
}

/** One packet on its way past the vantages. */
export interface Journey {
  from: End;
  /** When it was first seen. */
  time: number;
  /** Relative to the sender's, and to the other side's, first sequence number. */
  seq: number;
  ack: number;
  length: number;
  /** Such as `PSH ACK`. */
  flags: string;
  /** In words, as in the report's ladder: `retransmission 3 (rung 3.3 s)`; empty for an ordinary packet. */
  label: string;
  /** More packets of this direction came between this one and the one before, in the middle of a transfer; they were not followed. */
  skippedBefore?: true;
  /** Of a proxied flow: 0 for the client's connection, 1 for the proxy's own to the server. */
  leg?: number;
  /**
   * A stop a vantage that this packet is expected at, in the direction of travel. A capture of both links of a node
   * has two: as the packet comes in, and as it leaves.
   */
  stops: JourneyStop[];
}

export interface JourneyStop {
  /** `TimelineVantage.index`. */
  vantage: number;
  /** `missing`: the capture was healthy and it is not there. `unknown`: nobody can say (it was off, lost frames, or its clock is not tied). */
  seen: 'seen' | 'missing' | 'unknown';
  /** It was seen with other bytes around it, or only in part: offload cut it otherwise there. */
  part?: true;
  frame?: FrameRef;
  time?: number;
}

/** One frame of a lane, for tables, keys and tooltips. */
export interface LaneFrame {
  frame: FrameRef;
  time: number;
  from: End;
  /** Relative, as in a journey; null in a lane of all flows, and where the segment carries none. */
  seq: number | null;
  ack: number | null;
  length: number;
  /** In bytes, scaled where the scale is known. */
  window: number;
  flags: string;
  /** `Mark`. */
  mark: number;
  /** `Flow.id`; null where the report does not have it. */
  flow: string | null;
}

export type { DecodedLayer };
