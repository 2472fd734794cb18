/**
 * The round trip of a path that takes a second or more (satellites, full
 * buffers), by the silences that were nothing but the wait for one. Senders
 * repeat needlessly on such a path: an acknowledgement that echoes an older
 * timestamp than the first repeat has is the answer to the original (Eifel,
 * RFC 3522, 3.2), and a handshake with as many SYN-ACKs as SYNs lost neither.
 * The traps: where all acknowledgements were lost, the answer to a repeat echoes
 * the original as well, but reports a duplicate (D-SACK, which RFC 3522 excepts
 * too). And a node that holds a packet back in its takeover makes one long round
 * trip. Only several alike are the path's.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import type { Connection } from '../tcp/connection.ts';
import { Segment } from '../tcp/segment.ts';
import type { SegmentEvent } from './segment-event.ts';
import type { Silence } from './silence.ts';
import { isClosed } from './silence-parts.ts';

/** No path takes longer; a wait of this length has another reason. */
const LONGEST: Nanos = seconds(10);
/** Round trips of one path differ by less, also while a buffer fills. */
const ALIKE = 2;
/** So often one end reported that it had the repeat already (RFC 3708, 3): of the other repeats at most as many were needed. */
const HABIT = 3;
/** So many SYN-ACKs are answers to as many SYNs. */
const MORE_THAN_TIMERS = 3;
/** Of these its sender has a timer, or it answers a repeat. */
const NOT_BY_ARRIVAL = Segment.Fin | Segment.Probe | Segment.Duplicate;
/** What is sent one round trip later comes a little after it: delayed acknowledgements, timers. */
const SLACK = 1.25;

/** True where what was waited for came one round trip later, though repeats had been sent meanwhile: none of them was needed. */
export function isNeedless(silence: Silence, connection: Connection): boolean {
  const { ending } = silence;
  if (ending === null || !isAnswer(silence, ending)) return false;
  const repeats = repeatsIn(silence, ending);
  if (repeats.length === 0) return false;
  const { sides } = connection;
  const [own, peer] = [sides[otherEnd(ending.sender)], sides[ending.sender]];
  // A SYN-ACK echoes the first SYN also where the server repeats it by its own timer; of those, one or two come in time to be counted.
  if ((ending.bits & Segment.Syn) !== 0)
    return peer.synCount >= MORE_THAN_TIMERS && peer.synCount >= own.synCount - 1;
  // What carries bytes, its sender may have sent by a timer of its own.
  const [first] = repeats as [SegmentEvent, ...SegmentEvent[]];
  if (ending.length > 0 || (ending.bits & NOT_BY_ARRIVAL) !== 0) return false;
  if (ending.tsEcr < 0 || first.tsVal < 0) return own.needless >= HABIT && 2 * own.needless >= own.resent;
  // Whoever was not heard before may send a keepalive that nothing tells from an answer.
  if (silence.tsVal[ending.sender] < 0) return false;
  const tellsDuplicates = own.needless > 0 || (own.sackPermitted && peer.sackPermitted);
  return tellsDuplicates && ((first.tsVal - ending.tsEcr) | 0) > 0;
}

/** The silences that are no more than the round trip of a slow path. */
export function roundTrips(silences: readonly Silence[], connection: Connection): ReadonlySet<Silence> {
  const waits = silences.filter((s) => isOneRoundTrip(s, connection));
  if (waits.length < 2) return NONE;
  const longest = Math.max(...waits.map(lengthOf));
  return new Set(
    silences.filter((s) => {
      const length = lengthOf(s);
      const alike = waits.filter((w) => lengthOf(w) >= length / ALIKE).length;
      if (alike < 2) return false;
      return waits.includes(s) || (length <= SLACK * longest && (isUntold(s) || isWindowWait(s)));
    }),
  );
}

const NONE: ReadonlySet<Silence> = new Set();

const lengthOf = (s: Silence): Nanos => (s.end ?? Number.POSITIVE_INFINITY) - s.start;

const isRepeat = (e: SegmentEvent): boolean =>
  e.icmp < 0 && (e.bits & (Segment.Resent | Segment.Syn | Segment.Probe)) !== 0;

/** What the end that was answered had sent again meanwhile. */
const repeatsIn = ({ events }: Silence, ending: SegmentEvent): SegmentEvent[] =>
  events.filter((e) => e.sender !== ending.sender && isRepeat(e));

/** Ended by the first answer of the end that bytes had gone to. */
function isAnswer({ window, endedBy }: Silence, ending: SegmentEvent): boolean {
  if (endedBy !== 'progress' || isClosed(window[ending.sender])) return false;
  if ((ending.bits & Segment.AckUnseen) !== 0) return false;
  return (ending.bits & (Segment.AckAdvance | Segment.Syn)) !== 0;
}

/** A wait for an acknowledgement in which nothing was repeated, or nothing that had to be. */
function isOneRoundTrip(silence: Silence, connection: Connection): boolean {
  const { ending } = silence;
  if (ending === null || !isAnswer(silence, ending) || lengthOf(silence) > LONGEST) return false;
  if (!connection.sides[otherEnd(ending.sender)].seen) return false;
  return repeatsIn(silence, ending).length === 0 || isNeedless(silence, connection);
}

/** An answer of which nothing tells to which try: to a SYN, or without timestamps. */
function isUntold(silence: Silence): boolean {
  const { ending } = silence;
  if (ending === null || !isAnswer(silence, ending)) return false;
  return (ending.bits & Segment.Syn) !== 0 || ending.tsEcr < 0;
}

/** The sender had filled its window and went on when it was told to; nothing was lost meanwhile. */
function isWindowWait({ owed, ending, endedBy, events, resume, window }: Silence): boolean {
  if (endedBy !== 'progress' || ending === null || owed.what === 'unseen') return false;
  const sender: EndIndex = ending.sender;
  if (isClosed(window[otherEnd(sender)]) || resume === null || resume.hole) return false;
  return !events.some((e) => e.sender === sender && (e.bits & (Segment.Resent | Segment.Ahead)) !== 0);
}
