/**
 * What became of a flow, in the words of report.md. It speaks of the failover
 * only: stalls of other causes leave a flow `unaffected`.
 * The trap: a capture that stops in mid-transfer looks the same as a hang.
 * Without covered silence or unanswered transmissions it is `undecided`.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { EndIndex } from '../flow/flow.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Outcome } from '../report/report.ts';
import { whatIsOwed } from '../stall/owed.ts';
import { isRefusal } from '../stall/segment-event.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from '../stall/silence.ts';
import { ANSWER_WAIT, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { JudgedStall } from './case.ts';

/** Silence of this length that the capture covers is a hang, also of an end that only listens: report.md, `hung`. */
export const SILENCE_IS_HANG: Nanos = seconds(30);
/** So many transmissions without an answer are a hang as well. */
const UNANSWERED_IS_HANG = 2;

/** What the peer had sent in the outage arrives with the first round trips after it. */
const RECOVERY: Nanos = seconds(2);

export interface Decided {
  readonly outcome: Outcome;
  readonly main: JudgedStall | null;
}

/** The outcome of a flow and the stall it rests on. */
export function decideOutcome(
  watch: SilenceWatch,
  stalls: readonly JudgedStall[],
  near: EndIndex | null,
): Decided {
  const suspects = stalls.filter((s) => s.innocent === null);
  const last = suspects.at(-1) ?? null;
  if (last !== null && last.stall.end === null)
    return { outcome: openOutcome(last, stalls, watch, near), main: last };
  if (last !== null && last.stall.endedBy === 'close') {
    const outcome = closedOutcome(last.stall, watch, near);
    if (outcome !== 'unaffected') return { outcome, main: last };
  }
  const ended = suspects.filter((s) => s.stall.endedBy === 'progress');
  if (ended.length > 0) return resumedOutcome(watch, ended);
  const open = stalls.find((s) => s.stall.end === null && s.innocent?.cause === 'zero-window');
  if (open !== undefined && inMidTransfer(watch)) return { outcome: 'undecided', main: open };
  return { outcome: 'unaffected', main: null };
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

function openOutcome(
  judged: JudgedStall,
  stalls: readonly JudgedStall[],
  watch: SilenceWatch,
  near: EndIndex | null,
): Outcome {
  const { stall, path } = judged;
  if (stall.duration < SHORTEST_SILENCE) return 'undecided';
  const unanswered = countUnanswered(stall, near);
  if (stall.what === 'unseen') return 'undecided';
  // It closed within the silence, after it had tried once more (a TLS close_notify, say).
  if (stall.events.some((e) => e.sender === stall.waiting && (e.bits & Segment.Fin) !== 0)) return 'gave-up';
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
export function isRetryPending(judged: JudgedStall): boolean {
  const back = judged.path.back;
  if (back === null) return true;
  const { stall } = judged;
  const outage = back.time - stall.start;
  const until = stall.start + stall.duration;
  return until < back.time + 1.12 * outage + ANSWER_WAIT;
}

function closedOutcome(stall: Stall, watch: SilenceWatch, near: EndIndex | null): Outcome {
  const closing = stall.ending;
  if (closing === null) return 'unaffected';
  const client = watch.connection.flow.client;
  // Told by ICMP that it was refused, the end closed at once: that is a reset, whatever it sent.
  const told = stall.events.findLast((e) => isRefusal(e) && e.sender === closing.sender);
  if (told !== undefined && closing.time - told.time < ANSWER_WAIT) return 'reset';
  if ((closing.bits & Segment.Rst) !== 0) {
    if (closing.sender === near) return 'gave-up';
    const ttl = watch.connection.sides[closing.sender].ttl;
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

/** A sender that closes in order has sent all it wanted: a stall only while its own bytes are not acknowledged. */
function ownClose(stall: Stall, watch: SilenceWatch): Outcome {
  if (stall.what === 'unacknowledged')
    return stall.owedBy === watch.connection.flow.client ? 'gave-up' : 'cut-short';
  return stall.what === 'answer' && stall.startUnanswered ? 'gave-up' : 'unaffected';
}

function resumedOutcome(watch: SilenceWatch, ended: readonly JudgedStall[]): Decided {
  const longest = ended.reduce((a, b) => (b.stall.duration > a.stall.duration ? b : a));
  if (isCutShort(watch, ended)) return { outcome: 'cut-short', main: longest };
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
function isCutShort(watch: SilenceWatch, ended: readonly JudgedStall[]): boolean {
  const server = watch.connection.flow.server;
  const side = watch.connection.sides[server];
  if (side.fin === NO_FRAME || closedFirst(watch)) return false;
  const promised = watch.exchange.promised;
  if (promised !== null && watch.exchange.turn === server) {
    if (((promised.end - side.finSeq) | 0) > 0) return true;
    if (promised.exact) return false;
  }
  return (
    side.finAhead &&
    ended.some((s) => s.stall.start < side.finTime && side.finTime <= (s.stall.end as Nanos) + RECOVERY)
  );
}

/** The client had closed before the server's FIN: what is missing then, it did not want. */
function closedFirst(watch: SilenceWatch): boolean {
  const { flow, sides } = watch.connection;
  const [own, other] = [sides[flow.client], sides[flow.server]];
  const close = watch.close;
  if (own.fin !== NO_FRAME && own.finTime < other.finTime) return true;
  return close !== null && close.by === flow.client && close.event.time < other.finTime;
}
