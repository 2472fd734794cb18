/**
 * A stall: at least a second in which one side owed the other something and
 * nothing moved. Made from a silence, with what its segments prove: the ladder
 * of retransmissions, probes and their answers, bytes stuck at the peer,
 * packets that were sent and never arrived.
 * The trap: a silence may begin with a closed window and go on after it was
 * opened; those are two stalls with two causes.
 */
import { NANOS_PER_SECOND, type Nanos, seconds } from '../../packet/time.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import type { Connection } from '../tcp/connection.ts';
import { Segment } from '../tcp/segment.ts';
import { findLadder, type Ladder } from './ladder.ts';
import type { OwedWhat } from './owed.ts';
import { isNeedless, roundTrips } from './round-trip.ts';
import type { SegmentEvent } from './segment-event.ts';
import { SHORTEST_SILENCE, type Silence, type SilenceWatch } from './silence.ts';
import { isClosed, joinContinued, type Part, type StallKind, splitAtWindow } from './silence-parts.ts';

/** A segment that wants an answer has none after this long: more than any round trip on Earth, less than any retry of a keepalive. */
export const ANSWER_WAIT: Nanos = seconds(1);

const ONE_SEGMENT = 1460;
/** Bytes that a capture may have missed within one silence. */
const MOST_MISSING = 1 << 26;
/** So many ticks are more than rounding. */
const MIN_TICKS = 20;
/** A tenth leaves room for a round trip within the step. */
const HARDLY = 0.1;

export interface Probe {
  readonly event: SegmentEvent;
  /** The segment that answered it within `ANSWER_WAIT`; null where none did. */
  readonly answer: SegmentEvent | null;
}

export interface Stall {
  readonly silence: Silence;
  readonly kind: StallKind;
  readonly start: Nanos;
  readonly startFrame: FrameId;
  /** Null while it lasts. */
  readonly end: Nanos | null;
  readonly duration: Nanos;
  readonly what: OwedWhat | 'probe-answer';
  readonly owedBy: EndIndex;
  readonly waiting: EndIndex;
  readonly bytes: number | null;
  readonly endedBy: Silence['endedBy'];
  readonly ending: SegmentEvent | null;
  readonly events: readonly SegmentEvent[];
  readonly ladder: Ladder | null;
  readonly probes: readonly Probe[];
  /** Transmissions of each end, since the other was last heard, that wanted an answer and got none. */
  readonly unanswered: readonly [readonly SegmentEvent[], readonly SegmentEvent[]];
  /** True where the frame that began it wanted an answer and got none (a request, the first SYN). */
  readonly startUnanswered: boolean;
  /** Packets that the owing end sent in the stall and that never came here; null where its IP identification does not tell. */
  readonly missing: number | null;
  /** Bytes beyond the in-order point that the owing end had already sent, by an answer of its own; 0 where an answer shows none; null without one. */
  readonly stuck: number | null;
  /** First answer that shows it. */
  readonly stuckAt: SegmentEvent | null;
  readonly captureGap: boolean;
  /** It ended with the answer to the first transmission: no repeat of its sender was needed. */
  readonly needless: boolean;
}

const NO_STALLS: readonly Stall[] = [];

/** All stalls of a flow, oldest first. `coveredUntil` ends those that last. */
export function findStalls(watch: SilenceWatch, coveredUntil: Nanos): readonly Stall[] {
  if (watch.silences.length === 0) return NO_STALLS;
  const stalls: Stall[] = [];
  const slow = roundTrips(watch.silences, watch.connection);
  const waits = slow.size === 0 ? watch.silences : watch.silences.filter((s) => !slow.has(s));
  for (const silence of joinContinued(waits.map((s) => heldUp(s, watch.connection)))) {
    for (const part of splitAtWindow(silence)) {
      const stall = toStall(part, watch, coveredUntil);
      if (stall !== null) stalls.push(stall);
    }
  }
  return stalls;
}

/**
 * An end that was taken to be at rest, or to wait for an answer, went on sending and had been held up: its next bytes came with a
 * hole behind the first, so it had been sending all along; or it had asked a closed window whether it was open again, which
 * only who has bytes to send does (RFC 9293, 3.8.6.1).
 */
function heldUp(silence: Silence, connection: Connection): Silence {
  const { owed, ending, endedBy, resume, events, window } = silence;
  if (endedBy !== 'progress' || ending === null || (ending.bits & Segment.NewData) === 0) return silence;
  if (owed.what !== 'nothing' && owed.what !== 'answer') return silence;
  const by = ending.sender;
  if (by !== connection.flow.client || (owed.what === 'answer' && owed.by === by)) return silence;
  const asked =
    isClosed(window[otherEnd(by)]) && events.some((e) => e.sender === by && (e.bits & Segment.Probe) !== 0);
  // Packets that are missing may have been keepalives; bytes that come after a hole were under way.
  if (!asked && resume?.hole !== true) return silence;
  return { ...silence, owed: { what: 'mid-answer', by, bytes: null } };
}

function toStall(part: Part, watch: SilenceWatch, coveredUntil: Nanos): Stall | null {
  const { silence } = part;
  const { connection, isOneWay } = watch;
  const until = part.end ?? Math.max(coveredUntil, part.start);
  const unanswered: [SegmentEvent[], SegmentEvent[]] = [
    unansweredOf(part, 0, until, isOneWay),
    unansweredOf(part, 1, until, isOneWay),
  ];
  let { what, by: owedBy }: { what: Stall['what']; by: EndIndex } =
    repeatedUnseen(part, isOneWay) ?? silence.owed;
  if (what === 'nothing') {
    // Nothing was owed but an answer to somebody's probes.
    const asking: EndIndex = unanswered[0].length >= unanswered[1].length ? 0 : 1;
    if (unanswered[asking].length < 2 || part.endedBy === 'progress') return null;
    what = 'probe-answer';
    owedBy = otherEnd(asking);
    // Until somebody asked, the connection was at rest.
    const asked = unanswered[asking][0] as SegmentEvent;
    part.start = asked.time;
    part.startFrame = asked.id;
    part.events = part.events.slice(part.events.indexOf(asked));
  }
  const duration = until - part.start;
  if (part.end !== null && duration < SHORTEST_SILENCE && !isRefusedUse(part, connection)) return null;
  const probes = findProbes(part.events);
  const stuckAt = findStuck(part, owedBy);
  // Field by field: of a spread V8 makes an object that is slow and large.
  return {
    silence,
    kind: part.kind,
    start: part.start,
    startFrame: part.startFrame,
    end: part.end,
    duration,
    what,
    owedBy,
    waiting: otherEnd(owedBy),
    bytes: silence.owed.bytes,
    endedBy: part.endedBy,
    ending: part.ending,
    events: part.events,
    ladder: bestLadder(part, owedBy),
    probes,
    unanswered,
    startUnanswered: isStartUnanswered(part, owedBy),
    missing: missingPackets(part.silence, connection, owedBy),
    stuck: stuckAt === undefined ? null : beyond(stuckAt, silence, owedBy),
    stuckAt: stuckAt ?? null,
    captureGap: isCaptureGap(part, connection),
    needless: isNeedless(part.silence, connection),
  };
}

/**
 * An RST that leaves no time for a stall and still is one: to the first use
 * after an idle time, or with a TTL that its sender never had.
 */
function isRefusedUse(part: Part, connection: Connection): boolean {
  const { ending, silence } = part;
  if (part.endedBy !== 'close' || ending === null || (ending.bits & Segment.Rst) === 0) return false;
  if (silence.owed.what === 'nothing') return false;
  const ttl = connection.sides[ending.sender].ttl;
  if (ttl >= 0 && ttl !== ending.ttl) return true;
  const refused = ending.sender === silence.owed.by && silence.owed.what === 'answer';
  return refused && silence.idleBefore >= SHORTEST_SILENCE;
}

/** In a capture of one direction a single repeat may be a window probe with data, or have been needless. */
const SURELY_REPEATED = 2;

/**
 * Only one direction has been seen so far, and its sender repeated what it had sent: that it was not answered is known all the same.
 * Null where both were seen, or nothing was repeated.
 */
function repeatedUnseen(
  { silence, events }: Part,
  isOneWay: boolean,
): { what: OwedWhat; by: EndIndex } | null {
  if (silence.owed.what !== 'unseen') return null;
  const seen = otherEnd(silence.owed.by);
  const own = events.filter((e) => e.sender === seen);
  if (own.some((e) => (e.bits & Segment.Syn) !== 0)) return { what: 'handshake', by: silence.owed.by };
  const repeats = own.filter(isRepeatedData).length;
  return repeats >= (isOneWay ? SURELY_REPEATED : 1) ? { what: 'unacknowledged', by: seen } : null;
}

const isRepeatedData = (e: SegmentEvent): boolean => e.length > 0 && (e.bits & Segment.Resent) !== 0;

function ladderOf(part: Part, by: EndIndex): Ladder | null {
  const { silence, events, start } = part;
  const outstanding = (silence.inOrder[by] - silence.una[by]) | 0;
  const single = silence.startSender === by && outstanding > 0 && outstanding <= ONE_SEGMENT;
  return findLadder(events, by, start, single);
}

function bestLadder(part: Part, owedBy: EndIndex): Ladder | null {
  const own = ladderOf(part, owedBy);
  const other = ladderOf(part, otherEnd(owedBy));
  if (own === null || other === null) return own ?? other;
  return own.rungs.length >= other.rungs.length ? own : other;
}

/** What is missing where answers pass elsewhere shows nothing; a sender that repeats its data or its SYN had none. */
const wantsUnseen = (e: SegmentEvent): boolean => isRepeatedData(e) || (e.bits & Segment.Syn) !== 0;

const wantsAnswer = (e: SegmentEvent): boolean =>
  e.icmp < 0 &&
  (e.bits &
    (Segment.Probe | Segment.NewData | Segment.Resent | Segment.Syn | Segment.Fin | Segment.Ahead)) !==
    0 &&
  (e.bits & Segment.Rst) === 0;

/** What `end` sent since the other was last heard, except in the last moment before the capture ended. */
function unansweredOf(part: Part, end: EndIndex, until: Nanos, isOneWay: boolean): SegmentEvent[] {
  const { events } = part;
  const found: SegmentEvent[] = [];
  for (let i = events.length - 1; i >= 0; i--) {
    const e = events[i] as SegmentEvent;
    if (e.icmp >= 0) continue;
    if (e.sender !== end) break;
    if (wantsAnswer(e) && (!isOneWay || wantsUnseen(e)) && until - e.time >= ANSWER_WAIT) found.unshift(e);
  }
  // An end whose answers pass elsewhere goes on with new data once it has one.
  const answeredByEnding =
    part.endedBy === 'progress' && part.ending !== null && (isOneWay || part.ending.sender !== end);
  if (answeredByEnding) {
    const last = found.at(-1);
    const ending = part.ending as SegmentEvent;
    if (last !== undefined && ending.time - last.time < ANSWER_WAIT) found.pop();
  }
  return found;
}

/** What moved last wanted an answer (a request, a SYN, data), and no frame of the other end came after it. */
function isStartUnanswered(part: Part, owedBy: EndIndex): boolean {
  const { silence, events } = part;
  const { what } = silence.owed;
  const asker = what === 'unacknowledged' ? owedBy : otherEnd(owedBy);
  if (what !== 'answer' && what !== 'handshake' && what !== 'unacknowledged') return false;
  if (silence.startSender !== asker) return false;
  // What opened the silence may be a bare ACK, after a request that went with the SYN (RFC 7413) and was acknowledged with it.
  if (silence.acked[asker] && silence.inOrder[asker] === silence.una[asker]) return false;
  return !events.some((e) => e.icmp < 0 && e.sender !== asker);
}

function findProbes(events: readonly SegmentEvent[]): Probe[] {
  const probes: Probe[] = [];
  for (let i = 0; i < events.length; i++) {
    const event = events[i] as SegmentEvent;
    if ((event.bits & Segment.Probe) === 0) continue;
    const next = events[i + 1];
    const answered = next !== undefined && next.sender !== event.sender && next.icmp < 0;
    probes.push({ event, answer: answered && next.time - event.time < ANSWER_WAIT ? next : null });
  }
  return probes;
}

/** Bytes between what the peer has acknowledged and what an answer shows to be sent. */
function beyond(answer: SegmentEvent, silence: Silence, owedBy: EndIndex): number {
  const arrived = (answer.seq - silence.inOrder[owedBy]) | 0;
  const acknowledged = silence.acked[owedBy] ? (answer.seq - silence.una[owedBy]) | 0 : 0;
  return Math.max(0, arrived, acknowledged);
}

/** The newest answer of the owing end that carries no data: its sequence number is its SND.NXT. */
function findStuck(part: Part, owedBy: EndIndex): SegmentEvent | undefined {
  const answers = part.events.filter(
    (e) => e.sender === owedBy && (e.bits & Segment.PureAck) !== 0 && (e.flags & 0x17) === 0x10,
  );
  return answers.find((e) => beyond(e, part.silence, owedBy) > 0) ?? answers[0];
}

/**
 * Counts, in the owing end's IP identification, the packets between its last
 * one before the stall and its first one after. Linux counts per connection;
 * whether this end does, its whole history tells (`ipIdCounts`).
 */
function missingPackets(silence: Silence, connection: Connection, owedBy: EndIndex): number | null {
  const side = connection.sides[owedBy];
  const peer = connection.sides[otherEnd(owedBy)];
  const mark = silence.ipId[owedBy];
  if (mark.id < 0) return null;
  let expected = (mark.id + mark.step) & 0xffff;
  let missing: number | null = null;
  const later = silence.ending === null ? silence.events : [...silence.events, silence.ending];
  for (const e of later) {
    if (e.sender !== owedBy || e.icmp >= 0 || e.ipId < 0 || (e.bits & Segment.Rst) !== 0) continue;
    const gap = (e.ipId - expected) & 0xffff;
    // A step back is reordering or another counter: no statement.
    if (gap >= 0x8000) return null;
    // One exact step is proof by itself (chance: 1 in 65,536); a jump means something only in a regular series.
    if (gap > 0 && !mark.counts && !side.ipIdCounts) return null;
    missing = (missing ?? 0) + gap;
    expected = (e.ipId + side.packetsOf(e.length, peer.mss)) & 0xffff;
  }
  return missing;
}

/** An end acknowledged bytes that were never captured: frames are missing from the file, not from the wire. */
function isCaptureGap(part: Part, connection: Connection): boolean {
  if (isClockStep(part)) return true;
  const all = part.ending === null ? part.events : [...part.events, part.ending];
  return all.some((e) => {
    if ((e.bits & Segment.AckUnseen) === 0 || isOlderThanCapture(otherEnd(e.sender), part, connection))
      return false;
    // A number far beyond all that was sent belongs to another connection, or was shifted on the way.
    const beyond = (e.ack - part.silence.inOrder[otherEnd(e.sender)]) | 0;
    return beyond > 0 && beyond < MOST_MISSING;
  });
}

/** The capture began in this silence: what an end had sent before that may be acknowledged, and is not missing from the file. */
const isOlderThanCapture = (sender: EndIndex, { silence }: Part, { sides }: Connection): boolean =>
  sides.every((s) => s.syn === NO_FRAME) && sides[sender].firstTime >= silence.start;

/**
 * The capture's clock was set forward: the timestamp clocks of both ends
 * (RFC 7323, 5.4) had run at a known rate and hardly went on in the silence.
 * That of one end alone stands still as well where the way from it has become
 * longer: its segments are older when they come.
 */
function isClockStep(part: Part): boolean {
  const { ending, silence, start } = part;
  if (part.endedBy !== 'progress' || ending === null) return false;
  const step = ending.time - start;
  const after = silence.peerAfter;
  if (after === null || !hardlyWentOn(silence, ending.sender, ending.tsVal, step)) return false;
  const since = after.time - ending.time;
  return hardlyWentOn(silence, otherEnd(ending.sender), after.tsVal, step, since);
}

/** The timestamp clock of `end`, which showed `tsVal` some time after it should have gone on by `step`. */
function hardlyWentOn(
  silence: Silence,
  end: EndIndex,
  tsVal: number,
  step: Nanos,
  since: Nanos = 0,
): boolean {
  const [before, rate] = [silence.tsVal[end], silence.tickRate[end]];
  if (before < 0 || tsVal < 0 || rate <= 0) return false;
  const ticks = rate / NANOS_PER_SECOND;
  return step * ticks >= MIN_TICKS && ((tsVal - before) | 0) < (HARDLY * step + since) * ticks;
}

/** The newest frame of `end` before a stall began; NO_FRAME where it never sent. */
export function lastBefore(stall: Stall, end: EndIndex): FrameId {
  return stall.silence.startSender === end
    ? stall.silence.startFrame
    : (stall.silence.lastOf[end] ?? NO_FRAME);
}

/**
 * Probes of `end` that were answered after the last of its transmissions that
 * was not: what was answered before a loss says nothing about the path after it.
 */
export function answeredSinceLoss(stall: Stall, end: EndIndex): readonly Probe[] {
  const own = stall.probes.filter((p) => p.event.sender === end);
  const vain = own.findLastIndex((p) => p.answer === null);
  const lost = stall.unanswered[end].at(-1)?.time ?? Number.NEGATIVE_INFINITY;
  return own.slice(vain + 1).filter((p) => p.answer !== null && p.event.time > lost);
}
