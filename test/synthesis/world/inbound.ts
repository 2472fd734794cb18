/**
 * The receiving half of a TCP end: puts segments in order, says what to
 * acknowledge, offers a window (RFC 9293 section 3.8.6, RFC 2018, RFC 2883).
 * The trap: the right edge of the window never moves left, so a reader that
 * stops closes it only as fast as bytes arrive.
 */
import { seqAdd, seqDistance } from '../../../packet/seq.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import type { SackBlock } from '../../../packet/wire/tcp-options.ts';
import { has, lengthOf, type TcpPacket } from './packet.ts';

/** What a segment with data or FIN was to the receiver. */
export type Arrival = 'in-order' | 'ahead' | 'old' | 'outside';

interface Held {
  readonly seq: number;
  readonly end: number;
  readonly payload: Uint8Array;
  readonly fin: boolean;
}

export class Inbound {
  /** RCV.NXT. */
  next = 0;
  /** The peer's FIN has arrived, and all before it. */
  finished = false;
  /** Bytes in order that the application has not read. */
  unread = 0;
  private held: Held[] = [];
  private duplicate: SackBlock | null = null;
  private readonly buffer: number;
  private readonly deliver: (payload: Uint8Array) => void;

  constructor(buffer: number, deliver: (payload: Uint8Array) => void) {
    this.buffer = buffer;
    this.deliver = deliver;
  }

  /** Bytes that the peer may still send. */
  get room(): number {
    return Math.max(0, this.buffer - this.unread);
  }

  /** RFC 9293, section 3.10.7.4, as Linux does it: what lies wholly before or behind the window is not accepted. */
  isAcceptable(p: TcpPacket): boolean {
    const end = seqAdd(p.seq, lengthOf(p));
    return seqDistance(end, this.next) >= 0 && seqDistance(p.seq, this.next) <= this.room;
  }

  take(p: TcpPacket): Arrival {
    const end = seqAdd(p.seq, lengthOf(p));
    if (seqDistance(end, this.next) <= 0) {
      this.duplicate = { left: p.seq, right: end };
      return 'old';
    }
    if (seqDistance(p.seq, this.next) > this.room) return 'outside';
    const fin = has(p, TcpFlag.Fin);
    this.held.push({ seq: p.seq, end, payload: p.payload, fin });
    if (seqDistance(p.seq, this.next) > 0) return 'ahead';
    this.absorb();
    return 'in-order';
  }

  /** The newest hole's far side first; a duplicate is named once (D-SACK). */
  sack(): readonly SackBlock[] {
    const blocks: SackBlock[] = [];
    for (const h of [...this.held].sort((a, b) => seqDistance(a.seq, b.seq))) {
      const last = blocks.at(-1);
      if (last !== undefined && last.right === h.seq) blocks[blocks.length - 1] = { ...last, right: h.end };
      else blocks.push({ left: h.seq, right: h.end });
    }
    const newest = this.held.at(-1);
    const first = blocks.findIndex((b) => newest !== undefined && seqDistance(newest.seq, b.left) >= 0);
    if (first > 0) blocks.unshift(...blocks.splice(first, 1));
    const duplicate = this.duplicate;
    this.duplicate = null;
    return [...(duplicate === null ? [] : [duplicate]), ...blocks].slice(0, 3);
  }

  get hasHole(): boolean {
    return this.held.length > 0;
  }

  private absorb(): void {
    for (;;) {
      const at = this.held.findIndex((h) => seqDistance(h.seq, this.next) <= 0);
      const piece = this.held[at];
      if (piece === undefined) return;
      this.held.splice(at, 1);
      const skip = seqDistance(this.next, piece.seq);
      const fresh = piece.payload.subarray(skip);
      if (seqDistance(piece.end, this.next) <= 0) continue;
      this.next = piece.end;
      this.unread += fresh.length;
      if (piece.fin) this.finished = true;
      if (fresh.length > 0) this.deliver(fresh);
    }
  }
}
