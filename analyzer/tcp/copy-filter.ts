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

const FIRST_SIZE = 2;
const NO_ROWS = new Uint32Array(0);
const NO_TIMES = new Float64Array(0);

export class CopyFilter {
  private rows = NO_ROWS;
  private times = NO_TIMES;
  private at = 0;
  private size = 0;

  remember(frame: Frame, sender: EndIndex): void {
    if (this.at === this.size && this.size < REMEMBERED) this.grow();
    const row = this.at * COLUMNS;
    this.rows[row] = frame.seq;
    this.rows[row + 1] = frame.ack;
    this.rows[row + 2] = stampOf(frame);
    this.rows[row + 3] = kindOf(frame, sender) + ((frame.deviceIndex & 0xffff) << 16);
    this.times[this.at] = frame.time;
    this.at += 1;
    if (this.at === REMEMBERED) this.at = 0;
  }

  /** Most flows of a scan or a flood are a packet or two: they get room for as many. */
  private grow(): void {
    const size = Math.min(this.size === 0 ? FIRST_SIZE : this.size * 4, REMEMBERED);
    const rows = new Uint32Array(size * COLUMNS);
    rows.set(this.rows);
    const times = new Float64Array(size);
    times.set(this.times);
    this.rows = rows;
    this.times = times;
    this.size = size;
  }

  isCopy(frame: Frame, sender: EndIndex): boolean {
    const rows = this.rows;
    const times = this.times;
    const stamp = stampOf(frame);
    const kind = kindOf(frame, sender);
    for (let i = 0; i < this.size; i++) {
      const row = i * COLUMNS;
      if (rows[row] !== frame.seq || rows[row + 1] !== frame.ack || rows[row + 2] !== stamp) continue;
      const other = rows[row + 3] as number;
      if ((other & 0xffff) !== kind) continue;
      const age = frame.time - (times[i] as number);
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
