/**
 * "Not the failover" is tested first: a closed window, a pause of the
 * application, plain loss, frames missing from the capture. A stall is
 * innocent only where its own segments show it.
 * The trap: an application that pauses and a retransmission that waits look
 * alike from the receiver. The sender's IP identification tells them apart: if
 * it went up by one, nothing was sent in between.
 */
import { NANOS_PER_MILLI, type Nanos, seconds } from '../../packet/time.ts';
import type { Mark } from '../failover/marks.ts';
import type { EndIndex } from '../flow/flow.ts';
import { RTO_MAX, RTO_MIN } from '../stall/ladder.ts';
import type { SegmentEvent } from '../stall/segment-event.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import { ANSWER_WAIT, lastBefore, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { Innocent } from './case.ts';

/** A few retransmissions lost in a row: the fourth rung of a 0.2 s RTO is at 3 s. */
const LONGEST_LOSS_STALL: Nanos = seconds(4);
/** One window probe may stay unanswered (Linux limits how often it answers); two in a row are a lost path. */
const VAIN_PROBES = 2;
/** A path that had lost this often before may have done so again. */
const HABITUAL_LOSS = 4;
/** Below this a segment may simply be all there was to send; above one MTU it is several, merged by offload. */
const FULL_SEGMENT = 1000;
const ONE_SEGMENT = 1500;
/** The segments of one window follow each other within microseconds; the handshake's round trip is often a little long. */
const GOOD_PART_OF_A_ROUND_TRIP = 0.4;
/** Longer than this is another pause, not the wait for an acknowledgement. */
const ROUND_TRIPS = 4;
const ACK_DELAY: Nanos = seconds(0.2);
/** Timestamps of data made after the silence are ahead of it by most of its length. */
const FRESH = 0.8;

/** What shows that an end was sending in vain during the stall. */
export function tryingIn(
  stall: Stall,
  near: 0 | 1 | null,
  rtt: Nanos | null,
  shared: boolean,
  marks: readonly Mark[],
): string[] {
  const found: string[] = [];
  if (stall.missing !== null && stall.missing > 0) found.push('missing-packets');
  if (stall.stuck !== null && stall.stuck > 0) found.push('stuck-bytes');
  if (stall.ladder !== null) found.push('ladder');
  const ends = near === null ? ([0, 1] as const) : [near];
  if (ends.some((end) => stall.unanswered[end].length > 0)) found.push('unanswered');
  if (stall.silence.resume?.hole === true) found.push('hole-after');
  if (waitedAfterFirst(stall, rtt)) found.push('timeout-window');
  if (stall.startUnanswered) found.push('unacknowledged-request');
  if (shared) found.push('shared-silence');
  if (marks.some((m) => m.strong)) found.push('takeover-mark');
  return found;
}

/**
 * After a timeout a sender may send one segment and must wait for its
 * acknowledgement (RFC 5681, 3.1: loss window of one). A full segment that was
 * not pushed has more behind it; if nothing follows for a good part of a round trip,
 * the window was one.
 */
function waitedAfterFirst(stall: Stall, rtt: Nanos | null): boolean {
  const resume = stall.silence.resume;
  if (resume === null || rtt === null || resume.wait === null || stall.kind !== 'waiting') return false;
  const full = resume.length >= FULL_SEGMENT && resume.length <= ONE_SEGMENT && !resume.pushed;
  return (
    full && resume.wait >= GOOD_PART_OF_A_ROUND_TRIP * rtt && resume.wait <= ROUND_TRIPS * rtt + ACK_DELAY
  );
}

/** Why the stall is not the failover's; null where that is not shown. */
export function findInnocent(
  stall: Stall,
  watch: SilenceWatch,
  trying: readonly string[],
  { rtt, near }: { readonly rtt: Nanos | null; readonly near: EndIndex | null },
): Innocent | null {
  if (stall.kind === 'closed-window') return unheard(stall) ? null : closedWindow(stall, watch);
  if (stall.captureGap) return captureGap(stall);
  const unrepeated = near === null ? null : unrepeatedBy(near, stall, watch);
  if (unrepeated !== null) return unrepeated;
  return loss(stall, trying) ?? idle(stall, watch, trying, rtt);
}

/** One end's transmissions go unanswered one after the other: the other cannot be heard, closed window or not. */
function unheard(stall: Stall): boolean {
  if (stall.unanswered[stall.waiting].length >= VAIN_PROBES) return true;
  let run = 0;
  for (const probe of stall.probes) {
    if (probe.event.sender !== stall.owedBy) continue;
    run = probe.answer === null ? run + 1 : 0;
    if (run >= VAIN_PROBES) return true;
  }
  return false;
}

function closedWindow(stall: Stall, watch: SilenceWatch): Innocent {
  const receiver = stall.waiting;
  const reopened = stall.startFrame !== stall.silence.startFrame;
  const advertised =
    stall.silence.startSender === receiver ? stall.silence.startFrame : lastBefore(stall, receiver);
  const closing = stall.events.find((e) => e.sender === receiver && e.window === 0)?.id;
  const frame = reopened ? (closing ?? stall.startFrame) : advertised;
  const who = receiver === watch.connection.flow.client ? 'client' : 'server';
  return {
    cause: 'zero-window',
    because: `the ${who} advertised a closed receive window, so its peer had to wait`,
    frames: frame === 0 ? [] : [frame],
  };
}

function captureGap(stall: Stall): Innocent {
  const all = stall.ending === null ? stall.events : [...stall.events, stall.ending];
  const jump = all.find((e) => (e.bits & Segment.AckUnseen) !== 0);
  return {
    cause: 'capture-gap',
    because:
      jump === undefined
        ? "the capture's clock jumped: the timestamps in the segments themselves did not go on"
        : 'bytes were acknowledged that are not in the capture: frames are missing from the file',
    frames: jump === undefined ? [] : [jump.id],
  };
}

/** `TCP_RTO_MAX` of Linux, which others stay below, and what timers are rounded up by. */
const LONGEST_WAIT: Nanos = RTO_MAX * 1.12;

/**
 * The end beside the capture had sent what nobody acknowledged, and did not send it again in a time in which every TCP does
 * (RFC 6298, 5.5), and then the connection went on: it did, and this file does not hold it. One that had tried again may have
 * given up since, in silence; and one of which nothing follows may be gone, where a tap captures and not the end itself.
 */
function unrepeatedBy(near: EndIndex, stall: Stall, watch: SilenceWatch): Innocent | null {
  if (stall.endedBy !== 'progress') return null;
  const tries = stall.unanswered[near];
  const began = stall.startUnanswered && stall.silence.startSender === near;
  if (tries.length + (began ? 1 : 0) !== 1 || stall.ladder?.by === near) return null;
  const [only] = tries;
  // Probes may be hours apart.
  if (only !== undefined && (only.length === 0 || (only.bits & Segment.Probe) !== 0)) return null;
  const since = only?.time ?? stall.start;
  if (stall.start + stall.duration - since <= LONGEST_WAIT) return null;
  const who = near === watch.connection.flow.client ? 'client' : 'server';
  return {
    cause: 'capture-gap',
    because: `the ${who} had sent what nobody acknowledged, and is not seen to send it again, as it must within 2 minutes: frames are missing from the file`,
    frames: [only?.id ?? stall.startFrame],
  };
}

function loss(stall: Stall, trying: readonly string[]): Innocent | null {
  const excluded = trying.includes('shared-silence') || trying.includes('takeover-mark');
  if (stall.endedBy !== 'progress' || excluded || stall.what === 'handshake') return null;
  if (stall.duration > LONGEST_LOSS_STALL || stall.silence.lossBefore < HABITUAL_LOSS) return null;
  return {
    cause: 'loss',
    because: `the path had lost segments ${stall.silence.lossBefore} times before; this stall is one more of them`,
    frames: [],
  };
}

function idle(
  stall: Stall,
  watch: SilenceWatch,
  trying: readonly string[],
  rtt: Nanos | null,
): Innocent | null {
  if (stall.what !== 'answer' && stall.what !== 'mid-answer' && stall.what !== 'promised') return null;
  const hard = trying.some((t) => t !== 'shared-silence' && t !== 'takeover-mark');
  const who = stall.owedBy === watch.connection.flow.client ? 'client' : 'server';
  const quiet = quietClose(stall, watch);
  if (quiet !== null) {
    return {
      cause: 'application-idle',
      because: `the ${who} answered the close at once and had nothing outstanding: it had sent all it wanted`,
      frames: [quiet.id],
    };
  }
  if (hard) return null;
  const lastProbe = stall.probes.at(-1);
  if (stall.stuckAt !== null && stall.stuck === 0 && lastProbe !== undefined && lastProbe.answer !== null) {
    return {
      cause: 'application-idle',
      because: `the ${who} answered probes and had nothing outstanding: it had not sent anything more`,
      frames: [stall.stuckAt.id],
    };
  }
  const ending = stall.ending;
  if (stall.endedBy !== 'progress' || ending === null || ending.sender !== stall.owedBy) return null;
  if (stall.missing === 0) {
    return {
      cause: 'application-idle',
      because: `the ${who} sent nothing in between: its IP identification shows no packet missing`,
      frames: [lastBefore(stall, stall.owedBy), ending.id].filter((f) => f !== 0),
    };
  }
  if (isBurst(stall, rtt)) {
    return {
      cause: 'application-idle',
      because: `the ${who} went on with several segments at once: after a retransmission timeout it could have sent only one`,
      frames: [ending.id],
    };
  }
  return null;
}

/**
 * The waiting end closed, and the first answer of the other stands at the
 * in-order point: path and peer are well, and nothing had been on its way.
 */
function quietClose(stall: Stall, watch: SilenceWatch): SegmentEvent | null {
  const closing = stall.ending;
  if (stall.endedBy !== 'close' || closing === null || closing.sender !== stall.waiting) return null;
  if ((closing.bits & Segment.Fin) === 0) return null;
  const answer = watch.aftermath.find((e) => e.sender === stall.owedBy);
  if (answer === undefined || (answer.bits & Segment.Rst) !== 0) return null;
  if (answer.time - closing.time >= ANSWER_WAIT) return null;
  return answer.length === 0 && answer.seq === stall.silence.inOrder[stall.owedBy] ? answer : null;
}

/**
 * Full segments on each other's heels: the congestion window was not that of a
 * timeout. Segments that a node had held back would come so as well, but with
 * timestamps from before the silence.
 */
function isBurst(stall: Stall, rtt: Nanos | null): boolean {
  const { resume } = stall.silence;
  const { ending } = stall;
  if (resume === null || resume.wait === null || resume.hole || rtt === null || ending === null) return false;
  const full = resume.length >= FULL_SEGMENT && resume.length <= ONE_SEGMENT && !resume.pushed;
  if (!full || resume.wait >= GOOD_PART_OF_A_ROUND_TRIP * rtt) return false;
  const before = stall.silence.tsVal[ending.sender];
  if (before < 0 || ending.tsVal < 0) return false;
  // Ticks of 1 ms in Linux; slower ones count less and prove nothing here.
  return ((ending.tsVal - before) | 0) >= (stall.duration / NANOS_PER_MILLI) * FRESH;
}

/** First RTO of a Linux sender: SRTT + 200 ms at least (RFC 6298 with Linux's TCP_RTO_MIN), by the handshake's round trip. */
export const rtoOf = (watch: SilenceWatch): Nanos => RTO_MIN + Math.min(roundTrip(watch) ?? 0, seconds(1));

/** The round trip of the handshake, where the capture holds it and no SYN was repeated; ns. */
export function roundTrip(watch: SilenceWatch): Nanos | null {
  const client = watch.connection.sides[watch.connection.flow.client];
  if (watch.synAckTime === 0 || watch.handshakeAckTime === 0 || client.synCount !== 1) return null;
  return Math.max(watch.handshakeAckTime - client.synTime, 0);
}
