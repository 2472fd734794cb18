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
  if (main === null) return withoutStall(watch, near);
  const { flow, sides } = watch.connection;
  const { stall } = main;
  const hears = near ?? stall.waiting;
  const closing = closingOf(watch, stall);
  const unanswered = stall.unanswered[hears];
  const answered = answeredSinceLoss(stall, hears);
  const earlier = stalls.filter((s) => s.innocent === null && s.stall.start < stall.start);
  const first = watch.silences[0];
  return {
    unanswered,
    unansweredCount: countUnanswered(stall, near),
    unansweredProbes: unanswered.filter((e) => (e.bits & Segment.Probe) !== 0),
    answeredStuck: answered.length > 0 && (stall.stuck ?? 0) > 0,
    answeredProbes: answered.map((p) => p.answer as SegmentEvent),
    passedBefore: answeredSinceLoss(stall, stall.waiting).map((p) => p.answer as SegmentEvent),
    closing,
    foreignReset: isForeign(closing, watch),
    responderNextDoor: isNextDoor(watch, near),
    earlierStall: earlier.at(-1) ?? null,
    noEarlierFailover:
      sides[flow.client].syn !== NO_FRAME &&
      earlier.length === 0 &&
      (first === undefined || first.start >= stall.silence.start) &&
      stall.silence.idleBefore < IDLE,
    wasIdle: stall.what === 'probe-answer' || stall.silence.idleBefore >= IDLE,
    vainAnswers: countVainAnswers(stall.events, hears),
    refusals: stall.events.filter((e) => isRefusal(e) && e.sender === hears),
    nearSilent: !stall.events.some((e) => e.sender === hears && e.icmp < 0) && !stall.startUnanswered,
  };
}

const NONE: readonly SegmentEvent[] = [];

function withoutStall(watch: SilenceWatch, near: EndIndex | null): Facts {
  const { flow, sides } = watch.connection;
  const closing = closingOf(watch, null);
  return {
    unanswered: NONE,
    unansweredCount: 0,
    unansweredProbes: NONE,
    answeredStuck: false,
    answeredProbes: NONE,
    passedBefore: NONE,
    closing,
    foreignReset: isForeign(closing, watch),
    responderNextDoor: isNextDoor(watch, near),
    earlierStall: null,
    noEarlierFailover: sides[flow.client].syn !== NO_FRAME,
    wasIdle: false,
    vainAnswers: 0,
    refusals: NONE,
    nearSilent: false,
  };
}

const isNextDoor = ({ connection: { flow, sides } }: SilenceWatch, near: EndIndex | null): boolean =>
  near === flow.client && isInitialTtl(sides[flow.server].ttl);

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
