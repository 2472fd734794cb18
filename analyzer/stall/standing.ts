/**
 * What came by since something last moved, and how both ends stood when it
 * began. Of most flows that is the close, or a repeated acknowledgment that the
 * next byte makes forgotten: so the first few segments are kept as numbers in
 * rows of the vantage, and become objects only where somebody asks for them.
 * The trap: rows stay the flow's own; a flow that moves on writes over them.
 */
import type { Frame } from '../../packet/wire/frame.ts';
import type { EndIndex } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { Side } from '../tcp/side.ts';
import { type SegmentEvent, segmentEvent } from './segment-event.ts';

/** IP identification of both ends as it stood when the silence began. */
export interface IpIdMark {
  readonly id: number;
  readonly step: number;
  /** The series had been regular so far: a jump in it means packets that were not seen. */
  readonly counts: boolean;
}

/** How both ends stood before the first segment that moved nothing. */
export interface Stood {
  readonly ipId: readonly [IpIdMark, IpIdMark];
  /** Newest timestamp value of both ends (-1 where none), and the ticks a second of its clock (0 where unknown). */
  readonly tsVal: readonly [number, number];
  readonly tickRate: readonly [number, number];
  /** Windows that were in force, unscaled; -1 unknown. */
  readonly window: readonly [number, number];
  /** Newest segment of each end; NO_FRAME where none. */
  readonly lastOf: readonly [FrameId, FrameId];
  /** Newest segment of each end that brought new bytes; NO_FRAME where none. */
  readonly lastData: readonly [FrameId, FrameId];
  /** Times that loss had shown in the flow. */
  readonly lossBefore: number;
  /** Data segments of both ends. */
  readonly dataBefore: number;
}

const MAX_EVENTS = 384;
/** When the log is full its middle goes: how a silence began and how it ended tell most. */
const KEEP_HEAD = 192;
const DROP = 96;

/** A close is three segments, sometimes four. */
const ROWS = 4;
const COLUMNS = 14;
/** Of each end: identification, its step, whether it counts, timestamp, tick rate, window, newest segment, newest data. */
const STOOD = 8;
const BLOCK = ROWS * COLUMNS + 2 * STOOD + 2;
const LOSS = BLOCK - 2;
const DATA = BLOCK - 1;
const BLOCKS = 256;

/** Where the flows of one vantage keep their rows: one array a flow would cost more than what it holds. */
export class StandingRows {
  private chunk = new Float64Array(0);
  private used = BLOCKS;

  /** Room for one flow, from `at` on. */
  take(): { readonly numbers: Float64Array; readonly at: number } {
    if (this.used === BLOCKS) {
      this.chunk = new Float64Array(BLOCKS * BLOCK);
      this.used = 0;
    }
    const at = this.used * BLOCK;
    this.used += 1;
    return { numbers: this.chunk, at };
  }
}

/** Bits of a segment that is part of an orderly close, or says nothing. */
const ORDERLY = Segment.Fin | Segment.FinAcked | Segment.PureAck | Segment.WindowUpdate;

export class Standing {
  /** Segments that were dropped out of the middle. */
  dropped = 0;
  private readonly store: StandingRows;
  private numbers: Float64Array | null = null;
  private at = 0;
  private rows = 0;
  /** Null while rows hold all of them. */
  private more: SegmentEvent[] | null = null;
  private isMarked = false;

  constructor(store: StandingRows) {
    this.store = store;
  }

  get isEmpty(): boolean {
    return this.rows === 0 && this.more === null;
  }

  /** Something moved. */
  clear(): void {
    this.rows = 0;
    this.more = null;
    this.isMarked = false;
    this.dropped = 0;
  }

  /** Call before the ends take the segment in. */
  add(frame: Frame, id: FrameId, sender: EndIndex, bits: number, sides: readonly [Side, Side]): void {
    if (this.more !== null || this.rows === ROWS) {
      this.addEvent(segmentEvent(frame, id, sender, bits), sides);
      return;
    }
    this.mark(sides);
    const n = this.numbers as Float64Array;
    const at = this.at + this.rows * COLUMNS;
    n[at] = frame.time;
    n[at + 1] = id;
    n[at + 2] = sender;
    n[at + 3] = bits;
    n[at + 4] = frame.seq;
    n[at + 5] = frame.ack;
    n[at + 6] = frame.payloadLength;
    n[at + 7] = frame.flags;
    n[at + 8] = frame.window;
    n[at + 9] = frame.ttl;
    n[at + 10] = frame.ipId;
    n[at + 11] = frame.macSource;
    n[at + 12] = frame.hasTimestamps ? frame.tsVal : -1;
    n[at + 13] = frame.hasTimestamps ? frame.tsEcr : -1;
    this.rows += 1;
  }

  addEvent(event: SegmentEvent, sides: readonly [Side, Side]): void {
    this.mark(sides);
    this.more ??= this.materialized();
    this.rows = 0;
    if (this.more.length >= MAX_EVENTS) {
      this.more.splice(KEEP_HEAD, DROP);
      this.dropped += DROP;
    }
    this.more.push(event);
  }

  /** An orderly close at most, within `span` of `start`: each end said once that it closes, and nothing else was said. */
  isClose(start: number, span: number): boolean {
    if (this.more !== null) return false;
    const n = this.numbers;
    const fins = [0, 0];
    for (let row = 0; row < this.rows && n !== null; row++) {
      const at = this.at + row * COLUMNS;
      const bits = n[at + 3] as number;
      if ((bits & ~ORDERLY) !== 0 || (n[at] as number) - start >= span) return false;
      if ((bits & Segment.Fin) !== 0) fins[n[at + 2] as number] = (fins[n[at + 2] as number] as number) + 1;
    }
    return (fins[0] as number) <= 1 && (fins[1] as number) <= 1;
  }

  /** Hands over what came by; the log is empty then. */
  takeEvents(): SegmentEvent[] {
    const events = this.more ?? this.materialized();
    this.rows = 0;
    this.more = null;
    this.isMarked = false;
    return events;
  }

  /** How the ends stood before the first of them; as they stand now where there was none. */
  stood(sides: readonly [Side, Side]): Stood {
    this.mark(sides);
    const n = this.numbers as Float64Array;
    const at = this.at + ROWS * COLUMNS;
    const two = (column: number): [number, number] => [
      n[at + column] as number,
      n[at + STOOD + column] as number,
    ];
    const [id, step, counts] = [two(0), two(1), two(2)];
    return {
      ipId: [
        { id: id[0], step: step[0], counts: counts[0] === 1 },
        { id: id[1], step: step[1], counts: counts[1] === 1 },
      ],
      tsVal: two(3),
      tickRate: two(4),
      window: two(5),
      lastOf: two(6),
      lastData: two(7),
      lossBefore: n[this.at + LOSS] as number,
      dataBefore: n[this.at + DATA] as number,
    };
  }

  /** Before the first segment of a silence the ends still stand as when it began. */
  private mark(sides: readonly [Side, Side]): void {
    if (this.isMarked) return;
    this.isMarked = true;
    if (this.numbers === null) {
      const { numbers, at } = this.store.take();
      this.numbers = numbers;
      this.at = at;
    }
    const n = this.numbers;
    let at = this.at + ROWS * COLUMNS;
    for (let end = 0; end < 2; end++) {
      const side = sides[end] as Side;
      n[at] = side.ipId;
      n[at + 1] = side.ipIdStep;
      n[at + 2] = side.ipIdCounts ? 1 : 0;
      n[at + 3] = side.tsVal;
      n[at + 4] = side.tickRate;
      n[at + 5] = side.window;
      n[at + 6] = side.lastFrame;
      n[at + 7] = side.lastDataFrame;
      at += STOOD;
    }
    n[this.at + LOSS] = sides[0].lossEpisodes + sides[1].lossEpisodes;
    n[this.at + DATA] = sides[0].dataSegments + sides[1].dataSegments;
  }

  private materialized(): SegmentEvent[] {
    const events: SegmentEvent[] = [];
    const n = this.numbers;
    if (n === null) return events;
    for (let row = 0; row < this.rows; row++) {
      const at = this.at + row * COLUMNS;
      events.push({
        time: n[at] as number,
        id: n[at + 1] as number,
        sender: n[at + 2] === 0 ? 0 : 1,
        bits: n[at + 3] as number,
        seq: n[at + 4] as number,
        ack: n[at + 5] as number,
        length: n[at + 6] as number,
        flags: n[at + 7] as number,
        window: n[at + 8] as number,
        ttl: n[at + 9] as number,
        ipId: n[at + 10] as number,
        mac: n[at + 11] as number,
        tsVal: n[at + 12] as number,
        tsEcr: n[at + 13] as number,
        icmp: -1,
      });
    }
    return events;
  }
}
