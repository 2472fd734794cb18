/**
 * What the nodes' captures show of their links: which MACs a node answers for,
 * and which questions for an address nobody answered there.
 * The trap: a capture in promiscuous mode shows frames that were meant for
 * another MAC and that the node never processed.
 */
import type { Nanos } from '../../packet/time.ts';
import type { FrameId } from '../flow/frame-id.ts';

export interface UnansweredQuestion {
  readonly time: Nanos;
  readonly id: FrameId;
  readonly about: string;
  /** Where it was sent; the MAC that no longer answers, or a broadcast. */
  readonly to: number;
}

export interface LinkFacts {
  /** MACs that a node used as a sender on one of its sides, or announced there; empty where it sent nothing, or the link has none. */
  ownMacs(node: number, side: 'in' | 'out'): ReadonlySet<number>;
  /** Questions for an address that were seen on that side in a time (by the reference's clock) and that nobody answered. */
  unanswered(node: number, side: 'in' | 'out', from: Nanos, to: Nanos): readonly UnansweredQuestion[];
  /** The node announced an address of its own in that time. */
  announced(node: number, from: Nanos, to: Nanos): readonly FrameId[];
  /** MAC by the index that a sighting of that vantage holds; -1 for none. */
  macAt(vantage: number, index: number): number;
}
