/**
 * Which segments of each flow a vantage saw, where it matters for following
 * them from one capture to the next: those around every pause, at the start
 * and at the end. The dense middle of a transfer is only marked as skipped.
 * The trap: "not seen here" may be said only where nothing was skipped, so
 * every kept row knows whether segments before it were not kept.
 */
import { type Nanos, NOT_SMALL } from '../../packet/time.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import type { EndIndex } from './flow.ts';
import type { FrameId } from './frame-id.ts';
import { nameOfNumbers } from './samples.ts';

/** A pause of a direction; retransmissions from the second rung on come after one. */
const PAUSE: Nanos = 500_000_000;
/** So many segments are kept after a pause and before the next one, in each direction. */
const KEPT_AFTER = 8;
const KEPT_BEFORE = 8;
/** Beyond so many rows a flow that pauses all the time keeps its first ones and what comes last. */
const MOST_ROWS = 768;
/** All rows of one vantage: about 90 MB. */
const MOST_ROWS_OF_ALL = 2_000_000;

/** One segment as one vantage saw it. */
export interface Sighting {
  readonly time: Nanos;
  readonly id: FrameId;
  readonly sender: EndIndex;
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  /** TCP flags. */
  readonly flags: number;
  /** Timestamp value; -1 where there is none. */
  readonly tsVal: number;
  /** -1 for IPv6. */
  readonly ipId: number;
  readonly ttl: number;
  /** Index into `Trails.macs`; -1 where the link has none. */
  readonly macSource: number;
  readonly macDestination: number;
  /** `PacketType` of a cooked capture, else -1. */
  readonly packetType: number;
  /** Segments of the same direction between the row before and this one were not kept. */
  readonly skippedBefore: boolean;
}

/** Columns that grow together; a row is an index into all of them. */
class Rows {
  time = new Float64Array(64);
  id = new Float64Array(64);
  /** seq, ack, tsVal, length, shape, ip, macs: seven words a row. */
  words = new Uint32Array(64 * WORDS);
  next = new Int32Array(64);
  count = 0;

  add(): number {
    if (this.count === this.time.length) this.grow();
    this.count += 1;
    return this.count - 1;
  }

  copy(from: Rows, row: number): number {
    const to = this.add();
    this.time[to] = from.time[row] as number;
    this.id[to] = from.id[row] as number;
    const [a, b] = [to * WORDS, row * WORDS];
    for (let i = 0; i < WORDS; i++) this.words[a + i] = from.words[b + i] as number;
    return to;
  }

  private grow(): void {
    // Room that nothing was written to costs nothing; what is copied does.
    const size = this.time.length * 4;
    this.time = grown(this.time, new Float64Array(size));
    this.id = grown(this.id, new Float64Array(size));
    this.words = grown(this.words, new Uint32Array(size * WORDS));
    this.next = grown(this.next, new Int32Array(size));
  }
}

function grown<T extends Float64Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

const WORDS = 7;
/** Bits of the `shape` word above the nine flags. */
const SENDER = 1 << 9;
const STAMPED = 1 << 10;
const SKIPPED = 1 << 11;
const TYPE_SHIFT = 12;
const OPENS_OR_CLOSES = TcpFlag.Fin | TcpFlag.Syn | TcpFlag.Rst;
const NONE = -1;
const NO_MAC = 0xffff;

/** What is known of one direction of one flow while frames come in. */
class Tail {
  lastTime: Nanos = NOT_SMALL;
  /** So many more segments are kept at once. */
  fresh = KEPT_AFTER;
  /** First of this direction's `KEPT_BEFORE` rows in the ring; -1 before it needs any. */
  ring = NONE;
  /** Segments in the ring, and how many were written to it at all since it was last emptied. */
  held = 0;
  written = 0;
  /** Segments since the last kept one were not kept. */
  skipped = false;
}

interface Trail {
  readonly tails: [Tail | null, Tail | null];
  first: number;
  last: number;
  rows: number;
}

/** The trails of all flows of one vantage, by flow index. */
export class Trails {
  private readonly kept = new Rows();
  private readonly ring = new Rows();
  private readonly trails: (Trail | undefined)[] = [];
  private readonly macIndex = new Map<number, number>();
  private lastMac = -1;
  private lastIndex = NO_MAC;
  private otherMac = -1;
  private otherIndex = NO_MAC;
  /** 48-bit MACs by the index that rows hold. */
  readonly macs: number[] = [];
  /** Some segment said whether it came to the host or left it. */
  cooked = false;

  /** Takes any segment of a flow, copies too. */
  add(flow: number, frame: Frame, id: FrameId, sender: EndIndex): void {
    let trail = this.trails[flow];
    if (trail === undefined) {
      trail = { tails: [null, null], first: NONE, last: NONE, rows: 0 };
      this.trails[flow] = trail;
    }
    let tail = trail.tails[sender];
    if (tail === null) {
      tail = new Tail();
      trail.tails[sender] = tail;
    } else if (trail.rows < MOST_ROWS && frame.time - tail.lastTime >= PAUSE) {
      this.empty(trail, tail, MOST_ROWS);
      tail.fresh = KEPT_AFTER;
    }
    tail.lastTime = frame.time;
    if (frame.packetType >= 0) this.cooked = true;
    if (tail.fresh > 0 && trail.rows < MOST_ROWS) {
      tail.fresh -= 1;
      if (!this.hasRoom(trail, MOST_ROWS)) tail.skipped = true;
      else this.keep(trail, tail, this.write(this.kept, this.kept.add(), frame, id, sender));
    } else {
      // Full: the ring goes round until the end, for what comes last.
      this.hold(tail, frame, id, sender);
    }
  }

  /** No more frames: the newest segments of every flow are kept. */
  finish(): void {
    for (const trail of this.trails) {
      if (trail === undefined) continue;
      for (const tail of trail.tails) if (tail !== null) this.empty(trail, tail, MOST_ROWS + 2 * KEPT_BEFORE);
    }
  }

  /** Segments that are kept, of all flows. */
  get size(): number {
    return this.kept.count;
  }

  /** The kept segments of a flow, in the order of time. */
  of(flow: number): Sighting[] {
    return this.rowsOf(flow).map((row) => this.sighting(row));
  }

  /**
   * The names (`samples.ts`) of a flow's first `most` and last `most` kept segments, in the order of time, into `into`; NaN for
   * a bare acknowledgement without a timestamp, which may be repeated as it is. Returns how many there are.
   */
  edgeNames(flow: number, most: number, into: Float64Array): number {
    const rows = this.rowsOf(flow);
    const count = Math.min(rows.length, 2 * most);
    for (let n = 0; n < count; n++) {
      const row = rows[n < most || rows.length <= 2 * most ? n : rows.length - count + n] as number;
      into[n] = this.nameAt(row);
    }
    return count;
  }

  /** The kept rows of a flow, in the order of time. Filled anew with every call. */
  private rowsOf(flow: number): readonly number[] {
    const { time, next } = this.kept;
    const rows = this.scratch;
    rows.length = 0;
    const trail = this.trails[flow];
    if (trail === undefined) return rows;
    let newest = Number.NEGATIVE_INFINITY;
    let inOrder = true;
    for (let row = trail.first; row !== NONE; row = next[row] as number) {
      rows.push(row);
      const at = time[row] as number;
      if (at < newest) inOrder = false;
      newest = at;
    }
    return inOrder ? rows : rows.sort((a, b) => (time[a] as number) - (time[b] as number));
  }

  private readonly scratch: number[] = [];

  private nameAt(row: number): number {
    const { words } = this.kept;
    const at = row * WORDS;
    const shape = words[at + 4] as number;
    const length = words[at + 3] as number;
    if ((shape & STAMPED) === 0 && length === 0 && (shape & OPENS_OR_CLOSES) === 0) return Number.NaN;
    const ack = (shape & TcpFlag.Ack) === 0 ? 0 : (words[at + 1] as number);
    return nameOfNumbers(words[at] as number, ack, length, shape & 0x1ff, words[at + 2] as number);
  }

  /** True where the newest segments of a direction were given up for want of room. */
  isOpenEnded(flow: number, sender: EndIndex): boolean {
    return this.trails[flow]?.tails[sender]?.skipped === true;
  }

  private hasRoom(trail: Trail, most: number): boolean {
    return trail.rows < most && this.kept.count < MOST_ROWS_OF_ALL;
  }

  private keep(trail: Trail, tail: Tail, row: number): void {
    if (tail.skipped)
      this.kept.words[row * WORDS + 4] = (this.kept.words[row * WORDS + 4] as number) | SKIPPED;
    tail.skipped = false;
    trail.rows += 1;
    this.kept.next[row] = NONE;
    if (trail.last === NONE) trail.first = row;
    else this.kept.next[trail.last] = row;
    trail.last = row;
  }

  private hold(tail: Tail, frame: Frame, id: FrameId, sender: EndIndex): void {
    if (tail.ring === NONE) {
      tail.ring = this.ring.count;
      for (let i = 0; i < KEPT_BEFORE; i++) this.ring.add();
    }
    this.write(this.ring, tail.ring + (tail.written % KEPT_BEFORE), frame, id, sender);
    tail.written += 1;
    if (tail.held < KEPT_BEFORE) tail.held += 1;
    else tail.skipped = true;
  }

  /** Moves what the ring holds, oldest first, to the kept rows. */
  private empty(trail: Trail, tail: Tail, most: number): void {
    for (let i = 0; i < tail.held; i++) {
      if (!this.hasRoom(trail, most)) {
        tail.skipped = true;
        break;
      }
      const from = tail.ring + ((tail.written - tail.held + i) % KEPT_BEFORE);
      this.keep(trail, tail, this.kept.copy(this.ring, from));
    }
    tail.held = 0;
    tail.written = 0;
  }

  private write(rows: Rows, row: number, frame: Frame, id: FrameId, sender: EndIndex): number {
    const stamped = frame.hasTimestamps;
    rows.time[row] = frame.time;
    rows.id[row] = id;
    const at = row * WORDS;
    const words = rows.words;
    words[at] = frame.seq;
    words[at + 1] = frame.ack;
    words[at + 2] = stamped ? frame.tsVal : 0;
    words[at + 3] = frame.payloadLength;
    words[at + 4] =
      (frame.flags & 0x1ff) |
      (sender === 1 ? SENDER : 0) |
      (stamped ? STAMPED : 0) |
      ((frame.packetType + 1) << TYPE_SHIFT);
    words[at + 5] = ((frame.ipId + 1) & 0x1ffff) | ((frame.ttl & 0xff) << 17);
    words[at + 6] = (this.macOf(frame.macSource) << 16) | this.macOf(frame.macDestination);
    return row;
  }

  private macOf(mac: number): number {
    if (mac < 0) return NO_MAC;
    // Of two neighbours, mostly, now the one sends and now the other.
    if (mac === this.lastMac) return this.lastIndex;
    if (mac === this.otherMac) return this.otherIndex;
    const index = this.indexOfMac(mac);
    this.otherMac = this.lastMac;
    this.otherIndex = this.lastIndex;
    this.lastMac = mac;
    this.lastIndex = index;
    return index;
  }

  private indexOfMac(mac: number): number {
    const known = this.macIndex.get(mac);
    if (known !== undefined) return known;
    // A flood of invented MACs must not grow this.
    if (this.macs.length >= NO_MAC) return NO_MAC;
    this.macIndex.set(mac, this.macs.length);
    this.macs.push(mac);
    return this.macs.length - 1;
  }

  private sighting(row: number): Sighting {
    const { words } = this.kept;
    const at = row * WORDS;
    const shape = words[at + 4] as number;
    const ip = words[at + 5] as number;
    const macs = words[at + 6] as number;
    return {
      time: this.kept.time[row] as number,
      id: this.kept.id[row] as number,
      sender: (shape & SENDER) === 0 ? 0 : 1,
      seq: words[at] as number,
      ack: words[at + 1] as number,
      length: words[at + 3] as number,
      flags: shape & 0x1ff,
      tsVal: (shape & STAMPED) === 0 ? -1 : (words[at + 2] as number),
      ipId: (ip & 0x1ffff) - 1,
      ttl: ip >>> 17,
      macSource: macOrNone(macs >>> 16),
      macDestination: macOrNone(macs & 0xffff),
      packetType: ((shape >>> TYPE_SHIFT) & 7) - 1,
      skippedBefore: (shape & SKIPPED) !== 0,
    };
  }
}

const macOrNone = (index: number): number => (index === NO_MAC ? -1 : index);
