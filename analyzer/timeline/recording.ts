/**
 * What a vantage keeps of every segment for the timeline, while it is analysed:
 * 32 bytes a segment, in blocks, so that nothing is ever copied to grow.
 * The trap: what is known only at the end (who is the client, the scale of a
 * window, the clock) is not in here; `VantageLanes` puts it on.
 */
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import type { EndIndex } from '../flow/flow.ts';
import { captureOf, type FrameId, frameOf } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { Side } from '../tcp/side.ts';
import { Mark } from './mark.ts';
import { markOf } from './mark-of.ts';
import { packTraits, Trait } from './traits.ts';

const BLOCK_BITS = 16;
const BLOCK_ROWS = 1 << BLOCK_BITS;
const IN_BLOCK = BLOCK_ROWS - 1;

/** Columns of some rows. */
export class RecordBlock {
  /** As captured; later by the clock of the timeline. */
  readonly time = new Float64Array(BLOCK_ROWS);
  readonly seq = new Uint32Array(BLOCK_ROWS);
  readonly ack = new Uint32Array(BLOCK_ROWS);
  readonly length = new Uint32Array(BLOCK_ROWS);
  readonly frame = new Uint32Array(BLOCK_ROWS);
  /** Twice the index of the flow, and one more where end 1 sent it. */
  readonly flowEnd = new Uint32Array(BLOCK_ROWS);
  /** Unscaled. */
  readonly window = new Uint16Array(BLOCK_ROWS);
  readonly traits = new Uint16Array(BLOCK_ROWS);
}

export class Recording {
  rows = 0;
  readonly blocks: RecordBlock[] = [];
  /** The first row of each file, in the order of the files. */
  readonly files: { readonly capture: number; readonly from: number }[] = [];
  /** Newest SACK blocks of the rows that have one: row, left and right edge. */
  private sacks = new Uint32Array(3 * 1024);
  private sackCount = 0;
  /** Acknowledgement and window that each end of each flow said last. */
  private said = new Float64Array(256).fill(-1);
  private resent = new Uint32Array(128);
  private capture = -1;

  /** `own` and `peer` as they are after the segment; `bits` what it was judged to be. */
  add(frame: Frame, id: FrameId, flow: number, sender: EndIndex, bits: number, own: Side, peer: Side): void {
    const row = this.rows;
    this.rows += 1;
    if ((row & IN_BLOCK) === 0) this.blocks.push(new RecordBlock());
    const block = this.blocks[row >>> BLOCK_BITS] as RecordBlock;
    const at = row & IN_BLOCK;
    const capture = captureOf(id);
    if (capture !== this.capture) {
      this.capture = capture;
      this.files.push({ capture, from: row });
    }
    // A duplicate where something is outstanding (RFC 5681, 2); else it answers a probe.
    const repeats = this.repeats(frame, 2 * flow + sender, bits) && peer.acked && peer.una !== peer.next;
    const mark = markOf(frame, id, bits, own, repeats);
    if (mark === Mark.Retransmission) this.countResent(flow);
    block.time[at] = frame.time;
    block.seq[at] = frame.seq;
    block.ack[at] = frame.ack;
    block.length[at] = frame.payloadLength;
    block.frame[at] = frameOf(id);
    block.flowEnd[at] = 2 * flow + sender;
    block.window[at] = frame.window;
    block.traits[at] = packTraits(frame.flags, mark, traitsOf(frame, bits));
    if (frame.sackBlockCount > 0) this.addSack(row, frame);
  }

  /** Segments of both ends that were sent again. */
  retransmissions(flow: number): number {
    return this.resent[flow] ?? 0;
  }

  /** Nothing of its rows is needed any more; what was counted stays. */
  release(): void {
    this.blocks.length = 0;
    this.rows = 0;
    this.sacks = new Uint32Array(3);
  }

  block(row: number): RecordBlock {
    return this.blocks[row >>> BLOCK_BITS] as RecordBlock;
  }

  /** Where in its block a row stands. */
  static at(row: number): number {
    return row & IN_BLOCK;
  }

  /** Position of a row's SACK block for `sackEdge`; the row has `Trait.Sack`. */
  sackOf(row: number): number {
    let [low, high] = [0, this.sackCount - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sacks[3 * middle] as number) < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  sackEdge(sack: number, edge: 'left' | 'right'): number {
    return this.sacks[3 * sack + (edge === 'left' ? 1 : 2)] as number;
  }

  private repeats(frame: Frame, flowEnd: number, bits: number): boolean {
    if ((bits & Segment.Copy) !== 0 || (frame.flags & TcpFlag.Ack) === 0) return false;
    if (flowEnd >= this.said.length) this.said = grown(this.said, flowEnd, -1);
    const says = frame.ack * 65_536 + frame.window;
    const before = this.said[flowEnd];
    this.said[flowEnd] = says;
    return says === before;
  }

  private countResent(flow: number): void {
    if (flow >= this.resent.length) {
      const more = new Uint32Array(Math.max(2 * this.resent.length, flow + 1));
      more.set(this.resent);
      this.resent = more;
    }
    this.resent[flow] = (this.resent[flow] as number) + 1;
  }

  private addSack(row: number, frame: Frame): void {
    const at = 3 * this.sackCount;
    if (at >= this.sacks.length) {
      const more = new Uint32Array(2 * this.sacks.length);
      more.set(this.sacks);
      this.sacks = more;
    }
    this.sacks[at] = row;
    this.sacks[at + 1] = frame.view.getUint32(frame.sackOffset);
    this.sacks[at + 2] = frame.view.getUint32(frame.sackOffset + 4);
    this.sackCount += 1;
  }
}

function grown(old: Float64Array<ArrayBuffer>, index: number, fill: number): Float64Array<ArrayBuffer> {
  const more = new Float64Array(Math.max(2 * old.length, index + 1)).fill(fill, old.length);
  more.set(old);
  return more;
}

const traitsOf = (frame: Frame, bits: number): number =>
  (frame.sackBlockCount > 0 ? Trait.Sack : 0) | ((bits & Segment.Foreign) !== 0 ? Trait.Foreign : 0);
