/**
 * The facts of a case that several rules ask for, each worked out in one place.
 */
import { seconds } from '../../packet/time.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import { isRefusal, type SegmentEvent } from '../stall/segment-event.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import { answeredSinceLoss, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import { isInitialTtl } from '../vantage/vantage.ts';
import type { Facts, JudgedStall } from './case.ts';
import { countUnanswered } from './outcome.ts';

/** An idle second before a connection is used again makes it an idle one. */
const IDLE = seconds(1);

export function deriveFacts(
  watch: SilenceWatch,
  stalls: readonly JudgedStall[],
  main: JudgedStall | null,
  near: EndIndex | null,
): Facts {
  const { flow, sides } = watch.connection;
  const stall = main?.stall ?? null;
  const hears = near ?? stall?.waiting ?? flow.client;
  const closing = closingOf(watch, stall);
  const unanswered = stall === null ? [] : stall.unanswered[hears];
  const answered = stall === null ? [] : answeredSinceLoss(stall, hears);
  const earlier = stalls.filter((s) => stall !== null && s.innocent === null && s.stall.start < stall.start);
  const first = watch.silences[0];
  return {
    unanswered,
    unansweredCount: stall === null ? 0 : countUnanswered(stall, near),
    unansweredProbes: unanswered.filter((e) => (e.bits & Segment.Probe) !== 0),
    answeredStuck: answered.length > 0 && (stall?.stuck ?? 0) > 0,
    answeredProbes: answered.map((p) => p.answer as SegmentEvent),
    passedBefore:
      stall === null ? [] : answeredSinceLoss(stall, stall.waiting).map((p) => p.answer as SegmentEvent),
    closing,
    foreignReset: isForeign(closing, watch),
    responderNextDoor: near === flow.client && isInitialTtl(sides[flow.server].ttl),
    earlierStall: earlier.at(-1) ?? null,
    noEarlierFailover:
      sides[flow.client].syn !== NO_FRAME &&
      earlier.length === 0 &&
      (first === undefined || stall === null || first.start >= stall.silence.start) &&
      (stall?.silence.idleBefore ?? 0) < IDLE,
    wasIdle: stall !== null && (stall.what === 'probe-answer' || stall.silence.idleBefore >= IDLE),
    vainAnswers: stall === null ? 0 : countVainAnswers(stall.events, hears),
    refusals: stall === null ? [] : stall.events.filter((e) => isRefusal(e) && e.sender === hears),
    nearSilent:
      stall !== null && !stall.events.some((e) => e.sender === hears && e.icmp < 0) && !stall.startUnanswered,
  };
}

/** The segment that closed the flow in the stall, or at all. */
function closingOf(watch: SilenceWatch, stall: Stall | null): SegmentEvent | null {
  if (stall?.endedBy === 'close') return stall.ending;
  const fin =
    stall?.end === null
      ? stall.events.find((e) => e.sender === stall.waiting && (e.bits & Segment.Fin) !== 0)
      : undefined;
  return fin ?? watch.close?.event ?? null;
}

function isForeign(closing: SegmentEvent | null, watch: SilenceWatch): boolean {
  if (closing === null || (closing.bits & Segment.Rst) === 0) return false;
  const ttl = watch.connection.sides[closing.sender].ttl;
  return ttl >= 0 && ttl !== closing.ttl;
}

/** The peer repeats what had arrived and the near end acknowledges it again: its acknowledgements do not get there. */
function countVainAnswers(events: readonly SegmentEvent[], hears: EndIndex): number {
  let count = 0;
  for (let i = 0; i + 1 < events.length; i++) {
    const e = events[i] as SegmentEvent;
    const next = events[i + 1] as SegmentEvent;
    // Bytes beyond a hole may come again without having been acknowledged.
    const old = (e.bits & (Segment.Resent | Segment.Ahead)) === Segment.Resent;
    const repeated = e.sender === otherEnd(hears) && e.length > 0 && old;
    if (repeated && next.sender === hears && (next.flags & 0x10) !== 0) count += 1;
  }
  return count;
}
