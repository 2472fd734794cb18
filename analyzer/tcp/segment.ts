/**
 * What a segment is, judged against what both ends had sent before it.
 * These are facts about sequence numbers (RFC 9293, 3.4 and 3.10), not
 * Wireshark's flags: those are a layer of their own (`tshark/`).
 * The trap: a segment that was lost upstream and arrives here for the first
 * time is new data at this vantage, though its sender calls it a retransmission.
 */
import { seqDistance } from '../../packet/seq.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { reportsDuplicate } from '../../packet/wire/tcp.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Side } from './side.ts';

/** Bits; a segment can be several of these at once. */
export const Segment = {
  /** Brings bytes at the in-order point. */
  NewData: 1,
  /** Brings bytes beyond a hole. */
  Ahead: 2,
  /** Carries bytes, all of them seen before. */
  Resent: 4,
  /** Acknowledges data bytes for the first time. */
  AckAdvance: 8,
  Syn: 16,
  Fin: 32,
  Rst: 64,
  /** Keepalive or window probe: 0 or 1 byte just below what its sender has sent. */
  Probe: 128,
  /** Advertises a window of 0. */
  ZeroWindow: 256,
  /** The window grew and nothing else moved. */
  WindowUpdate: 512,
  /** Acknowledges bytes that this capture never saw. */
  AckUnseen: 1024,
  /** No payload, nothing new. */
  PureAck: 2048,
  /** The same packet captured a second time (another interface, a mirror). */
  Copy: 4096,
  /** Acknowledges the peer's FIN. */
  FinAcked: 8192,
  /** Numbers that no window reaches from what came before: shifted on the way, or another connection's. Takes no part in the state. */
  Foreign: 16384,
  /** A bare acknowledgment with a sequence number of that kind: shifted on the way, or made by somebody who does not know the connection. Only its acknowledgment takes part in the state. */
  Stray: 32768,
  /** Reports that its sender had a segment already (D-SACK; RFC 2883, 4). */
  Duplicate: 65536,
} as const;

/** Neither side may be ahead by more than this and still be believed: 2^30, the largest window of RFC 7323. */
const MAX_JUMP = 1 << 30;

/** An acknowledgement this far beyond all that was captured is not believed: a capture that misses 256 MB in one go is rarer than a shifted number. */
const MAX_UNSEEN = 1 << 28;
/** More than any retransmissions in vain. */
const MANY_FOREIGN = 64;

/** Classifies a segment of `own`, before the state of either side takes it in. */
export function classifySegment(frame: Frame, own: Side, peer: Side): number {
  const flags = frame.flags;
  let bits = 0;
  if ((flags & TcpFlag.Rst) !== 0) return Segment.Rst;
  if ((flags & TcpFlag.Syn) !== 0) bits |= Segment.Syn;
  if ((flags & TcpFlag.Fin) !== 0) bits |= Segment.Fin;
  const length = frame.payloadLength;
  if (length > 0 && bits === 0 && isProbe(frame, own, peer)) bits |= Segment.Probe;
  else if (length > 0)
    bits |= isOfOlder(frame, own, peer) ? Segment.Foreign : dataBits(frame.seq, length, own);
  else if (bits === 0) bits |= isProbe(frame, own, peer) ? Segment.Probe : Segment.PureAck;
  if ((bits & Segment.PureAck) !== 0 && isOutOfReach(frame.seq, own, peer)) {
    bits |= Segment.Stray;
    // Of a shifted segment the acknowledgment may still be its maker's own.
    if (isOutOfReach(frame.ack, peer, own)) bits |= Segment.Foreign;
  }
  // What takes no part in the state moves nothing either.
  if ((flags & TcpFlag.Ack) !== 0 && (bits & Segment.Foreign) === 0) bits |= ackBits(frame, own, peer);
  return bits;
}

/** Data before the SYN of `peer` is answered, whose acknowledgment lies before that SYN: of an older connection of the tuple. */
const isOfOlder = (frame: Frame, own: Side, peer: Side): boolean =>
  own.syn === NO_FRAME &&
  peer.syn !== NO_FRAME &&
  peer.dataSegments === 0 &&
  (frame.flags & TcpFlag.Ack) !== 0 &&
  !isWithin(frame.ack, peer);

/** From the byte after the SYN on, to what a capture may have missed. */
function isWithin(ack: number, peer: Side): boolean {
  const beyond = seqDistance(ack, peer.firstSeq);
  return beyond > 0 && beyond <= MAX_UNSEEN;
}

function dataBits(seq: number, length: number, own: Side): number {
  if (!own.seen) return Segment.NewData;
  const end = seq + length;
  const past = seqDistance(end >>> 0, own.inOrder);
  if (past <= -MAX_JUMP || past > MAX_JUMP) {
    // If it goes on like that, the capture missed a gigabyte.
    return own.foreign >= MANY_FOREIGN ? Segment.NewData : Segment.Foreign;
  }
  if (past <= 0) return Segment.Resent;
  const hole = seqDistance(seq, own.inOrder);
  if (hole <= 0) return Segment.NewData;
  return seqDistance(end >>> 0, own.next) > 0 ? Segment.Ahead : Segment.Ahead | Segment.Resent;
}

/** RFC 9293, 3.8.4 (keepalive) and RFC 9293, 3.8.6.1 (window probe): SEG.SEQ = SND.UNA - 1 or SND.NXT - 1. */
function isProbe(frame: Frame, own: Side, peer: Side): boolean {
  if (!own.seen || frame.payloadLength > 1) return false;
  // One byte that was not acknowledged is a keystroke sent again, unless the window is closed.
  const unacked = frame.payloadLength === 1 && own.acked && seqDistance(frame.seq, own.una) >= 0;
  if (unacked && peer.window !== 0) return false;
  const below = (frame.seq + 1) >>> 0;
  return below === own.next || (own.acked && below === own.una);
}

/** Room for what a capture missed, and for segments that came late. */
const MISSED = 1 << 20;
/** What each shift that fits in an option (RFC 7323, 2.2) multiplies by: to raise 2 to it costs more than all else here. */
const SCALES = Float64Array.from({ length: 256 }, (_, shift) => 2 ** shift);
/** Of a window whose scale is not known. */
const ANY_WINDOW = 1 << 26;

/**
 * A bare acknowledgment stands at SND.NXT, which is within a window of what was acknowledged (RFC 9293, 3.10.7.4), and
 * so is what it acknowledges. A number that is not was shifted on the way, or made by somebody who does not know the
 * connection, such as a node that wants an end to answer.
 */
function isOutOfReach(seq: number, own: Side, peer: Side): boolean {
  if (!own.seen || !own.acked || peer.largestWindow < 0) return false;
  const window =
    peer.windowScale < 0 ? ANY_WINDOW : peer.largestWindow * (SCALES[peer.windowScale] as number);
  const reach = Math.min(window + MISSED, MAX_JUMP);
  const [fromAcked, fromNext] = [seqDistance(seq, own.una), seqDistance(seq, own.next)];
  // An acknowledgment of an older connection's numbers moved `una` away from what the end has sent: either is believed.
  if (Math.abs(fromAcked) <= reach || Math.abs(fromNext) <= reach) return false;
  return fromAcked < 0 || fromNext > 0;
}

function ackBits(frame: Frame, own: Side, peer: Side): number {
  let bits = reportsDuplicate(frame) ? Segment.Duplicate : 0;
  if (frame.window === 0 && (frame.flags & TcpFlag.Syn) === 0) bits |= Segment.ZeroWindow;
  else if (
    own.window >= 0 &&
    frame.window > own.window &&
    frame.payloadLength === 0 &&
    peer.acked &&
    frame.ack === peer.una
  ) {
    bits |= Segment.WindowUpdate;
  }
  if (peer.seen) {
    // Beyond all that was captured, or into a hole of it: the receiver has bytes that the file has not.
    const known = peer.hasHole ? peer.inOrder : peer.next;
    const beyond = seqDistance(frame.ack, known);
    if (beyond > MAX_UNSEEN) return bits | Segment.Foreign;
    if (beyond > 0) bits |= Segment.AckUnseen;
  } else if (!peer.acked) return bits;
  const from = peer.acked ? peer.una : peer.firstSeq;
  const ahead = seqDistance(frame.ack, from);
  if (ahead > 0 && ahead < MAX_JUMP) {
    const beyondFin = peer.fin !== 0 && seqDistance(from, peer.finSeq) >= 0;
    bits |= beyondFin ? Segment.FinAcked : Segment.AckAdvance;
  }
  return bits;
}
