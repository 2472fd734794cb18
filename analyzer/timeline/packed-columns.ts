/**
 * Columns of numbers in as few bytes as their range needs: each as its least value, and what every row has beyond
 * that. Times, frame numbers and sequence numbers of neighbours are near each other, so most take two to four bytes.
 * The trap: NaN is a value here (stored as 0), and numbers that span 2^48 or are not whole are kept as they are.
 */

/** A typed array of any kind. */
export type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Width, and the least value. */
const HEADER_BYTES = 9;
const RAW = 8;
const WIDEST = 2 ** 48;
const WORD = 2 ** 32;

/** The first `rows` of every column. */
export function packColumns(columns: readonly Column[], rows: number): Uint8Array {
  const shapes = columns.map((column) => shapeOf(column, rows));
  const size = shapes.reduce((sum, { width }) => sum + HEADER_BYTES + width * rows, 4);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, rows, true);
  let at = 4;
  for (const [i, column] of columns.entries()) {
    const shape = shapes[i] as Shape;
    view.setUint8(at, shape.width | (shape.hasHoles ? HOLES : 0));
    view.setFloat64(at + 1, shape.zero, true);
    writeColumn(view, at + HEADER_BYTES, column, rows, shape);
    at += HEADER_BYTES + shape.width * rows;
  }
  return new Uint8Array(view.buffer);
}

export function packedRows(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
}

/** Fills `columns`, which have room for `packedRows` each, and are those that were packed. */
export function unpackColumns(bytes: Uint8Array, columns: readonly Column[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows = view.getUint32(0, true);
  let at = 4;
  for (const column of columns) {
    const kind = view.getUint8(at);
    const width = kind & ~HOLES;
    const zero = view.getFloat64(at + 1, true);
    readColumn(view, at + HEADER_BYTES, column, rows, { width, zero, hasHoles: kind !== width });
    at += HEADER_BYTES + width * rows;
  }
}

interface Shape {
  /** Bytes a row. */
  readonly width: number;
  /** What a stored 0 stands for, unless it stands for NaN. */
  readonly zero: number;
  readonly hasHoles: boolean;
}

const HOLES = 0x80;

function shapeOf(column: Column, rows: number): Shape {
  return column instanceof Float64Array ? shapeOfFloats(column, rows) : shapeOfWords(column, rows);
}

function shapeOfFloats(column: Float64Array, rows: number): Shape {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [holes, broken] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const value = column[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
    if (Number.isNaN(value)) holes += 1;
    else if (Math.floor(value) !== value) broken += 1;
  }
  if (holes === rows) return { width: 0, zero: Number.NaN, hasHoles: false };
  const isNear = most - least < WIDEST && Number.isSafeInteger(least) && Number.isSafeInteger(most);
  if (broken > 0 || !isNear) return { width: RAW, zero: 0, hasHoles: false };
  const zero = holes > 0 ? least - 1 : least;
  return { width: bytesOf(most - zero), zero, hasHoles: holes > 0 };
}

function shapeOfWords(column: Exclude<Column, Float64Array>, rows: number): Shape {
  let [least, most] = [column[0] ?? 0, column[0] ?? 0];
  for (let i = 1; i < rows; i++) {
    const value = column[i] as number;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { width: bytesOf(most - least), zero: least, hasHoles: false };
}

function bytesOf(span: number): number {
  let width = 0;
  for (let left = span; left >= 1; left = Math.floor(left / 256)) width += 1;
  return width;
}

function writeColumn(view: DataView, at: number, column: Column, rows: number, shape: Shape): void {
  const { width, zero, hasHoles } = shape;
  if (width === 0) return;
  if (width === RAW) {
    for (let i = 0; i < rows; i++) view.setFloat64(at + RAW * i, column[i] as number, true);
    return;
  }
  for (let i = 0; i < rows; i++) {
    const value = column[i] as number;
    writeWord(view, at + width * i, width, hasHoles && Number.isNaN(value) ? 0 : value - zero);
  }
}

/** Little endian. */
function writeWord(view: DataView, at: number, width: number, value: number): void {
  if (width === 1) view.setUint8(at, value);
  else if (width === 2) view.setUint16(at, value, true);
  else if (width === 3) {
    view.setUint16(at, value & 0xffff, true);
    view.setUint8(at + 2, value >>> 16);
  } else {
    view.setUint32(at, value % WORD, true);
    if (width > 4) writeWord(view, at + 4, width - 4, Math.floor(value / WORD));
  }
}

function readColumn(view: DataView, at: number, column: Column, rows: number, shape: Shape): void {
  const { width, zero, hasHoles } = shape;
  if (width === 0) {
    column.fill(zero, 0, rows);
    return;
  }
  for (let i = 0; i < rows; i++) column[i] = zero + readWord(view, at + width * i, width);
  if (hasHoles) for (let i = 0; i < rows; i++) if (column[i] === zero) column[i] = Number.NaN;
}

/** Little endian, as it was written. */
function readWord(view: DataView, at: number, width: number): number {
  switch (width) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getUint32(at, true) + view.getUint8(at + 4) * WORD;
    case 6:
      return view.getUint32(at, true) + view.getUint16(at + 4, true) * WORD;
    case 7:
      return (
        view.getUint32(at, true) + view.getUint16(at + 4, true) * WORD + view.getUint8(at + 6) * WORD * 65_536
      );
    default:
      return view.getFloat64(at, true);
  }
}
