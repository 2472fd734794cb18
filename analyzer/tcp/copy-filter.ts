/**
 * Tells a packet that was captured twice (on both interfaces of a node, or by
 * a mirror) from one that was sent twice. A copy repeats the IP identification
 * and every TCP number (tcptrace's "hardware duplicate"); a retransmission has
 * a new identification.
 * The trap: IPv6 and the SYN-ACKs of Linux have no identification of their
 * own. Without one, a repeat counts as a copy only within a millisecond, or
 * where a cooked capture shows it leaving by another device.
 */
import { NANOS_PER_MILLI } from '../../packet/time.ts';
import { type Frame, PacketType } from '../../packet/wire/frame.ts';
import type { EndIndex } from '../flow/flow.ts';

/** How many packets of a flow are remembered: a router forwards in batches of a few dozen. */
const REMEMBERED = 32;
/** A forwarded copy is captured within the time a router holds a packet. */
const COPY_WINDOW = 100 * NANOS_PER_MILLI;
/** Without an identification: quicker than any sender's retransmission timer. */
const BLIND_WINDOW = 1 * NANOS_PER_MILLI;

/** seq, ack, identification and length, flags with sender and device. */
const COLUMNS = 4;

/** Most flows of a scan or a flood are a packet or two: they get room for as many. Then for a request and its answer. */
const FIRST_SIZE = 2;
const SECOND_SIZE = 16;

/** Rows of many flows lie in one array: one a flow would cost more than what it holds. */
const CHUNK_ROWS = 1 << 14;

/** Some rows of a chunk, from `base` on. A class, so that all look alike to the code that every packet runs through. */
class Block {
  readonly rows: Uint32Array;
  readonly times: Float64Array;
  readonly base: number;

  constructor(rows: Uint32Array, times: Float64Array, base: number) {
    this.rows = rows;
    this.times = times;
    this.base = base;
  }
}

const NO_BLOCK = new Block(new Uint32Array(0), new Float64Array(0), 0);

/** Where the filters of one vantage keep their rows. A block that a flow has outgrown is the next flow's. */
export class CopyRows {
  private chunk = NO_BLOCK;
  private used = CHUNK_ROWS;
  private readonly free = new Map<number, Block[]>();

  /** `size`: a power of two, so that no block straddles two chunks. */
  take(size: number): Block {
    const again = this.free.get(size)?.pop();
    if (again !== undefined) return again;
    // Blocks of all sizes lie side by side: each begins at a multiple of its own.
    let base = (this.used + size - 1) & -size;
    if (base + size > CHUNK_ROWS) {
      this.chunk = new Block(new Uint32Array(CHUNK_ROWS * COLUMNS), new Float64Array(CHUNK_ROWS), 0);
      base = 0;
    }
    this.used = base + size;
    return new Block(this.chunk.rows, this.chunk.times, base);
  }

  giveBack(block: Block, size: number): void {
    const blocks = this.free.get(size);
    if (blocks === undefined) this.free.set(size, [block]);
    else blocks.push(block);
  }
}

export class CopyFilter {
  private readonly store: CopyRows;
  private block = NO_BLOCK;
  private at = 0;
  private size = 0;
  /** Rows that are its own: what an earlier flow left in the others is nobody's. */
  private written = 0;

  constructor(store: CopyRows) {
    this.store = store;
  }

  remember(frame: Frame, sender: EndIndex): void {
    if (this.at === this.size && this.size < REMEMBERED) this.grow();
    const { rows, times, base } = this.block;
    const row = (base + this.at) * COLUMNS;
    rows[row] = frame.seq;
    rows[row + 1] = frame.ack;
    rows[row + 2] = stampOf(frame);
    rows[row + 3] = kindOf(frame, sender) + ((frame.deviceIndex & 0xffff) << 16);
    times[base + this.at] = frame.time;
    this.at += 1;
    if (this.written < this.at) this.written = this.at;
    if (this.at === REMEMBERED) this.at = 0;
  }

  private grow(): void {
    const { block: from, size: had } = this;
    const size = had === 0 ? FIRST_SIZE : had === FIRST_SIZE ? SECOND_SIZE : REMEMBERED;
    const to = this.store.take(size);
    for (let i = 0; i < had * COLUMNS; i++) {
      to.rows[to.base * COLUMNS + i] = from.rows[from.base * COLUMNS + i] as number;
    }
    for (let i = 0; i < had; i++) to.times[to.base + i] = from.times[from.base + i] as number;
    if (had > 0) this.store.giveBack(from, had);
    this.block = to;
    this.size = size;
  }

  isCopy(frame: Frame, sender: EndIndex): boolean {
    const { rows, times, base } = this.block;
    const stamp = stampOf(frame);
    const kind = kindOf(frame, sender);
    for (let i = 0; i < this.written; i++) {
      const row = (base + i) * COLUMNS;
      if (rows[row] !== frame.seq || rows[row + 1] !== frame.ack || rows[row + 2] !== stamp) continue;
      const other = rows[row + 3] as number;
      if ((other & 0xffff) !== kind) continue;
      const age = frame.time - (times[base + i] as number);
      if (age < 0 || age > COPY_WINDOW) continue;
      if (frame.ipId > 0 || age <= BLIND_WINDOW) return true;
      const otherDevice = frame.deviceIndex >= 0 && other >>> 16 !== (frame.deviceIndex & 0xffff);
      if (otherDevice && frame.packetType === PacketType.Outgoing) return true;
    }
    return false;
  }
}

const stampOf = (frame: Frame): number => ((frame.ipId << 16) | (frame.payloadLength & 0xffff)) >>> 0;
const kindOf = (frame: Frame, sender: EndIndex): number => (frame.flags & 0x1ff) * 2 + sender;
