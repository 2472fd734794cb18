/**
 * Rows of a lane as they are, a frame each, in columns. A chunk holds so many of them.
 * The trap: a chunk of flows' lanes holds several lanes, one after the other; only within one is it ordered by time.
 */
import { type Column, packColumns, packedRows, unpackColumns } from './packed-columns.ts';

export const CHUNK_ROWS = 4096;

/** Times are ns since the timeline's origin; numbers are relative, and do not wrap. NaN where there is none, and in lanes of all flows. */
export class BaseRows {
  rows = 0;
  readonly time: Float64Array;
  readonly seq: Float64Array;
  readonly ack: Float64Array;
  readonly sackLeft: Float64Array;
  readonly sackRight: Float64Array;
  /** In bytes, as far as the scale is known. */
  readonly window: Float64Array;
  readonly length: Uint32Array;
  readonly frame: Uint32Array;
  readonly flow: Uint32Array;
  readonly capture: Uint16Array;
  readonly traits: Uint16Array;

  constructor(room: number) {
    this.time = new Float64Array(room);
    this.seq = new Float64Array(room).fill(Number.NaN);
    this.ack = new Float64Array(room).fill(Number.NaN);
    this.sackLeft = new Float64Array(room).fill(Number.NaN);
    this.sackRight = new Float64Array(room).fill(Number.NaN);
    this.window = new Float64Array(room);
    this.length = new Uint32Array(room);
    this.frame = new Uint32Array(room);
    this.flow = new Uint32Array(room);
    this.capture = new Uint16Array(room);
    this.traits = new Uint16Array(room);
  }
}

// The order is that of the bytes.
const columnsOf = (r: BaseRows): readonly Column[] => [
  r.time,
  r.seq,
  r.ack,
  r.sackLeft,
  r.sackRight,
  r.window,
  r.length,
  r.frame,
  r.flow,
  r.capture,
  r.traits,
];

export const packRows = (rows: BaseRows): Uint8Array => packColumns(columnsOf(rows), rows.rows);

export function unpackRows(bytes: Uint8Array): BaseRows {
  const rows = new BaseRows(packedRows(bytes));
  rows.rows = packedRows(bytes);
  unpackColumns(bytes, columnsOf(rows));
  return rows;
}
