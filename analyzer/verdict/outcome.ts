/**
 * What became of a flow, in the words of report.md. It speaks of the failover
 * only: stalls of other causes leave a flow `unaffected`.
 * The trap: a capture that stops in mid-transfer looks the same as a hang.
 * Without covered silence or unanswered transmissions it is `undecided`.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { CrossPacket, Sender } from '../failover/crossing.ts';
import type { EndIndex } from '../flow/flow.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Outcome } from '../report/report.ts';
import { whatIsOwed } from '../stall/owed.ts';
import { isRefusal, type SegmentEvent } from '../stall/segment-event.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from '../stall/silence.ts';
import { ANSWER_WAIT, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { Cross, JudgedStall } from './case.ts';
import { count, egress, end, type Hops, ingress } from './hops.ts';

/** Silence of this length that the capture covers is a hang, also of an end that only listens: report.md, `hung`. */
export const SILENCE_IS_HANG: Nanos = seconds(30);
/** So many transmissions without an answer are a hang as well. */
export const UNANSWERED_IS_HANG = 2;

/** What the peer had sent in the outage arrives with the first round trips after it. */
const RECOVERY: Nanos = seconds(2);

export interface Decided {
  readonly outcome: Outcome;
  readonly main: JudgedStall | null;
}

const NOTHING_STALLED: Decided = { outcome: 'unaffected', main: null };

/** The outcome of a flow and the stall it rests on. */
export function decideOutcome(
  watch: SilenceWatch,
  stalls: readonly JudgedStall[],
  near: EndIndex | null,
  crossOf: CrossOf = () => null,
): Decided {
  if (stalls.length === 0) return NOTHING_STALLED;
  const suspects = stalls.filter((s) => s.innocent === null);
  const last = suspects.at(-1) ?? null;
  // Of one direction alone a rest of the application looks like a stall.
  const isTold = ({ stall }: JudgedStall): boolean => stall.what !== 'unseen' || !watch.isOneWay;
  const ended = suspects.filter((s) => s.stall.endedBy === 'progress' && isTold(s));
  if (last !== null && last.stall.end === null) {
    const outcome = openOutcome(last, stalls, watch, near, crossOf);
    if (outcome !== 'undecided' || ended.length === 0 || !isMoment(last.stall, crossOf))
      return { outcome, main: last };
    return resumedOutcome(watch, ended, near);
  }
  if (last !== null && last.stall.endedBy === 'close' && isTold(last)) {
    const outcome = closedOutcome(last.stall, watch, near);
    if (outcome !== 'unaffected') return { outcome, main: last };
  }
  if (isRefusedAtOnce(watch, ended)) return { outcome: 'reset', main: longestOf(ended) };
  if (ended.length > 0) return resumedOutcome(watch, ended, near);
  // Of one direction alone a rest of the application looks like a stall.
  if (last !== null && last.stall.what === 'unseen')
    return { outcome: 'undecided', main: longestOf(suspects) };
  const open = stalls.find((s) => s.stall.end === null && s.innocent?.cause === 'zero-window');
  if (open !== undefined && inMidTransfer(watch)) return { outcome: 'undecided', main: open };
  return { outcome: 'unaffected', main: null };
}

/**
 * The captures end within a second of its last segment, and the nodes' own show the one in service that took over
 * before: no second stall has begun. From an end alone a new failover would look the same.
 */
function isMoment(stall: Stall, crossOf: CrossOf): boolean {
  const hops = crossOf(stall)?.hops ?? null;
  return (
    stall.duration < SHORTEST_SILENCE && hops !== null && hops.takeover === null && hops.earlier.length > 0
  );
}

/** How many transmissions of the near end (of either, where unknown) went unanswered, the one that began the stall included. */
export function countUnanswered(stall: Stall, near: EndIndex | null): number {
  const of = (end: EndIndex): number =>
    stall.unanswered[end].length + (stall.startUnanswered && stall.silence.startSender === end ? 1 : 0);
  return near === null ? Math.max(of(0), of(1)) : of(near);
}

/** True where the capture ends while bytes are still to come and nobody has closed. */
function inMidTransfer(watch: SilenceWatch): boolean {
  return watch.close === null && whatIsOwed(watch.connection, watch.exchange).what !== 'nothing';
}

/** What other vantages show of the flow during a stall. */
export type CrossOf = (stall: Stall) => Cross | null;

/**
 * A stall that has not ended, with sight of the way: a peer that was reset can
 * send no more; a segment that reached the new node and was not passed on is
 * no wait for the path; and one that reached no node is a transmission in vain
 * like any other. Null where the way tells nothing.
 */
function openOnTheWay(judged: JudgedStall, watch: SilenceWatch, crossOf: CrossOf): Outcome | null {
  const cross = crossOf(judged.stall);
  if (cross === null) return null;
  const dead: Outcome = judged.stall.what === 'handshake' ? 'not-connected' : 'hung';
  const { flow } = watch.connection;
  const waiting = judged.stall.waiting === flow.client ? 'client' : 'server';
  // A node's part of a connection ends where the next node's begins.
  if (cross.hops.wentOnElsewhere) return 'undecided';
  const over = judged.stall.what === 'handshake' ? null : overAtNodes(cross.hops, waiting);
  if (over !== null) return over;
  for (const hops of [cross.hops, cross.otherLeg]) {
    if (hops === null) continue;
    if (isPeerReset(hops, waiting)) return dead;
    const kept = hops.newNode === null ? 0 : count(hops.newNode.swallowed);
    if (kept > 0) return dead;
    if (hops === cross.hops && sentInVain(hops, waiting) >= UNANSWERED_IS_HANG) return dead;
  }
  return null;
}

/**
 * Where the end that waits was not captured, how it ended for it may stand at a node: a segment by which it
 * closed came there, or an RST left toward it. What left a node in its name the node may have made itself.
 */
function overAtNodes(hops: Hops, waiting: Sender): Outcome | null {
  const { sure, nodes, crossing, since } = hops;
  if (sure[waiting]) return null;
  const closes = crossing.packets.filter(
    // A capture whose clock nothing ties does not tell when; but the end that did not see it had nothing after it.
    (p) => (p.flags & 0x05) !== 0 && (p.time > since || p.seen.every((s) => !s.tied)),
  );
  for (const p of closes) {
    const isRst = (p.flags & 0x04) !== 0;
    if (p.from !== waiting) {
      if (isRst && nodes.some((n) => crossing.at(p, egress(n.node, p.from)) !== null)) return 'reset';
      continue;
    }
    if (nodes.some((n) => crossing.at(p, ingress(n.node, waiting)) !== null)) return 'gave-up';
    const isUnsure = nodes.some(
      (n) =>
        crossing.at(p, egress(n.node, waiting)) !== null && !n.captured[waiting === 'client' ? 'in' : 'out'],
    );
    if (isUnsure) return isRst ? 'undecided' : 'gave-up';
  }
  return hops.closedSomewhere ? 'undecided' : null;
}

/**
 * Transmissions of the peer, by its own capture, that did not arrive. Once the
 * path is known to be back, only those since then count.
 */
function sentInVain(hops: Hops, waiting: Sender): number {
  const peer: Sender = waiting === 'client' ? 'server' : 'client';
  const from = hops.takeover?.restored ?? hops.since;
  const asking = hops.sent[peer].filter((p) => (p.length > 0 || (p.flags & 0x03) !== 0) && p.time >= from);
  return asking.filter((p) => hops.crossing.look(p, end(waiting)) === 'missing').length;
}

/** The peer was sent an RST in the name of the end that waits, which never sent it: the connection is dead there. */
function isPeerReset(hops: Hops, waiting: Sender): boolean {
  const isRst = (p: CrossPacket): boolean => (p.flags & 0x04) !== 0;
  if (hops.nodes.some((n) => n.made[waiting].some(isRst))) return true;
  const peer: Sender = waiting === 'client' ? 'server' : 'client';
  return hops.crossing.packets.some(
    (p) =>
      p.from === waiting &&
      p.time > hops.since &&
      isRst(p) &&
      hops.crossing.at(p, end(peer)) !== null &&
      hops.crossing.look(p, end(waiting)) === 'missing',
  );
}

function openOutcome(
  judged: JudgedStall,
  stalls: readonly JudgedStall[],
  watch: SilenceWatch,
  near: EndIndex | null,
  crossOf: CrossOf,
): Outcome {
  const { stall, path } = judged;
  const onTheWay = openOnTheWay(judged, watch, crossOf);
  if (stall.duration < SHORTEST_SILENCE) return onTheWay ?? 'undecided';
  const unanswered = countUnanswered(stall, near);
  // It closed within the silence, after it had tried once more (a TLS close_notify, say).
  if (stall.events.some((e) => e.sender === stall.waiting && (e.bits & Segment.Fin) !== 0)) return 'gave-up';
  if (onTheWay !== null) return onTheWay;
  if (stall.what === 'unseen') return 'undecided';
  if (stall.what === 'handshake') {
    return unanswered >= UNANSWERED_IS_HANG || stall.duration >= SILENCE_IS_HANG
      ? 'not-connected'
      : 'undecided';
  }
  if (unanswered >= UNANSWERED_IS_HANG) return 'hung';
  if (path.back !== null && path.back.by === 'answered-probe' && isRetryPending(judged)) return 'undecided';
  if (watch.connection.sides[stall.owedBy].fin !== NO_FRAME && stall.what === 'mid-answer')
    return 'unaffected';
  return stall.duration >= SILENCE_IS_HANG && !isHabit(judged, stalls) ? 'hung' : 'undecided';
}

/** The same answer had paused as long before and gone on by itself: events that are pushed when they happen. */
function isHabit(judged: JudgedStall, stalls: readonly JudgedStall[]): boolean {
  const { stall } = judged;
  return stalls.some(
    ({ stall: before, trying }) =>
      stall.what === 'mid-answer' &&
      before.what === 'mid-answer' &&
      before.endedBy === 'progress' &&
      trying.length === 0 &&
      before.duration >= stall.duration / 2,
  );
}

/**
 * A sender that could not send for D seconds tries again within 2 D (its last
 * wait was at most D, so the next is at most 2 D): until then a flow whose
 * path is back may still go on.
 */
export function isRetryPending({ path, stall }: JudgedStall): boolean {
  return path.back === null || isRetryPendingSince(path.back.time, stall);
}

/** The same from a moment on: a try before it does not count. */
export function isRetryPendingSince(time: Nanos, { start, duration }: Stall): boolean {
  return start + duration < time + 1.12 * (time - start) + ANSWER_WAIT;
}

function closedOutcome(stall: Stall, watch: SilenceWatch, near: EndIndex | null): Outcome {
  const closing = stall.ending;
  if (closing === null) return 'unaffected';
  const client = watch.connection.flow.client;
  // Told by ICMP that it was refused, the end closed at once: that is a reset, whatever it sent.
  const told = stall.events.findLast((e) => isRefusal(e) && e.sender === closing.sender);
  if (told !== undefined && closing.time - told.time < ANSWER_WAIT) return 'reset';
  if ((closing.bits & Segment.Rst) !== 0) {
    // The stack's answer to a segment of a connection that it no longer has: whoever sent that is reset.
    if (closing.sender === near && closing.sender !== client && isAnswer(stall, closing)) return 'reset';
    if (closing.sender === near) return 'gave-up';
    const ttl = watch.connection.sides[closing.sender].ttl;
    // Whether the client sent it nobody can tell who never saw another segment of it.
    if (ttl < 0 && closing.sender === client) return 'undecided';
    const genuine = ttl < 0 || ttl === closing.ttl;
    if (genuine) return closing.sender === client ? 'gave-up' : 'reset';
    // Another machine reset one end in the other's name. The client may be the one that was told nothing.
    return closing.sender === client ? 'hung' : 'reset';
  }
  if (stall.what === 'probe-answer') return 'gave-up';
  if (closing.sender === stall.owedBy)
    return stall.what === 'promised' ? 'cut-short' : ownClose(stall, watch);
  return 'gave-up';
}

/** It came at once after a segment of the other end. */
export function isAnswer(stall: Stall, closing: SegmentEvent): boolean {
  const asked = stall.events.findLast((e) => e.icmp < 0);
  return asked !== undefined && asked.sender !== closing.sender && closing.time - asked.time < ANSWER_WAIT;
}

/** What ended the silence brought no data but an RST of the server: the segment that came through met a server without the connection. */
function isRefusedAtOnce({ close, connection }: SilenceWatch, ended: readonly JudgedStall[]): boolean {
  const ending = ended.at(-1)?.stall.ending ?? null;
  if (close === null || close.how !== 'RST' || close.by !== connection.flow.server || ending === null)
    return false;
  const isBare = ending.sender !== close.by && (ending.bits & Segment.NewData) === 0;
  return isBare && close.event.time - ending.time < ANSWER_WAIT;
}

/** A sender that closes in order has sent all it wanted: a stall only while its own bytes are not acknowledged. */
function ownClose(stall: Stall, watch: SilenceWatch): Outcome {
  if (stall.what === 'unacknowledged')
    return stall.owedBy === watch.connection.flow.client ? 'gave-up' : 'cut-short';
  return stall.what === 'answer' && stall.startUnanswered ? 'gave-up' : 'unaffected';
}

const longestOf = (stalls: readonly JudgedStall[]): JudgedStall =>
  stalls.reduce((a, b) => (b.stall.duration > a.stall.duration ? b : a));

function resumedOutcome(watch: SilenceWatch, ended: readonly JudgedStall[], near: EndIndex | null): Decided {
  const longest = longestOf(ended);
  if (isCutShort(watch, ended, near)) return { outcome: 'cut-short', main: longest };
  if (near !== watch.connection.flow.client && closedMeanwhile(watch, longest)) {
    return { outcome: 'undecided', main: longest };
  }
  const handshake = ended.find((s) => s.stall.what === 'handshake');
  if (
    handshake !== undefined &&
    ended.every((s) => s === handshake || s.stall.duration <= handshake.stall.duration)
  ) {
    return { outcome: 'connect-delayed', main: handshake };
  }
  return { outcome: 'resumed', main: longest };
}

/** After a stall the peer's FIN came with a hole before it, or before all that was promised. */
function isCutShort(watch: SilenceWatch, ended: readonly JudgedStall[], near: EndIndex | null): boolean {
  const server = watch.connection.flow.server;
  const side = watch.connection.sides[server];
  if (side.fin === NO_FRAME || closedFirst(watch)) return false;
  const promised = watch.exchange.promised;
  if (promised !== null && watch.exchange.turn === server) {
    if (((promised.end - side.finSeq) | 0) > 0) return true;
    if (promised.exact) return false;
  }
  // Where it was sent nothing stands before a FIN but what the capture lacks.
  return (
    side.finAhead &&
    near !== server &&
    ended.some((s) => s.stall.start < side.finTime && side.finTime <= (s.stall.end as Nanos) + RECOVERY)
  );
}

/**
 * The server sent nothing new after the stall and closed: it may have been done,
 * or have given up. Only the client knows whether that was all.
 */
function closedMeanwhile(watch: SilenceWatch, longest: JudgedStall): boolean {
  const { server } = watch.connection.flow;
  const side = watch.connection.sides[server];
  const { promised, complete, turn } = watch.exchange;
  if (side.fin === NO_FRAME || closedFirst(watch) || (promised !== null && turn === server) || complete)
    return false;
  const { stall } = longest;
  const during = side.finTime >= stall.start && side.finTime <= (stall.end ?? 0) + RECOVERY;
  return during && stall.owedBy === server && side.finSeq === Math.max(stall.silence.inOrder[server], 0);
}

/** The client had closed before the server's FIN: what is missing then, it did not want. */
function closedFirst(watch: SilenceWatch): boolean {
  const { flow, sides } = watch.connection;
  const [own, other] = [sides[flow.client], sides[flow.server]];
  const close = watch.close;
  if (own.fin !== NO_FRAME && own.finTime < other.finTime) return true;
  return close !== null && close.by === flow.client && close.event.time < other.finTime;
}
