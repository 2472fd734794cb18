/**
 * Recorded rows with what only the end of the analysis knows: who is the client, whose numbers count from where, how
 * windows are scaled, which flow of the report it is.
 * The traps: numbers are told apart from those 2^32 before them only by what came just before, so the rows of a flow
 * are to be read in the order of time; and what no window reaches must not lead the others astray.
 */
import { TcpFlag } from '../../packet/wire/frame.ts';
import type { BaseRows } from './base-rows.ts';
import { Recording } from './recording.ts';
import { flagsOf, Trait } from './traits.ts';

/** One connection as its vantage sees it. */
export interface RecordedFlow {
  /** Position in the report; `NO_FLOW`. */
  readonly position: number;
  readonly client: 0 | 1;
  /** Of end 0 and end 1: the number in this view that all others are told relative to. */
  readonly first: readonly [number, number];
  /** Of end 0 and end 1: what a window is multiplied with; 1 where nobody knows. */
  readonly scale: readonly [number, number];
}

const WRAP = 2 ** 32;
/** So little before the first number is before it, and not almost 2^32 after it: a probe, an older segment. */
const BEFORE = 2 ** 32 - 2 ** 24;
/** The largest window (RFC 7323): nothing believable is further from what came before. */
const REACH = 2 ** 30;

/** By twice the index of a flow at its vantage, and one more for its end 1. */
export class FlowTable {
  readonly position: Uint32Array;
  readonly isServer: Uint8Array;
  readonly first: Uint32Array;
  readonly scale: Float64Array;

  constructor(flows: readonly RecordedFlow[]) {
    const ends = 2 * flows.length;
    this.position = new Uint32Array(ends);
    this.isServer = new Uint8Array(ends);
    this.first = new Uint32Array(ends);
    this.scale = new Float64Array(ends);
    for (const [i, flow] of flows.entries()) {
      for (const end of [0, 1] as const) {
        const at = 2 * i + end;
        this.position[at] = flow.position;
        this.isServer[at] = flow.client === end ? 0 : 1;
        this.first[at] = flow.first[end];
        this.scale[at] = flow.scale[end];
      }
    }
  }
}

export class RowReader {
  private readonly recording: Recording;
  private readonly table: FlowTable;
  private readonly captures: readonly number[];
  private readonly origin: number;
  /** How far each end's numbers have come. */
  private readonly reached: Float64Array;

  /** `captures`: positions in the report by the recording's files. `origin` is taken off all times. */
  constructor(recording: Recording, table: FlowTable, captures: readonly number[], origin: number) {
    this.recording = recording;
    this.table = table;
    this.captures = captures;
    this.origin = origin;
    this.reached = new Float64Array(table.position.length).fill(Number.NaN);
  }

  /** Puts a recorded row at `at`, but its numbers. */
  read(row: number, into: BaseRows, at: number): void {
    const block = this.recording.block(row);
    const i = Recording.at(row);
    const own = block.flowEnd[i] as number;
    const traits = block.traits[i] as number;
    into.time[at] = (block.time[i] as number) - this.origin;
    into.length[at] = block.length[i] as number;
    into.window[at] = this.windowOf(own, block.window[i] as number, flagsOf(traits));
    into.frame[at] = block.frame[i] as number;
    into.flow[at] = this.table.position[own] as number;
    into.capture[at] = this.captureOf(row);
    into.traits[at] = traits | (this.table.isServer[own] === 1 ? Trait.FromServer : 0);
  }

  /** After `read`: its numbers, as they follow from the rows of the flow before it. */
  readNumbers(row: number, into: BaseRows, at: number): void {
    const block = this.recording.block(row);
    const i = Recording.at(row);
    const own = block.flowEnd[i] as number;
    const recorded = block.traits[i] as number;
    const flags = flagsOf(recorded);
    const seq = this.relative(own, block.seq[i] as number);
    const hasAck = (flags & TcpFlag.Ack) !== 0;
    const ack = hasAck ? this.relative(own ^ 1, block.ack[i] as number) : Number.NaN;
    const isForeign =
      (recorded & Trait.Foreign) !== 0 || !this.reaches(own, seq) || (hasAck && !this.reaches(own ^ 1, ack));
    if (isForeign) into.traits[at] = (into.traits[at] as number) | Trait.Foreign;
    else if ((flags & TcpFlag.Rst) === 0) {
      this.raise(own, seq);
      if (hasAck) this.raise(own ^ 1, ack);
    }
    into.seq[at] = seq;
    into.ack[at] = ack;
    this.readSack(row, recorded, own ^ 1, into, at);
  }

  private readSack(row: number, traits: number, peer: number, into: BaseRows, at: number): void {
    const sack = (traits & Trait.Sack) === 0 ? -1 : this.recording.sackOf(row);
    into.sackLeft[at] = sack < 0 ? Number.NaN : this.relative(peer, this.recording.sackEdge(sack, 'left'));
    into.sackRight[at] = sack < 0 ? Number.NaN : this.relative(peer, this.recording.sackEdge(sack, 'right'));
  }

  private relative(end: number, number: number): number {
    const wrapped = (number - (this.table.first[end] as number)) >>> 0;
    const reached = this.reached[end] as number;
    if (Number.isNaN(reached)) return wrapped > BEFORE ? wrapped - WRAP : wrapped;
    return reached + ((wrapped - reached) | 0);
  }

  private reaches(end: number, number: number): boolean {
    // Also true where nothing came before.
    return !(Math.abs(number - (this.reached[end] as number)) > REACH);
  }

  private raise(end: number, number: number): void {
    if (!((this.reached[end] as number) >= number)) this.reached[end] = number;
  }

  /** The window of a SYN is never scaled (RFC 7323, 2.2). */
  private windowOf(end: number, window: number, flags: number): number {
    return (flags & TcpFlag.Syn) !== 0 ? window : window * (this.table.scale[end] as number);
  }

  private captureOf(row: number): number {
    const { files } = this.recording;
    let [low, high] = [0, files.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((files[middle]?.from ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return this.captures[low] ?? 0;
  }
}
