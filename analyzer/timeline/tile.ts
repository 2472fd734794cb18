/**
 * A tile: what a lane holds in a window of time, aggregated into buckets of 2^resolution ns, as
 * parallel columns and as bytes. The format is public to `server/` and `ui/`; version 1.
 * The trap: columns lie in the buffer by falling width, so that every typed array is aligned; a
 * tile that is decoded shares the buffer and must not outlive a transfer of it.
 *
 * A lane is named `v<vantage>` (all flows, both directions) or `v<vantage>.<flow id>.c` / `.s` (what
 * the client, or the server, of that flow sent). Its tile number `i` at resolution `r` covers
 * [i * BUCKETS * 2^r, (i + 1) * BUCKETS * 2^r) ns since the timeline's origin; empty buckets are left out.
 */

/** Buckets that a tile covers. */
export const BUCKETS = 512;
/** A bucket of one ns up to one of 104 days. */
export const LEAST_RESOLUTION = 0;
export const GREATEST_RESOLUTION = 53;

/** All columns have `rows` entries, ordered by time. Times are ns since the timeline's origin. Numbers that no frame has are NaN. */
export interface Tile {
  readonly rows: number;
  /** Time of the first and of the last frame in the bucket. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly count: Uint32Array;
  /** Payload bytes. */
  readonly bytes: Float64Array;
  /** First byte and the one after the last that the frames carry, relative to the sender's first sequence number, the same at every vantage. All NaN in a lane of all flows. */
  readonly seqMin: Float64Array;
  readonly seqMax: Float64Array;
  /** What the frames acknowledge, relative to the other side's first sequence number. */
  readonly ackMin: Float64Array;
  readonly ackMax: Float64Array;
  /** Right edge of the window that they allow: acknowledgement plus window, in the other side's numbers. */
  readonly edgeMax: Float64Array;
  readonly windowMin: Float64Array;
  /** Newest SACK blocks: least left and greatest right edge. */
  readonly sackMin: Float64Array;
  readonly sackMax: Float64Array;
  /** The frame of the greatest `Mark`; of several, the earliest. */
  readonly worstTime: Float64Array;
  readonly worstSeq: Float64Array;
  readonly worstLength: Uint32Array;
  readonly worstFrame: Uint32Array;
  /** Position in the report's `flows`; 0xffffffff where the report does not have it. */
  readonly worstFlow: Uint32Array;
  readonly firstFrame: Uint32Array;
  readonly lastFrame: Uint32Array;
  /** Position in the report's `captures`. */
  readonly worstCapture: Uint16Array;
  readonly firstCapture: Uint16Array;
  readonly lastCapture: Uint16Array;
  /** Bit `1 << mark` for every kind that is in the bucket. */
  readonly marks: Uint16Array;
  readonly worst: Uint8Array;
}

export const NO_FLOW = 0xffffffff;

const FLOATS = [
  'start',
  'end',
  'bytes',
  'seqMin',
  'seqMax',
  'ackMin',
  'ackMax',
  'edgeMax',
  'windowMin',
  'sackMin',
  'sackMax',
  'worstTime',
  'worstSeq',
] as const;
const WORDS = ['count', 'worstLength', 'worstFrame', 'worstFlow', 'firstFrame', 'lastFrame'] as const;
const SHORTS = ['worstCapture', 'firstCapture', 'lastCapture', 'marks'] as const;

/** `STL1` and the number of rows. */
const HEADER_BYTES = 8;
const MAGIC = 0x314c5453;
const ROW_BYTES = 8 * FLOATS.length + 4 * WORDS.length + 2 * SHORTS.length + 1;

/** A tile of zeros to be filled in. */
export function emptyTile(rows: number): Tile {
  return viewTile(makeBuffer(rows), rows);
}

/** The bytes of a tile, shared with it. Tiles that were made by `emptyTile` or `decodeTile` only. */
export function encodeTile(tile: Tile): Uint8Array {
  return new Uint8Array(tile.start.buffer as ArrayBuffer, 0, HEADER_BYTES + ROW_BYTES * tile.rows);
}

/** Columns over `bytes`, without a copy where they are aligned. @returns null where the bytes are no tile */
export function decodeTile(bytes: ArrayBuffer | Uint8Array): Tile | null {
  const given = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const owned = given.byteOffset === 0 && given.buffer instanceof ArrayBuffer ? given : given.slice();
  const buffer = owned.buffer as ArrayBuffer;
  if (owned.length < HEADER_BYTES) return null;
  const header = new DataView(buffer);
  const rows = header.getUint32(4, true);
  const isTile = header.getUint32(0, true) === MAGIC && owned.length >= HEADER_BYTES + ROW_BYTES * rows;
  return isTile ? viewTile(buffer, rows) : null;
}

function makeBuffer(rows: number): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER_BYTES + ROW_BYTES * rows);
  const header = new DataView(buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, rows, true);
  return buffer;
}

function viewTile(buffer: ArrayBuffer, rows: number): Tile {
  let at = HEADER_BYTES;
  const columns: Record<string, Float64Array | Uint32Array | Uint16Array | Uint8Array> = {};
  for (const name of FLOATS) {
    columns[name] = new Float64Array(buffer, at, rows);
    at += 8 * rows;
  }
  for (const name of WORDS) {
    columns[name] = new Uint32Array(buffer, at, rows);
    at += 4 * rows;
  }
  for (const name of SHORTS) {
    columns[name] = new Uint16Array(buffer, at, rows);
    at += 2 * rows;
  }
  columns.worst = new Uint8Array(buffer, at, rows);
  return { rows, ...columns } as unknown as Tile;
}
