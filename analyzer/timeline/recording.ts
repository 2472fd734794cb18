/**
 * Every TCP segment of one vantage as it was judged, in columns, in the order of the file: what a
 * timeline is made of.
 * The trap: a segment costs 37 bytes here, so it is an entry in typed arrays and never an object;
 * and nothing is known yet of other vantages, so times and numbers are the capture's own.
 */
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import type { EndIndex } from '../flow/flow.ts';
import { captureOf, type FrameId, frameOf, NO_FRAME } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { Side } from '../tcp/side.ts';
import { Mark } from './mark.ts';

const BLOCK_BITS = 16;
export const BLOCK_ROWS = 1 << BLOCK_BITS;
const IN_BLOCK = BLOCK_ROWS - 1;

/** Bits of `Block.bits`. */
export const RowBit = { Sender: 1, HasAck: 2, HasSack: 4, Foreign: 8 } as const;

/** Columns of up to `BLOCK_ROWS` segments. Sequence numbers are as in the header. */
export class Block {
  readonly time = new Float64Array(BLOCK_ROWS);
  readonly flow = new Uint32Array(BLOCK_ROWS);
  readonly seq = new Uint32Array(BLOCK_ROWS);
  readonly ack = new Uint32Array(BLOCK_ROWS);
  readonly length = new Uint32Array(BLOCK_ROWS);
  /** In bytes, scaled where the scale is known. */
  readonly window = new Uint32Array(BLOCK_ROWS);
  readonly frame = new Uint32Array(BLOCK_ROWS);
  /** Index of the capture as it was fed. */
  readonly capture = new Uint16Array(BLOCK_ROWS);
  readonly mark = new Uint8Array(BLOCK_ROWS);
  readonly flags = new Uint8Array(BLOCK_ROWS);
  readonly bits = new Uint8Array(BLOCK_ROWS);
  /** The newest SACK block of each segment, made when the first one comes. */
  sackLeft: Uint32Array | null = null;
  sackRight: Uint32Array | null = null;
}

export class Recording {
  readonly blocks: Block[] = [];
  rows = 0;
  /** By flow: retransmissions of both ends. */
  readonly retransmitted: number[] = [];
  /** By flow and end: its last acknowledgement and window, to know a repeated one. */
  private lastAck = new Float64Array(0);
  private lastWindow = new Float64Array(0);

  /** `own` and `peer` as they are after the segment; `bits` what it was judged to be. */
  add(frame: Frame, id: FrameId, flow: number, sender: EndIndex, bits: number, own: Side, peer: Side): void {
    const block = this.blockFor(this.rows);
    const i = this.rows & IN_BLOCK;
    this.rows += 1;
    const { flags, window } = frame;
    const hasAck = (flags & TcpFlag.Ack) !== 0;
    block.time[i] = frame.time;
    block.flow[i] = flow;
    block.seq[i] = frame.seq;
    block.ack[i] = frame.ack;
    block.length[i] = frame.payloadLength;
    // RFC 7323, 2.2: the window of a segment with SYN is not scaled.
    block.window[i] = (flags & TcpFlag.Syn) !== 0 ? window : window * 2 ** Math.max(own.windowScale, 0);
    block.frame[i] = frameOf(id);
    block.capture[i] = captureOf(id);
    block.flags[i] = flags;
    let rowBits: number = sender;
    if (hasAck) rowBits |= RowBit.HasAck;
    if ((bits & Segment.Foreign) !== 0) rowBits |= RowBit.Foreign;
    if (frame.sackBlockCount > 0) rowBits |= this.addSack(block, i, frame);
    block.bits[i] = rowBits;
    const repeats = hasAck && this.repeats(2 * flow + sender, frame);
    const mark = markOf(frame, id, bits, own, repeats && peer.acked && peer.una !== peer.next);
    block.mark[i] = mark;
    if (mark === Mark.Retransmission) this.retransmitted[flow] = (this.retransmitted[flow] ?? 0) + 1;
  }

  private blockFor(row: number): Block {
    const index = row >>> BLOCK_BITS;
    let block = this.blocks[index];
    if (block === undefined) {
      block = new Block();
      this.blocks.push(block);
    }
    return block;
  }

  /** RFC 2018, 4: the first block holds the segment that came last. */
  private addSack(block: Block, i: number, frame: Frame): number {
    block.sackLeft ??= new Uint32Array(BLOCK_ROWS);
    block.sackRight ??= new Uint32Array(BLOCK_ROWS);
    block.sackLeft[i] = frame.view.getUint32(frame.sackOffset);
    block.sackRight[i] = frame.view.getUint32(frame.sackOffset + 4);
    return RowBit.HasSack;
  }

  /** The same acknowledgement and window as in this end's segment before. */
  private repeats(end: number, { ack, window }: Frame): boolean {
    if (end >= this.lastAck.length) this.grow(end);
    const isSame = this.lastAck[end] === ack && this.lastWindow[end] === window;
    this.lastAck[end] = ack;
    this.lastWindow[end] = window;
    return isSame;
  }

  private grow(end: number): void {
    const size = Math.max(1024, 2 * end);
    const [ack, window] = [new Float64Array(size).fill(-1), new Float64Array(size).fill(-1)];
    ack.set(this.lastAck);
    window.set(this.lastWindow);
    [this.lastAck, this.lastWindow] = [ack, window];
  }
}

/** `duplicates`: repeats an acknowledgement while the other end has something outstanding (RFC 5681, 2). */
function markOf(frame: Frame, id: FrameId, bits: number, own: Side, duplicates: boolean): Mark {
  if ((bits & Segment.Rst) !== 0) return Mark.Reset;
  // The same packet caught twice is no second transmission.
  if ((bits & Segment.Copy) === 0) {
    if ((bits & Segment.Resent) !== 0 || isOpenedOrClosedAgain(frame, id, own)) return Mark.Retransmission;
    if ((bits & Segment.ZeroWindow) !== 0) return Mark.ZeroWindow;
    if ((bits & Segment.Probe) !== 0) return Mark.Probe;
    if ((bits & Segment.Ahead) !== 0) return Mark.OutOfOrder;
  }
  if ((bits & Segment.Fin) !== 0) return Mark.Fin;
  if ((bits & Segment.Syn) !== 0) return Mark.Syn;
  if (frame.payloadLength > 0) return Mark.Data;
  if (frame.sackBlockCount > 0) return Mark.Sack;
  if (duplicates && (bits & Segment.PureAck) !== 0) return Mark.DuplicateAck;
  if ((bits & Segment.WindowUpdate) !== 0) return Mark.WindowUpdate;
  return Mark.Ack;
}

function isOpenedOrClosedAgain({ flags, payloadLength }: Frame, id: FrameId, own: Side): boolean {
  if ((flags & TcpFlag.Syn) !== 0) return own.synCount > 1;
  return (flags & TcpFlag.Fin) !== 0 && payloadLength === 0 && own.fin !== NO_FRAME && own.fin !== id;
}
