/**
 * One vantage's time-sequence graph as pixel columns: bytes sent, acknowledged, allowed, selectively acknowledged;
 * and the range of bytes that all of it needs. Bounded by the width of the screen.
 * The trap: a bucket of several frames spans from its first to its last byte, but need not hold all between them:
 * `bytes` tells, and what is not full is drawn thin.
 */
import { Mark } from '../../analyzer/index.ts';
import { type LaneColumns, toColumns } from './columns.ts';
import type { TimeScale } from './scale.ts';
import type { LaneData, Slice } from './slices.ts';

/** An entry a pixel column; NaN where it has none. */
export interface SequenceColumns {
  readonly width: number;
  readonly seqLow: Float64Array;
  readonly seqHigh: Float64Array;
  readonly bytes: Float64Array;
  readonly ackLow: Float64Array;
  readonly ackHigh: Float64Array;
  readonly edge: Float64Array;
  readonly sackLow: Float64Array;
  readonly sackHigh: Float64Array;
  /** Acknowledged, and allowed, when the window of time begins. */
  readonly ackBefore: number;
  readonly edgeBefore: number;
  /** Marks of both lanes, for shapes and for what is under the pointer. */
  readonly data: LaneColumns;
  readonly acks: LaneColumns;
}

const COLUMNS = ['seqLow', 'seqHigh', 'ackLow', 'ackHigh', 'edge', 'sackLow', 'sackHigh'] as const;
type Name = (typeof COLUMNS)[number];

export function toSequence(data: LaneData, acks: LaneData, scale: TimeScale): SequenceColumns {
  const dataColumns = toColumns(data, scale);
  const { width } = dataColumns;
  const made = Object.fromEntries(
    COLUMNS.map((name) => [name, new Float64Array(width).fill(Number.NaN)]),
  ) as Record<Name, Float64Array>;
  const columns: SequenceColumns = {
    width,
    ...made,
    bytes: new Float64Array(width),
    ackBefore: acks.before?.tile.ackMax[acks.before.row] ?? Number.NaN,
    edgeBefore: acks.before?.tile.edgeMax[acks.before.row] ?? Number.NaN,
    data: dataColumns,
    acks: toColumns(acks, scale),
  };
  for (const slice of data.slices) addRows(slice, scale, width, (x, row) => addData(columns, slice, x, row));
  for (const slice of acks.slices) addRows(slice, scale, width, (x, row) => addAck(columns, slice, x, row));
  return columns;
}

function addRows(slice: Slice, scale: TimeScale, width: number, add: (x: number, row: number) => void): void {
  const { tile, provisional } = slice;
  for (let row = slice.first; row < slice.last; row++) {
    const start = Math.floor(scale.x(Math.max(tile.start[row]!, slice.from)));
    const end = provisional ? Math.floor(scale.x(Math.min(tile.end[row]!, slice.to))) : start;
    for (let x = Math.max(0, start); x <= end && x < width; x++) add(x, row);
  }
}

function addData(columns: SequenceColumns, { tile }: Slice, x: number, row: number): void {
  lower(columns.seqLow, x, tile.seqMin[row]!);
  raise(columns.seqHigh, x, tile.seqMax[row]!);
  columns.bytes[x]! += tile.bytes[row]!;
}

function addAck(columns: SequenceColumns, { tile }: Slice, x: number, row: number): void {
  lower(columns.ackLow, x, tile.ackMin[row]!);
  raise(columns.ackHigh, x, tile.ackMax[row]!);
  raise(columns.edge, x, tile.edgeMax[row]!);
  if (((tile.marks[row]! >> Mark.Sack) & 1) === 0 && Number.isNaN(tile.sackMin[row]!)) return;
  lower(columns.sackLow, x, tile.sackMin[row]!);
  raise(columns.sackHigh, x, tile.sackMax[row]!);
}

function lower(column: Float64Array, x: number, value: number): void {
  if (!(column[x]! <= value) && !Number.isNaN(value)) column[x] = value;
}

function raise(column: Float64Array, x: number, value: number): void {
  if (!(column[x]! >= value) && !Number.isNaN(value)) column[x] = value;
}

export interface ByteRange {
  readonly low: number;
  readonly high: number;
}

/** The window counts where it is not so far above the data that it would press it flat. */
const MOST_WINDOW = 2;

/** What is visible, of all vantages: equal bytes stand at equal heights. */
export function fitBytes(all: readonly SequenceColumns[]): ByteRange {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let edge = Number.NEGATIVE_INFINITY;
  for (const { seqLow, seqHigh, ackLow, ackHigh, sackHigh, edge: edges, width } of all) {
    for (let x = 0; x < width; x++) {
      if (seqLow[x]! < low) low = seqLow[x]!;
      if (ackLow[x]! < low) low = ackLow[x]!;
      if (seqHigh[x]! > high) high = seqHigh[x]!;
      if (ackHigh[x]! > high) high = ackHigh[x]!;
      if (sackHigh[x]! > high) high = sackHigh[x]!;
      if (edges[x]! > edge) edge = edges[x]!;
    }
  }
  if (!(low <= high)) return { low: 0, high: 1 };
  const span = Math.max(high - low, 1);
  if (edge > high && edge - high <= MOST_WINDOW * span) high = edge;
  return { low, high: Math.max(high, low + 1) };
}

/** Sent and not acknowledged when `time` came, of what is loaded. null: nothing before it is in view. */
export function inFlightAt(
  data: LaneData,
  acks: LaneData,
  time: number,
): { from: number; to: number } | null {
  const to = mostBefore(data, time, 'seqMax');
  const from = mostBefore(acks, time, 'ackMax');
  return from === null || to === null || to <= from ? null : { from, to };
}

function mostBefore({ slices }: LaneData, time: number, column: 'seqMax' | 'ackMax'): number | null {
  let most = Number.NEGATIVE_INFINITY;
  for (const { tile, first, last } of slices)
    for (let row = first; row < last && tile.end[row]! <= time; row++)
      if (tile[column][row]! > most) most = tile[column][row]!;
  return Number.isFinite(most) ? most : null;
}
