/**
 * The ladder of retransmissions: a sender without an answer tries again after
 * its RTO and doubles the wait each time (RFC 6298, 5.5), up to a cap (120 s in
 * Linux). A tail-loss probe (RFC 8985, 7) comes before it, re-sends the *last*
 * segment, and is no rung.
 * The trap: kernels round long timers up (3 to 6 % measured), so rungs are
 * matched with a tolerance and never as exact powers of two.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { SegmentEvent } from './segment-event.ts';

/** Timer wheels round up, capture jitter adds: +-12 % (failover catalogue, 1.1). */
export const RUNG_TOLERANCE = 0.12;
/** TCP_RTO_MIN and TCP_RTO_MAX of Linux. */
export const RTO_MIN: Nanos = seconds(0.2);
export const RTO_MAX: Nanos = seconds(120);

export interface Rung {
  readonly time: Nanos;
  readonly id: FrameId;
}

export interface Ladder {
  readonly by: EndIndex;
  readonly syn: boolean;
  readonly rungs: readonly Rung[];
  /** Tail-loss probes that came before the first rung. */
  readonly probes: readonly Rung[];
  /** When the sender would try next, by its last two waits; null with fewer than two. */
  readonly next: Nanos | null;
}

/**
 * The retransmissions of `by` among the events of a silence that began at
 * `start`; null where there are none. `single`: the segment that is repeated
 * was the only one outstanding, sent at `start`.
 */
export function findLadder(
  events: readonly SegmentEvent[],
  by: EndIndex,
  start: Nanos,
  single = false,
): Ladder | null {
  const own = events.filter((e) => e.sender === by && e.icmp < 0 && isRepeat(e));
  if (own.length === 0) return null;
  const base = lowestSeq(own);
  const syn = (own[0] as SegmentEvent).bits & Segment.Syn;
  const tries = own.filter((e) => e.seq === base).map((e) => ({ time: e.time, id: e.id }));
  const ownProbe = single && syn === 0 && beginsWithProbe(tries, start);
  const rungs = ownProbe ? tries.slice(1) : tries;
  const first = rungs[0] as Rung;
  const probes = own
    .filter((e) => e.seq !== base && e.time <= first.time)
    .map((e) => ({ time: e.time, id: e.id }));
  if (ownProbe) probes.push(tries[0] as Rung);
  const from = ownProbe ? (tries[0] as Rung).time : start;
  const waits = rungs.map((r, i) => r.time - (i === 0 ? from : (rungs[i - 1] as Rung).time));
  return {
    by,
    syn: syn !== 0,
    rungs,
    probes,
    next: nextRung(rungs, waits, syn !== 0),
  };
}

/**
 * The rung (1 is the first RTO) on which a wait of `gap` ends, for a ladder
 * whose first wait is `rto`; null where it ends on none. A gap seen from the
 * far end includes up to `slack` of ordinary sending after the last arrival.
 */
export function rungOf(gap: Nanos, rto: Nanos, slack: Nanos): number | null {
  for (let k = 1; k <= 20; k++) {
    const at = rungTime(k, rto);
    if (gap < at * (1 - RUNG_TOLERANCE)) return null;
    if (gap <= at * (1 + RUNG_TOLERANCE) + slack) return k;
  }
  return null;
}

/** Seconds after the last transmission at which rung `k` is sent: RTO (2^k - 1), each wait capped at RTO_MAX. */
export function rungTime(k: number, rto: Nanos): Nanos {
  let at = 0;
  for (let i = 0; i < k; i++) at += Math.min(rto * 2 ** i, RTO_MAX);
  return at;
}

/**
 * With one segment outstanding the tail-loss probe repeats the same bytes as
 * the rungs. It comes after about two round trips, so the first real wait is
 * much more than double; or, where the sender allows for a delayed
 * acknowledgement (RFC 8985, 7.2), after about one RTO, so the first two waits
 * are equal, which no ladder begins with.
 */
function beginsWithProbe(tries: readonly Rung[], start: Nanos): boolean {
  const [first, second] = tries;
  if (first === undefined || second === undefined) return false;
  const [toFirst, toSecond] = [first.time - start, second.time - first.time];
  return toSecond > 2 * (1 + RUNG_TOLERANCE) * toFirst || near(toSecond, toFirst);
}

function isRepeat(e: SegmentEvent): boolean {
  if ((e.bits & Segment.Probe) !== 0) return false;
  return (e.bits & (Segment.Resent | Segment.Syn)) !== 0;
}

function lowestSeq(events: readonly SegmentEvent[]): number {
  let low = (events[0] as SegmentEvent).seq;
  for (const e of events) if (((e.seq - low) | 0) < 0) low = e.seq;
  return low;
}

function nextRung(rungs: readonly Rung[], waits: readonly Nanos[], syn: boolean): Nanos | null {
  const last = rungs.at(-1);
  const wait = waits.at(-1);
  if (last === undefined || wait === undefined || rungs.length < 2) return null;
  // Linux repeats the first SYN waits (tcp_syn_linear_timeouts = 4), then doubles.
  const linear = syn && waits.length >= 2 && waits.length < 5 && waits.every((w) => near(w, seconds(1)));
  // Equal waits are a cap below 120 s (tcp_rto_max_ms), or ICMP errors that undo the doubling (RFC 6069).
  const before = waits.at(-2) ?? 0;
  const capped = !syn && waits.length >= 3 && near(wait, before);
  return last.time + Math.min(linear || capped ? wait : wait * 2, RTO_MAX);
}

const near = (value: number, wanted: number): boolean => Math.abs(value - wanted) <= wanted * RUNG_TOLERANCE;
