/**
 * The failovers that a single capture implies: times in which the path was
 * gone for flows whose stalls nothing innocent explains and in which somebody
 * was shown to try in vain. Nodes' captures see failovers; one end infers them.
 * The trap: the end of such a time is only a bound, set by whoever tried first.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { Mark } from '../failover/marks.ts';
import { SHORTEST_SILENCE } from '../stall/silence.ts';
import { ANSWER_WAIT } from '../stall/stall.ts';
import type { Case, JudgedStall } from './case.ts';
import { isBorneOut, isLoneSyn, isLostAmongOthers, isMetLate, isOneLostSyn } from './gates.ts';
import { count } from './hops.ts';
import type { JudgedFlow } from './judge.ts';
import { lossChance } from './loss-chance.ts';

export interface InferredFailover {
  readonly pathLost: Nanos;
  readonly pathRestored: Nanos | null;
  readonly flows: readonly JudgedFlow[];
  readonly marks: readonly Mark[];
  /** ns: lost at `pathLost` or up to so much later, by the first try in vain; back at `pathRestored` or up to so much earlier, by the last. */
  readonly lostWithin: Nanos | null;
  readonly restoredWithin: Nanos | null;
}

/** Oldest first. */
export function inferFailovers(judged: readonly JudgedFlow[]): InferredFailover[] {
  const spans = judged.flatMap((flow) => spansOf(flow)).sort((a, b) => a.lost - b.lost);
  const groups: Span[][] = [];
  let groupEnd = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    const back = span.back ?? Number.POSITIVE_INFINITY;
    const group = groups.at(-1);
    if (group !== undefined && span.lost < groupEnd) {
      group.push(span);
      groupEnd = Math.min(groupEnd, back);
    } else {
      groups.push([span]);
      groupEnd = back;
    }
  }
  // A proof that comes with the very frame that the loss is dated by leaves no time in which a path was gone.
  return groups
    .filter(isShown)
    .map(toFailover)
    .filter(({ pathLost, pathRestored }) => pathRestored === null || pathRestored > pathLost);
}

/**
 * Of connections of which nothing is known at the end of the captures one alone shows no lost path, unless it tried again in
 * vain: one segment without an acknowledgement may have been the last that was captured. Nor does one SYN that was lost, or one connection that had been idle.
 */
const isShown = (group: readonly Span[]): boolean =>
  group.some(
    ({ flow, tries }) =>
      (flow.case.outcome !== 'undecided' || tries.length >= VAIN) &&
      !isOneLostSyn(flow.case) &&
      !isForgotten(flow.case),
  ) || new Set(group.map(({ flow }) => flow)).size > 1;

/** No state table is known to forget a connection that rested for less. */
const SHORTEST_IDLE_TIMER: Nanos = seconds(5);

/**
 * It had rested, and its next use was in vain for good: a firewall or a peer that had forgotten it in the meantime looks the same
 * (RFC 5382, REQ-5). One that went on again was not forgotten.
 */
function isForgotten({ main, outcome, marks, cross }: Case): boolean {
  if (main === null || outcome === 'resumed' || outcome === 'connect-delayed' || outcome === 'cut-short')
    return false;
  const rested = main.stall.silence.idleBefore >= SHORTEST_IDLE_TIMER;
  return rested && !marks.some((m) => m.strong) && (cross?.hops.takeover ?? null) === null;
}

interface Span {
  readonly lost: Nanos;
  readonly back: Nanos | null;
  readonly flow: JudgedFlow;
  /** Transmissions in vain. */
  readonly tries: readonly Nanos[];
}

function spansOf(flow: JudgedFlow): Span[] {
  if (flow.case.outcome === 'unaffected' || isAftermath(flow)) return [];
  // Of one direction alone nobody knows what was answered.
  if (flow.case.outcome === 'undecided' && flow.watch.isOneWay) return [];
  return (
    flow.case.stalls
      .filter((s) => s.innocent === null && s.stall.duration >= SHORTEST_SILENCE)
      // Also where nobody was seen to try in the first one.
      .filter((s, i, all) => !isRecovery(s, all[i - 1]))
      .filter((s) => s.trying.some(isEffort) || (s === flow.case.main && isVain(flow)))
      // Others were heard over the path all the while, and what held this one up is not known: that is no path that was lost.
      .filter((s) => s.path.lost !== null || flow.verdict.cause !== null || flow.case.marks.length > 0)
      // Met in mid-stream while it stood still already: when the path was lost is not in this capture.
      .filter((s) => !(isMetLate(flow.case) && s.stall.start - flow.case.flow.firstTime < SHORTEST_SILENCE))
      .filter((s) => !isPlainLoss(s, flow))
      // A host that never answered may simply not exist: that is no path that was lost.
      .filter((s) => s.stall.what !== 'handshake' || s.stall.endedBy === 'progress')
      .filter((s) => s === flow.case.main || !isLoneSyn(s, flow.case))
      .filter((s) => s !== flow.case.main || !isLostAmongOthers(flow.case))
      // What was sent came through, and so did its answer.
      .filter((s) => !s.stall.needless || isBorneOut(s, flow.case))
      .map((s) => {
        const heard = s.path.lost?.time ?? s.stall.start;
        // A connection opened in the outage knows only that the path was down already.
        const lost = s.stall.what === 'handshake' ? Math.min(heard, s.stall.start) : Math.max(heard, 0);
        const back = s.path.back?.time ?? null;
        // Where time runs backwards, a proof may seem older than the loss: it is none.
        const tries = [
          ...s.stall.unanswered[0].map((e) => e.time),
          ...s.stall.unanswered[1].map((e) => e.time),
          ...(s.stall.ladder?.rungs ?? [])
            .filter((r) => s.stall.end === null || s.stall.end - r.time >= ANSWER_WAIT)
            .map((r) => r.time),
        ];
        return { lost, back: back !== null && back >= lost ? back : null, flow, tries };
      })
  );
}

/** A path that loses all the time holds one connection up for as long as that now and then. */
function isPlainLoss({ stall, trying, path }: JudgedStall, { case: c, watch }: JudgedFlow): boolean {
  if (c.marks.some((m) => m.strong) || trying.includes('shared-silence') || path.downAt !== null)
    return false;
  return (c.cross?.hops.takeover ?? null) === null && lossChance(stall, watch) >= PLAIN;
}

/** One chance in a hundred. */
const PLAIN = 0.01;

/**
 * Somebody tried, and in vain. A request that nobody acknowledged and nobody repeated shows no such thing: whoever polls may be
 * answered by the next request alone, and what is not acknowledged is sent again (RFC 6298, 5).
 */
const isEffort = (trying: string): boolean => trying !== 'unacknowledged-request';

/** It came to a node that had taken over before and is in the path still: the damage of that failover, not another one. */
function isAftermath({ case: c, verdict }: JudgedFlow): boolean {
  const hops = c.cross?.hops ?? null;
  if (hops === null || hops.takeover !== null || hops.earlier.length === 0) return false;
  const node = hops.newNode;
  // What lies before the nodes holds it to the old one: it comes to none.
  if (verdict.cause === 'cloud-flow-pinned') return true;
  return node !== null && count(node.swallowed) + count(node.made) > 0;
}

/** The cause is known, or the other end's own capture shows that it tried. */
function isVain({ case: c, verdict }: JudgedFlow): boolean {
  if (verdict.cause !== null) return true;
  const hops = c.cross?.hops ?? null;
  return hops !== null && hops.unreached.client.length + hops.unreached.server.length >= VAIN;
}

const VAIN = 2;

/**
 * A second silence soon after a resume belongs to the first: its round-trip
 * sample has inflated the sender's timers to about the length of the gap.
 */
function isRecovery(stall: JudgedStall, before: JudgedStall | undefined): boolean {
  if (before === undefined || before.stall.end === null) return false;
  return stall.stall.start < before.stall.end + before.stall.duration;
}

function toFailover(group: readonly Span[]): InferredFailover {
  const backs = group.flatMap((s) => (s.back === null ? [] : [s.back]));
  const pathRestored = backs.length === 0 ? null : least(backs);
  const before = group.map((s) => s.lost).filter((t) => pathRestored === null || t < pathRestored);
  // A proof can come with the very frame that the loss is dated by; then the earliest must do.
  const pathLost = before.length > 0 ? greatest(before) : least(group.map((s) => s.lost));
  const marks = new Set(group.flatMap((s) => s.flow.case.marks));
  const vain = group
    .flatMap((s) => s.tries)
    .filter((t) => t > pathLost && t < (pathRestored ?? Number.POSITIVE_INFINITY));
  const [first, last] = [
    vain.length === 0 ? pathRestored : least(vain),
    vain.length === 0 ? pathLost : greatest(vain),
  ];
  return {
    pathLost,
    pathRestored,
    flows: [...new Set(group.map((s) => s.flow))],
    marks: [...marks].sort((a, b) => a.time - b.time),
    lostWithin: first === null ? null : Math.max(0, first - pathLost),
    restoredWithin: pathRestored === null ? null : Math.max(0, pathRestored - last),
  };
}

/** Not `Math.min(...times)`: a call takes no 100,000 arguments, and an outage may hit as many flows. */
const least = (times: readonly Nanos[]): Nanos => times.reduce((a, b) => Math.min(a, b));
const greatest = (times: readonly Nanos[]): Nanos => times.reduce((a, b) => Math.max(a, b));
