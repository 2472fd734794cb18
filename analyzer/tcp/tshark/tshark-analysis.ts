/**
 * Fed with the TCP segments of one capture in file order, says for each what
 * `tcp.stream` and which `tcp.analysis.*` flags Wireshark 4.0.17 gives it
 * (docs/tshark-flags.md). A layer of its own: it shares no state with the rest.
 * The trap: a segment that cannot be judged (quoted in an ICMP error, a lone
 * fragment, shorter than its header) still makes a conversation and, if it is
 * a SYN, starts a new one: `glimpse` it, or every later stream number is off.
 */
import { seqLess } from '../../../packet/seq.ts';
import { type Frame, TcpFlag } from '../../../packet/wire/frame.ts';
import { type Conversation, type Direction, SCALE_UNKNOWN, SCALE_UNUSED } from './conversation.ts';
import { ConversationTable, isFromLow } from './conversation-table.ts';
import { TsharkFlag } from './flags.ts';
import { markSegment, type Segment } from './mark-segment.ts';

/** The fields of a `Frame` that the analysis reads. */
export type TsharkSegment = Pick<
  Frame,
  | 'time'
  | 'ipVersion'
  | 'address'
  | 'sourcePort'
  | 'destinationPort'
  | 'seq'
  | 'ack'
  | 'flags'
  | 'window'
  | 'windowScale'
  | 'payloadLength'
  | 'tcpHeaderCut'
>;

const SYN_ACK = TcpFlag.Syn | TcpFlag.Ack;
/** RFC 7323, section 2.3: a larger shift counts as this one. */
const MAX_SCALE = 14;

export class TsharkAnalysis {
  /** `tcp.stream` of the newest segment. */
  stream = -1;
  /** `TsharkFlag` bits of the newest segment. */
  flags = 0;
  readonly #table = new ConversationTable();
  /** The conversation of the newest segment and its two ends. */
  #conversation!: Conversation;
  #from!: Direction;
  #to!: Direction;
  /** Reused for every segment. */
  readonly #segment = { time: 0, seq: 0, ack: 0, flags: 0, window: 0, length: 0 };

  /** Judges a segment: sets `stream` and `flags`. */
  accept(segment: TsharkSegment): void {
    this.#enter(segment);
    const read = this.#segment;
    read.time = segment.time;
    read.seq = segment.seq | 0;
    read.ack = segment.ack | 0;
    read.flags = segment.flags;
    read.window = segment.window;
    read.length = segment.payloadLength;
    learnBase(read, this.#from, this.#to);
    const marks = markSegment(read, this.#from, this.#to, this.#conversation.initialRtt);
    remember(read, marks, this.#from, this.#to);
    this.flags |= marks;
    this.#learn(segment);
  }

  /**
   * Takes note of a segment that Wireshark shows but does not judge: sets `stream`, and `flags` for
   * reused ports. The sequence numbers stay as they are.
   */
  glimpse(segment: TsharkSegment): void {
    this.#enter(segment);
    this.#learn(segment);
  }

  /** Finds the conversation, or begins a new one with a SYN that has another number than the one before. */
  #enter(segment: TsharkSegment): void {
    this.flags = 0;
    this.#turnTo(segment, this.#table.find(segment));
    const handshake = segment.flags & SYN_ACK;
    if (!(handshake & TcpFlag.Syn)) return;
    const from = this.#from;
    const seq = segment.seq | 0;
    if (!from.hasBase || from.base === seq) {
      if (handshake === TcpFlag.Syn) from.nextSeq = from.maxSeqToBeAcked;
      return;
    }
    this.flags = TsharkFlag.ReusedPorts;
    if (handshake === TcpFlag.Syn) this.#turnTo(segment, this.#table.replace(segment));
    else from.base = seq;
  }

  #turnTo(segment: TsharkSegment, conversation: Conversation): void {
    const fromLow = isFromLow(segment);
    this.#conversation = conversation;
    this.#from = fromLow ? conversation.low : conversation.high;
    this.#to = fromLow ? conversation.high : conversation.low;
    this.stream = conversation.stream;
  }

  #learn(segment: TsharkSegment): void {
    learnRoundTrip(segment, this.#conversation);
    learnScale(segment, this.#from, this.#to);
  }
}

/** The first segment of a side, or else the first ACK of the other, tells where its numbers begin. */
function learnBase(segment: Segment, from: Direction, to: Direction): void {
  if (!from.hasBase) {
    from.base = segment.flags & TcpFlag.Syn ? segment.seq : (segment.seq - 1) | 0;
    from.hasBase = true;
  }
  if (!to.hasBase && segment.flags & TcpFlag.Ack) {
    to.base = (segment.ack - 1) | 0;
    to.hasBase = true;
  }
}

/** Rules D and E: every segment, whatever it is, leaves its window and ACK behind. */
function remember(segment: Segment, marks: number, from: Direction, to: Direction): void {
  let end = (segment.seq + segment.length) | 0;
  const control = segment.flags & (TcpFlag.Syn | TcpFlag.Fin);
  if ((segment.length > 0 || control) && !from.unacked.isFull) {
    if (control) end = (end + 1) | 0;
    from.unacked.add(end);
  }
  if (!(marks & TsharkFlag.ZeroWindowProbe)) {
    if (from.nextSeq === 0 || seqLess(from.nextSeq, end)) {
      from.nextSeq = end;
      from.nextSeqTime = segment.time;
    }
    if (from.maxSeqToBeAcked === 0 || from.maxSeqToBeAcked === segment.seq)
      from.maxSeqToBeAcked = from.nextSeq;
  }
  from.window = segment.window;
  from.lastAck = segment.ack;
  from.lastAckTime = segment.time;
  from.lastFlags = marks;
  to.unacked.acknowledge(segment.ack);
}

function learnRoundTrip(segment: TsharkSegment, conversation: Conversation): void {
  const handshake = segment.flags & SYN_ACK;
  if (handshake === TcpFlag.Syn) conversation.synTime = segment.time;
  else if (
    handshake === TcpFlag.Ack &&
    conversation.initialRtt === 0 &&
    !Number.isNaN(conversation.synTime)
  ) {
    conversation.initialRtt = segment.time - conversation.synTime;
  }
}

/** A scale counts only where both SYNs offer one (RFC 7323, section 1.3). */
function learnScale(segment: TsharkSegment, from: Direction, to: Direction): void {
  const { flags } = segment;
  if (!(flags & TcpFlag.Syn)) {
    if (flags & TcpFlag.Ack) from.isFirstAck = false;
    return;
  }
  from.isFirstAck = true;
  // Whether a cut header offered a scale cannot be known.
  if (segment.tcpHeaderCut) return;
  if (segment.windowScale >= 0) from.windowScale = Math.min(segment.windowScale, MAX_SCALE);
  // One SYN without the option settles it for both, also when the other SYN is not in the capture.
  if (from.windowScale === SCALE_UNKNOWN) from.windowScale = to.windowScale = SCALE_UNUSED;
  else if (flags & TcpFlag.Ack && to.windowScale === SCALE_UNUSED) from.windowScale = SCALE_UNUSED;
}
