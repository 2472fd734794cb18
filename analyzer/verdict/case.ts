/**
 * Everything a rule may look at when it judges one flow: its stalls, what the
 * capture shows of the path, marks of a takeover, and the outcome. Facts only,
 * worked out once, so that the rules stay short.
 */
import type { Nanos } from '../../packet/time.ts';
import type { JournalEvent } from '../failover/journal-event.ts';
import type { LinkFacts } from '../failover/link-facts.ts';
import type { Mark } from '../failover/marks.ts';
import type { PathView } from '../failover/path-view.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { Outcome, PathKind } from '../report/report.ts';
import type { SegmentEvent } from '../stall/segment-event.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { Stall } from '../stall/stall.ts';
import type { Hops } from './hops.ts';
import type { Population } from './population.ts';

/** Why a stall is not the failover's, where that is shown. */
export interface Innocent {
  readonly cause: 'zero-window' | 'application-idle' | 'loss' | 'capture-gap';
  readonly because: string;
  readonly frames: readonly number[];
}

export interface JudgedStall {
  readonly stall: Stall;
  readonly innocent: Innocent | null;
  /** What shows that somebody was trying in vain: without any of it, a pause of the application explains the stall as well. */
  readonly trying: readonly string[];
  readonly path: PathView;
}

export interface Case {
  readonly flow: Flow;
  readonly watch: SilenceWatch;
  readonly stalls: readonly JudgedStall[];
  /** The stall that the outcome rests on; null where there is none. */
  readonly main: JudgedStall | null;
  readonly outcome: Outcome;
  /** The end beside the capture; null where it was taken between the ends or nobody can tell. */
  readonly near: EndIndex | null;
  readonly coveredUntil: Nanos;
  /** New connections to the same service that were refused by an RST since the main stall began: not only this connection is. */
  readonly refusedOpening: FrameId | null;
  /** Marks of a takeover inside the main stall. */
  readonly marks: readonly Mark[];
  readonly facts: Facts;
  /** What other vantages show of the flow's way; null where there is no other. */
  readonly cross: Cross | null;
}

/** What the other vantages add to a case. */
export interface Cross {
  /** Of the leg that the case is judged by. */
  readonly hops: Hops;
  /** That this capture is an end's own is a guess from its traffic alone. */
  readonly isGuess: boolean;
  /** Of the other leg of a proxied flow; null where there is none. */
  readonly otherLeg: Hops | null;
  readonly kind: PathKind;
  /** What the other connections did at the new node; null before all flows were judged once. */
  readonly population: Population | null;
  /** The nodes' journals. */
  readonly journal: readonly JournalEvent[];
  /** A time of this capture, by the reference's clock in ns since the common base; and back. */
  toReference(t: Nanos): Nanos;
  fromReference(t: Nanos): Nanos;
  /** ns by which times of different vantages may be out of order; null where nothing bounds it. */
  readonly clockError: number | null;
  /** To here the captures run, by the reference's clock, in ns since the common base. */
  readonly coveredUntil: Nanos;
  /** A time of any vantage, in ns since the common base by that vantage's own clock. */
  localTime(vantage: number, t: Nanos): Nanos;
  /** The common base's time as ns since the epoch. */
  readonly base: bigint;
  readonly links: LinkFacts;
}

/** Derived facts of the main stall, named so that rules read like the catalogue. */
export interface Facts {
  /** Transmissions of the near end (or of either, where unknown) that went unanswered since the far end was last heard. */
  readonly unanswered: readonly SegmentEvent[];
  readonly unansweredCount: number;
  /** Those of them that are keepalives. */
  readonly unansweredProbes: readonly SegmentEvent[];
  /** A probe of the waiting end was answered, and the answer shows bytes stuck at the peer. */
  readonly answeredStuck: boolean;
  readonly answeredProbes: readonly SegmentEvent[];
  /** Answers to probes of the waiting end: something of it passed the new node before the flow went on. */
  readonly passedBefore: readonly SegmentEvent[];
  /** The flow was closed in the stall by this segment. */
  readonly closing: SegmentEvent | null;
  /** TTL of the closing RST differs from that of its sender's other segments: another machine made it. */
  readonly foreignReset: boolean;
  /** The responder's TTL is untouched: it is next door to the capture. */
  readonly responderNextDoor: boolean;
  /** The flow had an earlier stall that ended: an earlier failover may have touched it. */
  readonly earlierStall: JudgedStall | null;
  /** The capture shows the flow from its SYN, and it had neither stall nor idle second before this one. */
  readonly noEarlierFailover: boolean;
  /** The connection had been idle when it was used again and failed, or was idle all along. */
  readonly wasIdle: boolean;
  /** Segments of the far end that only repeated what was here, each answered by the near end in vain. */
  readonly vainAnswers: number;
  /** ICMP errors that refuse the connection's segments (not merely "host unreachable"), told to the near end. */
  readonly refusals: readonly SegmentEvent[];
  /** The near end sent nothing at all since the far end was last heard. */
  readonly nearSilent: boolean;
}
