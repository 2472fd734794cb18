/**
 * What Wireshark 4.0.17 says of one segment, given what it remembers of both
 * directions. The rules A1..C5 keep the numbers of docs/tshark-flags.md and
 * stand in the order in which they are tried.
 * The trap: these are Wireshark's rules, kept bug for bug. They are not what
 * TCP means by the same words; no verdict may rest on them.
 */
import { seqDistance, seqLess } from '../../../packet/seq.ts';
import { millis, type Nanos } from '../../../packet/time.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { type Direction, SCALE_UNKNOWN } from './conversation.ts';
import { TsharkFlag } from './flags.ts';

/** One segment as the rules see it. `seq` and `ack` are signed (`| 0`). */
export interface Segment {
  readonly time: Nanos;
  readonly seq: number;
  readonly ack: number;
  /** TCP flag bits. */
  readonly flags: number;
  readonly window: number;
  /** Payload bytes by the IP length. */
  readonly length: number;
}

/** An ACK this long after the one that it repeats is no longer the reason of a retransmission. */
const FAST_RETRANSMISSION_LIMIT = millis(20);
/** How late a segment may be and still count as reordered, where the round trip is not known. */
const REORDER_LIMIT = millis(3);
const SYN_FIN = TcpFlag.Syn | TcpFlag.Fin;
const SYN_FIN_RST = SYN_FIN | TcpFlag.Rst;

/**
 * The flags of a segment that `from` sends to `to` (rules A to C). Counts
 * duplicate ACKs in `from` and `to` on the way.
 * @param initialRtt of the conversation, ns; 0 while unknown.
 */
export function markSegment(segment: Segment, from: Direction, to: Direction, initialRtt: Nanos): number {
  let marks = markWindowAndAck(segment, from, to);
  marks |= countAcks(segment, from, to);
  if (segment.length > 0 || segment.flags & SYN_FIN) {
    if (!(marks & TsharkFlag.KeepAlive)) marks |= markRepeat(segment, from, to, initialRtt);
  }
  return marks;
}

/** Rules A1 to A9. */
function markWindowAndAck(segment: Segment, from: Direction, to: Direction): number {
  const { seq, window, length, flags } = segment;
  const atNext = seq === from.nextSeq;
  if (length === 1 && atNext && to.window === 0) return TsharkFlag.ZeroWindowProbe;

  let marks = 0;
  if (from.nextSeq !== 0 && seqLess(from.nextSeq, seq) && !(flags & TcpFlag.Rst))
    marks |= TsharkFlag.LostSegment;
  if (flags & SYN_FIN_RST) return marks;

  if (window === 0) marks |= TsharkFlag.ZeroWindow;
  if (length <= 1 && seq === ((from.nextSeq - 1) | 0)) marks |= TsharkFlag.KeepAlive;
  if (length > 0) return marks | (fillsWindow(segment, to) ? TsharkFlag.WindowFull : 0);
  return atNext && segment.ack === from.lastAck ? marks | markPureAck(window, from, to) : marks;
}

/** Rule A6: the payload ends exactly at the right edge of the window that the peer offered. */
function fillsWindow(segment: Segment, to: Direction): boolean {
  if (to.windowScale === SCALE_UNKNOWN) return false;
  const shift = to.isFirstAck ? 0 : Math.max(to.windowScale, 0);
  return seqDistance(segment.seq + segment.length, to.lastAck + to.window * 2 ** shift) === 0;
}

/** Rules A5, A7, A8, A9: an empty segment that repeats both the sequence number and the ACK of the one before. */
function markPureAck(window: number, from: Direction, to: Direction): number {
  if (window !== from.window) return window === 0 ? 0 : TsharkFlag.WindowUpdate;
  if (window === 0) return to.lastFlags & TsharkFlag.ZeroWindowProbe ? TsharkFlag.ZeroWindowProbeAck : 0;
  if (to.lastFlags & TsharkFlag.KeepAlive) return TsharkFlag.KeepAliveAck;
  // -1 stands for "the ACK before was for unseen data": the count starts anew.
  from.duplicateAcks = from.duplicateAcks < 0 ? 1 : from.duplicateAcks + 1;
  return TsharkFlag.DuplicateAck;
}

/** Rules B1, B2: a new ACK ends the count of duplicates; one beyond all that was seen is marked, once. */
function countAcks(segment: Segment, from: Direction, to: Direction): number {
  if (segment.ack !== from.lastAck) from.duplicateAcks = 0;
  if (to.maxSeqToBeAcked === 0 || !(segment.flags & TcpFlag.Ack)) return 0;
  if (!seqLess(to.maxSeqToBeAcked, segment.ack)) return 0;
  if (seqLess(to.maxSeqToBeAcked, to.nextSeq)) {
    to.maxSeqToBeAcked = to.nextSeq;
    return TsharkFlag.AckLostSegment;
  }
  const first = to.duplicateAcks === 0;
  to.duplicateAcks = -1;
  return first ? TsharkFlag.AckLostSegment : 0;
}

/** Rules C1 to C5: which kind of repetition a segment is that takes up sequence space. */
function markRepeat(segment: Segment, from: Direction, to: Direction, initialRtt: Nanos): number {
  const { seq, length, time } = segment;
  if (length > 0 && to.lastAck !== 0 && seqDistance(seq + length, to.lastAck) <= 0) {
    return TsharkFlag.SpuriousRetransmission | TsharkFlag.Retransmission;
  }
  if (!isNotAdvancing(segment, from)) return 0;
  // Unsigned: the -1 of an ACK of unseen data is a large number here.
  const answersDuplicates = to.duplicateAcks >>> 0 >= 2 && to.lastAck === seq;
  if (answersDuplicates && isWithin(to.lastAckTime, time, FAST_RETRANSMISSION_LIMIT)) {
    return TsharkFlag.FastRetransmission | TsharkFlag.Retransmission;
  }
  const end = (seq + length + (segment.flags & SYN_FIN ? 1 : 0)) | 0;
  const reorderLimit = initialRtt || REORDER_LIMIT;
  if (end !== from.nextSeq && isWithin(from.nextSeqTime, time, reorderLimit)) return TsharkFlag.OutOfOrder;
  return TsharkFlag.Retransmission;
}

/** Rule C1. More than one byte from just before the end is a segment that a keep-alive overlapped. */
function isNotAdvancing({ seq, length }: Segment, from: Direction): boolean {
  if (from.nextSeq === 0 || !seqLess(seq, from.nextSeq)) return false;
  return !(length > 1 && seq === ((from.nextSeq - 1) | 0));
}

/** Wireshark compares times as unsigned numbers, so one that runs backwards is later than any that does not. */
function isWithin(since: Nanos, now: Nanos, limit: Nanos): boolean {
  const passed = now - since;
  return passed < 0 === limit < 0 ? passed < limit : limit < 0;
}
