/**
 * Where a timeline's chunks are: small enough to be kept in memory, while the chunks stay where
 * they are stored. As bytes: a JSON text that names arrays, and the arrays behind it.
 * The trap: a vantage has two lanes for each of thousands of flows, so flows are columns here.
 */
import type { FlowLane } from './lane-index.ts';

/** Chunks of rows, one after the other. */
export interface Series {
  readonly rows: number;
  /** Number of each chunk. */
  readonly chunks: Uint32Array;
  /** Time of each chunk's first row. */
  readonly first: Float64Array;
}

/** Buckets of 2^resolution ns. */
export interface Level {
  readonly resolution: number;
  readonly series: Series;
}

export interface VantageLanes {
  /** Frames of all flows, by time, and their levels, finest first. */
  readonly all: Series;
  readonly levels: readonly Level[];
  /** The same frames by flow, sender (client first) and time. */
  readonly byFlow: Series;
  /** Positions in the report's `flows`, ascending; one entry a flow in the columns that follow. */
  readonly flow: Uint32Array;
  /** First row in `byFlow`. */
  readonly row: Uint32Array;
  readonly clientRows: Uint32Array;
  readonly serverRows: Uint32Array;
  /** Levels of the long ones of those lanes, by their first row in `byFlow`. */
  readonly flowLevels: readonly { readonly row: number; readonly levels: readonly Level[] }[];
}

/** All of it, as it is stored. */
export interface DirectoryColumns {
  /** `Capture.id`, by position in the report's `captures`. */
  readonly captures: readonly string[];
  /** `Flow.id`, by position in the report's `flows`. */
  readonly flows: readonly string[];
  readonly vantages: readonly VantageLanes[];
}

const KINDS = { f64: Float64Array, u32: Uint32Array } as const;
type Kind = keyof typeof KINDS;
type Column = Float64Array | Uint32Array;

/** `[kind, offset behind the text, length]` */
type Placed = { $: [Kind, number, number] };

export function encodeDirectory(directory: DirectoryColumns): Uint8Array {
  const columns: Column[] = [];
  let size = 0;
  const text = JSON.stringify(directory, (_, value: unknown): unknown => {
    if (!isColumn(value)) return value;
    const placed: Placed = { $: [kindOf(value), size, value.length] };
    columns.push(value);
    size += roundUp(value.byteLength);
    return placed;
  });
  const head = new TextEncoder().encode(text);
  const begin = roundUp(HEADER_BYTES + head.length);
  const bytes = new Uint8Array(begin + size);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, head.length, true);
  bytes.set(head, HEADER_BYTES);
  let at = begin;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += roundUp(column.byteLength);
  }
  return bytes;
}

/** A directory as it is asked. Opening one costs little, but keep it for a while: every tile needs it. */
export class LaneDirectory {
  readonly columns: DirectoryColumns;

  constructor(columns: DirectoryColumns) {
    this.columns = columns;
  }

  /** Lanes of all flows, `v0` and so on: how many. */
  get vantages(): number {
    return this.columns.vantages.length;
  }

  /** Lanes that hold anything, in the order of the path, the client's first. `flow`: position in the report's `flows`. */
  lanesOfFlow(flow: number): FlowLane[] {
    const id = this.columns.flows[flow];
    return this.columns.vantages.flatMap((lanes, vantage): FlowLane[] => {
      const entry = entryOf(lanes, flow);
      if (entry < 0) return [];
      const own = (from: 'client' | 'server', rows: Uint32Array): FlowLane => ({
        lane: `v${vantage}.${id}.${from === 'client' ? 'c' : 's'}`,
        vantage,
        from,
        frames: rows[entry] as number,
      });
      return [own('client', lanes.clientRows), own('server', lanes.serverRows)].filter((l) => l.frames > 0);
    });
  }
}

/** Position of a flow in the columns of a vantage; -1 where it was not seen there. */
export function entryOf({ flow }: VantageLanes, position: number): number {
  let [low, high] = [0, flow.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = flow[middle] as number;
    if (found === position) return middle;
    if (found < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** @throws Error on bytes that are no directory of this version */
export function openDirectory(bytes: Uint8Array): LaneDirectory {
  const isAligned = bytes.byteOffset % 8 === 0 && bytes.buffer instanceof ArrayBuffer;
  const own = isAligned ? bytes : bytes.slice();
  const header = new DataView(own.buffer, own.byteOffset, own.length);
  if (own.length < HEADER_BYTES || header.getUint32(0, true) !== MAGIC) {
    throw new Error('these bytes are no directory of a timeline of this version');
  }
  const length = header.getUint32(4, true);
  const begin = own.byteOffset + roundUp(HEADER_BYTES + length);
  const text = new TextDecoder().decode(own.subarray(HEADER_BYTES, HEADER_BYTES + length));
  const columns = JSON.parse(text, (_, value: unknown): unknown => {
    if (!isPlaced(value)) return value;
    const [kind, offset, count] = value.$;
    return new KINDS[kind](own.buffer as ArrayBuffer, begin + offset, count);
  });
  return new LaneDirectory(columns as DirectoryColumns);
}

/** `STD1` and the length of the text. */
const HEADER_BYTES = 8;
const MAGIC = 0x31445453;

const isColumn = (value: unknown): value is Column =>
  value instanceof Float64Array || value instanceof Uint32Array;

const kindOf = (column: Column): Kind => (column instanceof Float64Array ? 'f64' : 'u32');

const isPlaced = (value: unknown): value is Placed =>
  typeof value === 'object' && value !== null && '$' in value;

const roundUp = (bytes: number): number => (bytes + 7) & ~7;

/** Numbers that grow, and a typed array of them in the end. */
export class SeriesBuilder {
  rows = 0;
  private readonly chunks: number[] = [];
  private readonly first: number[] = [];

  add(chunk: number, first: number): void {
    this.chunks.push(chunk);
    this.first.push(first);
  }

  build(rows = this.rows): Series {
    return { rows, chunks: Uint32Array.from(this.chunks), first: Float64Array.from(this.first) };
  }
}
