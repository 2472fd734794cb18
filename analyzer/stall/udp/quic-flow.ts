/**
 * One QUIC conversation between two ends, as one capture shows it: who is the
 * client, which connection IDs lead to the server, and its silences. A
 * connection that goes on from another port (NAT rebinding, RFC 9000, section
 * 9) is another conversation that knows its kin by the ID.
 * The trap: IDs change in mid-connection (NEW_CONNECTION_ID is encrypted), and
 * an end may have chosen one of no length, which tells nothing.
 */
import { millis, type Nanos } from '../../../packet/time.ts';
import type { Frame } from '../../../packet/wire/frame.ts';
import { LONGEST_CID, SHORT_CID } from '../../../packet/wire/quic.ts';
import { type EndIndex, otherEnd } from '../../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../../flow/frame-id.ts';
import { type QuicRun, type QuicSilence, QuicRun as Run } from './quic-silence.ts';
import type { PeerLog } from './udp-peers.ts';

/** A shorter ID is met by chance in somebody else's datagram. */
export const SHORTEST_CID = 4;
/** Short headers that agree in the first bytes: from so many on, what they share is the ID. */
const SAME_IN = 3;
/** Where the bytes never agree, the ID has no length. */
const MOST_RESTARTS = 16;
const MOST_CIDS = 4;
const MOST_SILENCES = 8;
/** So many values of the five protected bits are no chance of another protocol. */
const FEWEST_BITS = 3;
const MOST_EVENTS = 48;
/** A datagram after such a rest is kept, with the few after it. */
const REST: Nanos = millis(100);
const AFTER_REST = 4;

/** A datagram after a rest: what other vantages are asked for. */
export interface QuicEvent {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly sender: EndIndex;
  readonly length: number;
}

export class QuicSide {
  count = 0;
  bytes = 0;
  firstTime: Nanos = 0;
  firstFrame: FrameId = NO_FRAME;
  lastTime: Nanos = 0;
  lastFrame: FrameId = NO_FRAME;
  /** MACs of its newest datagram; -1 where the link has none. */
  macSource = -1;
  macDestination = -1;
  /** Which values the protected low bits of its short headers took; what is no QUIC keeps to one. */
  bits = 0;
}

export class QuicFlow {
  readonly entry: number;
  readonly client: EndIndex;
  /** The server's host. */
  readonly server: PeerLog;
  readonly sides: readonly [QuicSide, QuicSide] = [new QuicSide(), new QuicSide()];
  readonly silences: QuicSilence[] = [];
  readonly events: QuicEvent[] = [];
  /** The same connection under other ends, seen before. */
  kin: QuicFlow | null = null;
  /** It began here, with the client's Initial. */
  opened = false;
  /** The client has sent what it cannot send before the server answered. */
  established = false;
  /** A long header of a known version was seen: this is QUIC, and no guess. */
  certain = false;
  /** IDs that the client sends to, newest last. */
  readonly cids: Uint8Array[] = [];
  /** Where the IDs are filed: see `QuicWatch`. */
  readonly filed: number[] = [];
  /** Length of the server's IDs, as its long headers have it; -1 where none was seen. */
  cidLength = -1;
  private readonly run: QuicRun = new Run();
  private lastTime: Nanos = Number.NEGATIVE_INFINITY;
  private toKeep = 0;
  /** First bytes of the client's short headers, as far as they agree, where no long header told the ID's length. */
  private shared: Uint8Array | null = null;
  private sharedIn = 0;
  private restarts = 0;

  constructor(entry: number, client: EndIndex, server: PeerLog) {
    this.entry = entry;
    this.client = client;
    this.server = server;
  }

  /** A long header, an ID that is known, or short headers whose protected bits vary. */
  get isBelievable(): boolean {
    return this.certain || this.sides.some(({ bits }) => countOnes(bits) >= FEWEST_BITS);
  }

  /** What the client's short headers begin with: IDs, or where too few were seen to tell, the first bytes of one. */
  get heads(): readonly Uint8Array[] {
    if (this.cids.length > 0 || this.shared === null) return this.cids;
    return [this.shared];
  }

  get firstTime(): Nanos {
    const [a, b] = this.sides;
    if (a.count === 0) return b.firstTime;
    return b.count === 0 ? a.firstTime : Math.min(a.firstTime, b.firstTime);
  }

  get newest(): Nanos {
    return this.lastTime;
  }

  take(frame: Frame, id: FrameId, sender: EndIndex): void {
    const { time } = frame;
    const own = this.sides[sender];
    if (own.count === 0) {
      own.firstTime = time;
      own.firstFrame = id;
    }
    own.count += 1;
    own.bytes += frame.payloadLength;
    own.lastTime = time;
    own.lastFrame = id;
    own.macSource = frame.macSource;
    own.macDestination = frame.macDestination;
    this.keepAfterRest(time, id, sender, frame.payloadLength);
    const ended = this.run.take(sender, time, id, frame.payloadLength);
    if (ended !== null) this.keepSilence(ended);
  }

  /** The silence that lasts to the end of the coverage, if one does. */
  openSilence(until: Nanos): QuicSilence | null {
    return this.run.silence(null, until);
  }

  /** True where a silence is worth a line of the report. */
  get isTroubled(): boolean {
    return this.silences.length > 0 || this.openSilence(Number.POSITIVE_INFINITY) !== null;
  }

  /** Follows the ID in the client's short headers. True where a new one is known that can be looked up. */
  followShort(frame: Frame): boolean {
    const { view, payloadOffset, capturedPayload } = frame;
    const at = payloadOffset + SHORT_CID;
    const room = Math.max(0, capturedPayload - SHORT_CID);
    if (this.cidLength < 0) return this.followShared(view, at, Math.min(room, LONGEST_CID));
    if (this.cidLength < SHORTEST_CID || room < this.cidLength) return false;
    const known = this.cids.at(-1);
    if (known !== undefined && startsWith(view, at, known)) return false;
    return this.addCid(copyOf(view, at, this.cidLength));
  }

  /** Adds an ID that leads to the server. True where it is new and can be looked up. */
  addCid(cid: Uint8Array): boolean {
    if (this.cids.some((c) => isSame(c, cid))) return false;
    if (this.cids.length === MOST_CIDS) this.cids.shift();
    this.cids.push(cid);
    return cid.length >= SHORTEST_CID;
  }

  /** What datagram after datagram begins with is the ID: the bytes behind it are as good as random. */
  private followShared(view: DataView, at: number, room: number): boolean {
    const { shared } = this;
    if (this.restarts > MOST_RESTARTS || room < SHORTEST_CID) return false;
    const same = shared === null ? 0 : sharedLength(view, at, room, shared);
    // Behind the ID a byte may agree by chance. Where more do not agree, the ID is another one.
    const isOther = this.sharedIn >= SAME_IN && same < room && same < (shared?.length ?? 0) - 1;
    if (shared === null || same < SHORTEST_CID || isOther) {
      this.shared = copyOf(view, at, room);
      this.sharedIn = 1;
      this.restarts += 1;
      return false;
    }
    this.sharedIn += 1;
    if (same < shared.length && same < room) this.narrow(shared, same);
    return this.sharedIn === SAME_IN && this.addCid(this.shared as Uint8Array);
  }

  private narrow(shared: Uint8Array, length: number): void {
    const narrower = shared.subarray(0, length);
    const at = this.cids.indexOf(shared);
    if (at >= 0) this.cids[at] = narrower;
    this.shared = narrower;
  }

  private keepAfterRest(time: Nanos, frame: FrameId, sender: EndIndex, length: number): void {
    if (time - this.lastTime >= REST) this.toKeep = AFTER_REST;
    this.lastTime = time;
    if (this.toKeep === 0) return;
    this.toKeep -= 1;
    if (this.events.length === MOST_EVENTS) this.events.shift();
    this.events.push({ time, frame, sender, length });
  }

  private keepSilence(silence: QuicSilence): void {
    if (this.silences.length < MOST_SILENCES) {
      this.silences.push(silence);
      return;
    }
    const shortest = this.silences.reduce((a, b) => (lengthOf(b) < lengthOf(a) ? b : a));
    if (lengthOf(silence) > lengthOf(shortest)) {
      this.silences.splice(this.silences.indexOf(shortest), 1);
      this.silences.push(silence);
    }
  }

  get serverEnd(): EndIndex {
    return otherEnd(this.client);
  }
}

function countOnes(bits: number): number {
  let ones = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) ones += 1;
  return ones;
}

const lengthOf = (s: QuicSilence): Nanos => (s.end?.time ?? s.start) - s.start;

export function copyOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}

function sharedLength(view: DataView, at: number, room: number, bytes: Uint8Array): number {
  let same = 0;
  while (same < room && same < bytes.length && view.getUint8(at + same) === bytes[same]) same += 1;
  return same;
}

export function startsWith(view: DataView, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (view.getUint8(at + i) !== bytes[i]) return false;
  return true;
}

/** Equal, or one the beginning of the other: an ID of unknown length is known to some bytes. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  if (length < SHORTEST_CID && a.length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
