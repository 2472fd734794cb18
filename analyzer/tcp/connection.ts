/**
 * Both ends of a TCP connection and how a segment changes them. `observe`
 * classifies a segment, `absorb` takes it into the state; between the two the
 * caller can still see how things stood before it.
 * The trap: after a hole is filled the bytes beyond it are already here; the
 * peer's cumulative acknowledgement tells how far in-order really reaches.
 */
import { seqDistance, seqMax } from '../../packet/seq.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { parseCertificateIssuer } from '../../packet/wire/tls.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { CopyFilter, type CopyRows } from './copy-filter.ts';
import type { HeadBytes } from './head-bytes.ts';
import { classifySegment, Segment } from './segment.ts';
import { Side } from './side.ts';

/** What the connections of one vantage have in common. */
export interface ConnectionRows {
  readonly copies: CopyRows;
  readonly heads: HeadBytes;
}

export class Connection {
  readonly flow: Flow;
  readonly sides: readonly [Side, Side] = [new Side(), new Side()];
  private readonly copies: CopyFilter;
  private readonly heads: HeadBytes;
  /** The capture missed frames of this flow: an end acknowledged what was never captured. */
  unseen = 0;
  /** Frames that were a second capture of the same packet. */
  copied = 0;

  /** `rows`: where all connections of the vantage keep what they remember of their packets. */
  constructor(flow: Flow, { copies, heads }: ConnectionRows) {
    this.flow = flow;
    this.copies = new CopyFilter(copies);
    this.heads = heads;
  }

  /** What the segment is, before it changes anything. */
  observe(frame: Frame, sender: EndIndex): number {
    const own = this.sides[sender];
    const bits = classifySegment(frame, own, this.sides[sender === 0 ? 1 : 0]);
    // A copy never brings anything new, so only segments that do not are looked up.
    const suspicious = (bits & (Segment.NewData | Segment.AckAdvance)) === 0 && own.seen;
    if (suspicious && this.copies.isCopy(frame, sender)) return bits | Segment.Copy;
    this.copies.remember(frame, sender);
    return bits;
  }

  /** Takes the segment in. Not to be called for a `Copy`. */
  absorb(frame: Frame, sender: EndIndex, bits: number, id: FrameId): void {
    const own = this.sides[sender];
    const peer = this.sides[sender === 0 ? 1 : 0];
    own.segments += 1;
    own.lastTime = frame.time;
    own.lastFrame = id;
    // Of a node that refuses, its RSTs are all that shows its MAC.
    if (own.mac < 0) own.mac = frame.macSource;
    if ((bits & Segment.Rst) !== 0) return;
    const acknowledges = (frame.flags & TcpFlag.Ack) !== 0 && (bits & Segment.Foreign) === 0;
    // Its TTL, clock and counter may be those of somebody else.
    if ((bits & Segment.Stray) !== 0) {
      if (acknowledges) this.takeAck(peer, frame, bits);
      return;
    }
    own.ttl = frame.ttl;
    if (frame.hasTimestamps) own.noteTimestamp(frame.tsVal, frame.time);
    if (frame.macSource >= 0) own.mac = frame.macSource;
    this.countIpId(own, peer, frame);
    this.takeSequence(own, frame, bits, id);
    if (acknowledges) this.takeAck(peer, frame, bits);
    own.window = frame.window;
    // That of a SYN is never scaled (RFC 7323, 2.2).
    if ((bits & Segment.Syn) === 0) own.largestWindow = Math.max(own.largestWindow, frame.window);
  }

  private takeSequence(own: Side, frame: Frame, bits: number, id: FrameId): void {
    const syn = (bits & Segment.Syn) !== 0 ? 1 : 0;
    const fin = (bits & Segment.Fin) !== 0 ? 1 : 0;
    const length = frame.payloadLength;
    const end = (frame.seq + syn + length + fin) >>> 0;
    if (!own.seen) {
      own.seen = true;
      own.firstSeq = frame.seq;
      own.firstTime = frame.time;
      if (frame.hasTimestamps && frame.tsEcr !== 0) own.firstTsEcr = frame.tsEcr;
      // Without a SYN the stream begins with this segment; a probe stands one byte before it.
      own.begin((bits & Segment.Probe) !== 0 ? (frame.seq + 1) >>> 0 : (frame.seq + syn) >>> 0);
      own.next = own.inOrder;
    }
    if (syn === 1) this.takeSyn(own, frame, id, end);
    own.foreign = (bits & Segment.Foreign) === 0 ? 0 : own.foreign + 1;
    if ((bits & (Segment.Probe | Segment.Foreign)) !== 0) return;
    if (fin === 1) this.takeFin(own, frame, id, (frame.seq + syn + length) >>> 0);
    if (seqDistance(end, own.next) > 0) own.next = end;
    if (length === 0 && fin === 0) return;
    if (length > 0) this.takeData(own, frame, bits, id);
    if (seqDistance(frame.seq, own.inOrder) <= 0) own.advance(end);
  }

  private takeData(own: Side, frame: Frame, bits: number, id: FrameId): void {
    if (own.dataSegments === 0 && own.syn !== NO_FRAME && frame.seq === own.inOrder) {
      own.head = this.heads.keep(frame);
      own.headTime = frame.time;
      own.headFrame = id;
      if (own.head[0] === TLS_HANDSHAKE) own.issuer = parseCertificateIssuer(capturedOf(frame));
    }
    own.dataSegments += 1;
    if (frame.payloadLength > own.largestPayload) own.largestPayload = frame.payloadLength;
    if ((bits & (Segment.Resent | Segment.Ahead)) !== 0) own.noteLoss(frame.time);
    if ((bits & Segment.Ahead) !== 0 && (!own.hasHole || seqDistance(frame.seq, own.aheadFrom) < 0)) {
      own.hasHole = true;
      own.aheadFrom = frame.seq;
    }
    if ((bits & Segment.Resent) !== 0) {
      own.resent += 1;
      return;
    }
    own.lastDataFrame = id;
    own.lastDataLength = frame.payloadLength;
    own.lastDataPushed = (frame.flags & TcpFlag.Psh) !== 0;
  }

  private takeSyn(own: Side, frame: Frame, id: FrameId, end: number): void {
    own.synCount += 1;
    if (own.syn !== NO_FRAME && frame.seq === own.firstSeq) return;
    own.syn = id;
    own.synTime = frame.time;
    own.firstSeq = frame.seq;
    own.next = end;
    own.begin(end);
    own.windowScale = frame.windowScale;
    // Options that the snap length cut off are not known to be absent.
    own.offersNoScale = frame.windowScale < 0 && !frame.tcpHeaderCut;
    own.mss = frame.mss;
    own.sackPermitted = frame.sackPermitted;
    const sender: EndIndex = own === this.sides[0] ? 0 : 1;
    const isAnswer = (frame.flags & TcpFlag.Ack) !== 0;
    if (isAnswer) settleScale(own, this.sides[sender === 0 ? 1 : 0]);
    this.flow.setClient(isAnswer ? (sender === 0 ? 1 : 0) : sender, isAnswer ? 'syn-ack' : 'syn');
  }

  private takeFin(own: Side, frame: Frame, id: FrameId, finSeq: number): void {
    if (own.fin !== NO_FRAME) return;
    own.fin = id;
    own.finTime = frame.time;
    own.finSeq = finSeq;
    own.finAhead = seqDistance(frame.seq, own.inOrder) > 0;
  }

  private takeAck(peer: Side, frame: Frame, bits: number): void {
    if ((bits & Segment.Duplicate) !== 0) peer.needless += 1;
    if ((bits & Segment.AckUnseen) !== 0) {
      this.unseen += 1;
      peer.next = seqMax(peer.next, frame.ack);
    }
    if (!peer.acked) {
      peer.acked = true;
      peer.una = frame.ack;
    } else if (seqDistance(frame.ack, peer.una) > 0) {
      peer.una = frame.ack;
    }
    // A direction that was not captured still advances, by what its peer acknowledges.
    if (!peer.seen && peer.inOrder === 0) peer.begin(peer.una);
    peer.advance(peer.una);
  }

  /** Linux counts the packets of a connection in the IP identification; offload makes one frame stand for several. */
  private countIpId(own: Side, peer: Side, frame: Frame): void {
    if (frame.ipId < 0 || frame.isFragment) {
      own.ipId = -1;
      return;
    }
    // SYN-ACKs of Linux carry 0, which belongs to no series.
    if ((frame.flags & TcpFlag.Syn) !== 0) return;
    if (own.ipId >= 0) {
      const step = (frame.ipId - own.ipId) & 0xffff;
      if (step === own.ipIdStep) own.ipIdRegular += 1;
      else own.ipIdIrregular += 1;
    }
    own.ipId = frame.ipId;
    own.ipIdStep = own.packetsOf(frame.payloadLength, peer.mss);
  }
}

/** Content type of a TLS record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 22;

function capturedOf({ view, payloadOffset, capturedPayload, payloadLength }: Frame): Uint8Array {
  const length = Math.min(capturedPayload, payloadLength);
  return new Uint8Array(view.buffer, view.byteOffset + payloadOffset, length);
}

/** Window scaling holds only where both SYNs carried the option (RFC 7323, 2.2); known once the SYN is answered. */
function settleScale(a: Side, b: Side): void {
  if (!a.offersNoScale && !b.offersNoScale) return;
  a.windowScale = 0;
  b.windowScale = 0;
}
