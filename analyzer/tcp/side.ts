/**
 * What one end of a connection has sent, as far as this capture saw it:
 * sequence state (RFC 9293, 3.3.1), window (RFC 7323), close, and the marks
 * that tell one sender from another (TTL, MAC, IP identification).
 * The trap: everything is the view of this vantage. "Not acknowledged" here
 * may only mean that the acknowledgement passed elsewhere.
 */
import { millis, NANOS_PER_SECOND, type Nanos, NOT_SMALL } from '../../packet/time.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';

/** Long enough to know a tick of 1 ms well and one of 10 ms roughly. */
const RATE_SPAN: Nanos = millis(50);
/** Payload of a full Ethernet frame without options: what offload was cut from, where no MSS is known. */
const ETHERNET_MSS = 1460;
/** Segments lost together show within a round trip or two of each other. */
const LOSS_EPISODE: Nanos = millis(50);

export class Side {
  /** True once a segment of this end was seen. */
  seen = false;
  firstSeq = NOT_SMALL;
  /** Highest sequence number seen + 1: SND.NXT of this end. */
  next = NOT_SMALL;
  /** In-order point: every byte from the first seen up to here was captured, or acknowledged by the peer. */
  inOrder = NOT_SMALL;
  /** How far the in-order point has moved: a number of bytes, which sequence numbers that wrap are not. */
  private advanced = NOT_SMALL;
  /** Where captured bytes begin again behind the hole at the in-order point; valid while `hasHole`. */
  aheadFrom = NOT_SMALL;
  hasHole = false;
  /** Highest acknowledgement the peer sent: SND.UNA of this end. Valid where `acked`. */
  una = NOT_SMALL;
  acked = false;

  /** Window as last advertised by this end, unscaled; -1 before any. */
  window = -1;
  /** The largest of them, its SYN's left out; -1 before any. */
  largestWindow = -1;
  /** Shift of its window (RFC 7323): as offered in its SYN, 0 where the handshake left it out, -1 unknown. */
  windowScale = -1;
  /** Its SYN was captured whole, without the option. */
  offersNoScale = false;
  mss = -1;
  /** By its SYN (RFC 2018, 2). */
  sackPermitted = false;
  largestPayload = 0;

  syn: FrameId = NO_FRAME;
  synTime: Nanos = NOT_SMALL;
  synCount = 0;
  /** Sequence number of its FIN, where `fin` is set. */
  finSeq = NOT_SMALL;
  fin: FrameId = NO_FRAME;
  finTime: Nanos = NOT_SMALL;
  /** The first FIN arrived with a hole before it. */
  finAhead = false;

  segments = 0;
  dataSegments = 0;
  /** Segments with numbers that no window reaches, one after the other. */
  foreign = 0;
  /** Data segments of which every byte had been seen before. */
  resent = 0;
  /** Segments of it that its peer reported to have had before (D-SACK). */
  needless = 0;
  /** Times that loss showed: a hole opened before a segment of this end, or it sent one again. Repeats within 50 ms count once. */
  lossEpisodes = 0;
  private lastLoss: Nanos = Number.NEGATIVE_INFINITY;

  lastTime: Nanos = NOT_SMALL;
  lastFrame: FrameId = NO_FRAME;
  /** Newest segment that brought bytes never seen before. */
  lastDataFrame: FrameId = NO_FRAME;
  lastDataLength = 0;
  lastDataPushed = false;

  /** TTL of its newest segment that is no RST; -1 before any. */
  ttl = -1;
  /** Newest timestamp value (RFC 7323); -1 where it sends none. */
  tsVal = -1;
  firstTsVal = NOT_SMALL;
  private firstTsTime: Nanos = NOT_SMALL;
  /** What its first segment echoed; -1 where it echoed nothing. */
  firstTsEcr = -1;
  firstTime: Nanos = NOT_SMALL;
  mac = -1;
  /** First bytes of its stream, as far as they were captured; null where the stream's beginning was not. */
  head: Uint8Array | null = null;
  headTime: Nanos = NOT_SMALL;
  headFrame: FrameId = NO_FRAME;
  /** Who issued the certificate that it showed at once (TLS before 1.3); null where it showed none. */
  issuer: string | null = null;
  /** IP identification of its newest segment; -1 where IPv6 or none. */
  ipId = -1;
  /** Expected growth of the IP identification by that segment: the packets it stands for (offload). */
  ipIdStep = 1;
  /** How many steps of the IP identification were as expected, and how many were not. */
  ipIdRegular = 0;
  ipIdIrregular = 0;

  noteTimestamp(tsVal: number, time: Nanos): void {
    if (this.tsVal < 0) {
      this.firstTsVal = tsVal;
      this.firstTsTime = time;
    }
    this.tsVal = tsVal;
  }

  /** Ticks a second of its timestamp clock so far; 0 where too little was seen to tell. */
  get tickRate(): number {
    const span = this.lastTime - this.firstTsTime;
    return this.tsVal < 0 || span < RATE_SPAN
      ? 0
      : ((this.tsVal - this.firstTsVal) | 0) / (span / NANOS_PER_SECOND);
  }

  noteLoss(time: Nanos): void {
    if (time - this.lastLoss <= LOSS_EPISODE) return;
    this.lossEpisodes += 1;
    this.lastLoss = time;
  }

  /** Moves the in-order point on to `seq`, if that is later. */
  advance(seq: number): void {
    const by = (seq - this.inOrder) | 0;
    if (by <= 0) return;
    this.inOrder = seq;
    this.advanced += by;
    if (this.hasHole && ((seq - this.aheadFrom) | 0) >= 0) this.hasHole = false;
  }

  /** The stream begins anew at `seq` (a SYN, or the first segment seen). */
  begin(seq: number): void {
    this.inOrder = seq;
    this.advanced = 0;
  }

  /** Packets that a segment of `length` bytes was on the wire, where offload merged them; `peerMss` limits what this end sends. */
  packetsOf(length: number, peerMss: number): number {
    const size = peerMss > 0 ? Math.min(peerMss, ETHERNET_MSS) : ETHERNET_MSS;
    return length > size ? Math.ceil(length / size) : 1;
  }

  /** Bytes of the stream that were captured in order or acknowledged; SYN and FIN do not count. */
  get bytes(): number {
    const fin = this.fin !== NO_FRAME && ((this.inOrder - this.finSeq) | 0) > 0 ? 1 : 0;
    return Math.max(0, this.advanced - fin);
  }

  /** Bytes sent and not acknowledged; 0 where no acknowledgement was ever seen. */
  get outstanding(): number {
    if (!this.acked || !this.seen) return 0;
    const top = this.fin !== NO_FRAME && ((this.next - this.finSeq) | 0) > 0 ? this.finSeq : this.next;
    return Math.max(0, (top - this.una) | 0);
  }

  /** The receive window of this end in bytes; null where its scale is not known. */
  get windowBytes(): number | null {
    if (this.window < 0) return null;
    if (this.window === 0) return 0;
    return this.windowScale < 0 ? null : this.window * 2 ** this.windowScale;
  }

  /** True where the IP identification counts this flow's packets one by one, so that a jump means packets that were not seen here. */
  get ipIdCounts(): boolean {
    return this.ipIdRegular >= 3 && this.ipIdRegular >= 9 * this.ipIdIrregular;
  }
}
