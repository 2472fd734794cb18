/**
 * A chunk of lane rows, a frame each, as columns and as bytes: what is stored at the finest level.
 * The trap: columns lie in the buffer by falling width, so that every typed array is aligned.
 */

/** Rows of a chunk; a lane of a flow begins anywhere in one. */
export const CHUNK_ROWS = 8192;

export interface Rows {
  readonly rows: number;
  /** ns since the timeline's origin, ascending within a lane. */
  readonly time: Float64Array;
  /** Relative, as in a `Tile`; NaN where it has none. */
  readonly seq: Float64Array;
  readonly ack: Float64Array;
  readonly sackLeft: Float64Array;
  readonly sackRight: Float64Array;
  readonly length: Uint32Array;
  readonly window: Uint32Array;
  readonly frame: Uint32Array;
  /** Position in the report's `flows`, or `NO_FLOW`. */
  readonly flow: Uint32Array;
  /** Position in the report's `captures`. */
  readonly capture: Uint16Array;
  readonly mark: Uint8Array;
  readonly flags: Uint8Array;
  /** 0: the client sent it; 1: the server; 2: nobody knows. */
  readonly from: Uint8Array;
}

/** `numbers`: sequence and acknowledgement, which lanes of one flow have. */
interface Layout {
  readonly numbers: boolean;
  readonly sack: boolean;
}

const MAGIC = 0x31525453; // STR1
const HEADER_BYTES = 16;
/** What a chunk without such columns shares: rows beyond it are never asked for. */
const NOTHING = new Float64Array(CHUNK_ROWS).fill(Number.NaN);

const rowBytes = ({ numbers, sack }: Layout): number => 8 + (numbers ? 16 : 0) + (sack ? 16 : 0) + 16 + 2 + 3;

/** Columns to be filled in, all zero; bytes of `buffer` are what is stored. */
export function makeRows(rows: number, layout: Layout): Rows & { buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(HEADER_BYTES + rows * rowBytes(layout));
  const header = new DataView(buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, rows, true);
  header.setUint32(8, (layout.numbers ? 1 : 0) | (layout.sack ? 2 : 0), true);
  return { ...viewRows(buffer, rows, layout), buffer };
}

/** @returns null where the bytes are no such chunk */
export function decodeRows(bytes: Uint8Array): Rows | null {
  const isOwn = bytes.byteOffset % 8 === 0 && bytes.buffer instanceof ArrayBuffer;
  const own = isOwn ? bytes : bytes.slice();
  if (own.length < HEADER_BYTES) return null;
  const header = new DataView(own.buffer, own.byteOffset);
  const rows = header.getUint32(4, true);
  const bits = header.getUint32(8, true);
  const layout = { numbers: (bits & 1) !== 0, sack: (bits & 2) !== 0 };
  const fits = header.getUint32(0, true) === MAGIC && rows <= CHUNK_ROWS;
  if (!fits || own.length < HEADER_BYTES + rows * rowBytes(layout)) return null;
  return viewRows(own.buffer as ArrayBuffer, rows, layout, own.byteOffset);
}

function viewRows(buffer: ArrayBuffer, rows: number, { numbers, sack }: Layout, begin = 0): Rows {
  let at = begin + HEADER_BYTES;
  const floats = (isThere: boolean): Float64Array => {
    if (!isThere) return NOTHING.subarray(0, rows);
    at += 8 * rows;
    return new Float64Array(buffer, at - 8 * rows, rows);
  };
  const words = (): Uint32Array => {
    at += 4 * rows;
    return new Uint32Array(buffer, at - 4 * rows, rows);
  };
  const octets = (): Uint8Array => {
    at += rows;
    return new Uint8Array(buffer, at - rows, rows);
  };
  const time = floats(true);
  const [seq, ack] = [floats(numbers), floats(numbers)];
  const [sackLeft, sackRight] = [floats(sack), floats(sack)];
  const [length, window, frame, flow] = [words(), words(), words(), words()];
  const capture = new Uint16Array(buffer, at, rows);
  at += 2 * rows;
  const [mark, flags, from] = [octets(), octets(), octets()];
  return {
    rows,
    time,
    seq,
    ack,
    sackLeft,
    sackRight,
    length,
    window,
    frame,
    flow,
    capture,
    mark,
    flags,
    from,
  };
}
