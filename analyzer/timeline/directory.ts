/**
 * The directory of lanes: which chunks hold which rows. As bytes: a line of JSON that says what follows, then columns.
 * The rows of all flows' lanes of one vantage and sender stand one after the other, in the order of the report, so that
 * of each lane its first row is all there is to say.
 * The trap: it is stored; another `VERSION` for every change, also of the chunks' columns.
 */
import type { FlowLane } from './lane-index.ts';

const VERSION = 1;
/** What is not the lane of one flow: all frames of a vantage, and all lanes of a sender one after the other. */
export const ALL_FLOWS = 0xffffffff;
export const OF_CLIENTS = 0xfffffffe;
export const OF_SERVERS = 0xfffffffd;
/** Frames, and no buckets. */
export const BASE = -1;

/** A sequence of rows in chunks of its own. */
export interface RowSeries {
  readonly vantage: number;
  /** `ALL_FLOWS`, `OF_CLIENTS`, `OF_SERVERS`, or of one flow's lane twice its position in the report, and one more for the server's. */
  readonly lane: number;
  /** `BASE`, or buckets of 2^level ns. */
  readonly level: number;
  rows: number;
  readonly chunks: number[];
  /** Of each chunk's first row. */
  readonly times: number[];
}

/** Filled while chunks are made. */
export class DirectoryBuilder {
  private readonly captures: readonly string[];
  private readonly flows: readonly string[];
  private readonly vantages: number;
  private readonly series: RowSeries[] = [];
  /** By vantage, first row of each lane of `OF_CLIENTS` and of `OF_SERVERS`, and the end of the last one. */
  private readonly starts: Uint32Array[] = [];

  /** Ids of the report's captures and flows. */
  constructor(captures: readonly string[], flows: readonly string[], vantages: number) {
    this.captures = captures;
    this.flows = flows;
    this.vantages = vantages;
  }

  /** Vantage by vantage: `ALL_FLOWS`, `OF_CLIENTS`, `OF_SERVERS`, then levels of flows. */
  begin(vantage: number, lane: number, level: number): RowSeries {
    const made: RowSeries = { vantage, lane, level, rows: 0, chunks: [], times: [] };
    this.series.push(made);
    return made;
  }

  /** Of the next vantage, its clients' lanes and its servers'. */
  addStarts(clients: Uint32Array, servers: Uint32Array): void {
    this.starts.push(clients, servers);
  }

  encode(): Uint8Array {
    const { series } = this;
    const chunks = series.flatMap((s) => s.chunks);
    const columns = {
      seriesVantage: Uint32Array.from(series, (s) => s.vantage),
      seriesLane: Uint32Array.from(series, (s) => s.lane),
      seriesLevel: Int32Array.from(series, (s) => s.level),
      seriesRows: Uint32Array.from(series, (s) => s.rows),
      seriesChunks: Uint32Array.from(series, (s) => s.chunks.length),
      chunks: Uint32Array.from(chunks),
      starts: joined(this.starts),
    };
    const times = Float64Array.from(series.flatMap((s) => s.times));
    const { captures, flows, vantages } = this;
    const lengths = Object.fromEntries(Object.entries(columns).map(([name, c]) => [name, c.length]));
    const head = {
      version: VERSION,
      vantages,
      captures,
      flows: flows.join(' '),
      times: times.length,
      lengths,
    };
    return concat(head, [times, ...Object.values(columns)]);
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Length of the head, the head filled up to a multiple of eight, the columns. */
function concat(head: object, columns: readonly (Float64Array | Uint32Array | Int32Array)[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const begin = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(begin + columns.reduce((sum, c) => sum + c.byteLength, 0));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  let at = begin;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  return bytes;
}

interface Head {
  readonly version: number;
  readonly vantages: number;
  readonly captures: readonly string[];
  readonly flows: string;
  readonly times: number;
  readonly lengths: Readonly<Record<string, number>>;
}

/** Rows `from` to `to` - 1 of a series are the lane. */
export interface LaneRows {
  readonly base: RowSeries;
  readonly from: number;
  readonly to: number;
  /** Finest first. */
  readonly levels: readonly RowSeries[];
  readonly isOfAll: boolean;
}

/** @throws Error on bytes that are no directory of this version */
export function openDirectory(bytes: Uint8Array): LaneDirectory {
  return new LaneDirectory(bytes);
}

/** A directory as it is asked. Opening one costs little, but keep it for a while: every tile needs it. */
export class LaneDirectory {
  readonly vantages: number;
  readonly captures: readonly string[];
  readonly flows: readonly string[];
  private readonly starts: Uint32Array;
  /** Series of a lane stand together: where they begin. */
  private readonly places = new Map<number, number>();
  private readonly series: RowSeries[] = [];
  private known: Map<string, number> | null = null;

  constructor(bytes: Uint8Array) {
    const { head, columns } = parse(bytes);
    this.vantages = head.vantages;
    this.captures = head.captures;
    this.flows = head.flows === '' ? [] : head.flows.split(' ');
    this.starts = columns.starts as Uint32Array;
    this.readSeries(columns);
  }

  /** Lanes that hold anything, in the order of the path, the client's first. `flow`: position in the report's `flows`. */
  lanesOfFlow(flow: number): FlowLane[] {
    const id = this.flows[flow];
    if (id === undefined) return [];
    const lanes: FlowLane[] = [];
    for (let vantage = 0; vantage < this.vantages; vantage++) {
      for (const from of ['client', 'server'] as const) {
        const [start, end] = this.rowsOf(vantage, flow, from);
        const lane = `v${vantage}.${id}.${from === 'client' ? 'c' : 's'}`;
        if (end > start) lanes.push({ lane, vantage, from, frames: end - start });
      }
    }
    return lanes;
  }

  /** Null where there is no such lane. */
  find(lane: string): LaneRows | null {
    const [, number, flow, side] = LANE.exec(lane) ?? [];
    const vantage = Number(number);
    if (number === undefined || vantage >= this.vantages) return null;
    if (flow === undefined) {
      const [base, ...levels] = this.seriesOf(vantage, ALL_FLOWS);
      return base === undefined ? null : { base, from: 0, to: base.rows, levels, isOfAll: true };
    }
    const position = this.positionOf(flow);
    const from = side === 'c' ? 'client' : 'server';
    const [base] = this.seriesOf(vantage, side === 'c' ? OF_CLIENTS : OF_SERVERS);
    if (position === undefined || base === undefined) return null;
    const [start, end] = this.rowsOf(vantage, position, from);
    const levels = this.seriesOf(vantage, 2 * position + (from === 'client' ? 0 : 1));
    return end > start ? { base, from: start, to: end, levels, isOfAll: false } : null;
  }

  private positionOf(flow: string): number | undefined {
    this.known ??= new Map(this.flows.map((id, i) => [id, i]));
    return this.known.get(flow);
  }

  private rowsOf(vantage: number, flow: number, from: 'client' | 'server'): readonly [number, number] {
    const width = this.flows.length + 1;
    const at = (2 * vantage + (from === 'client' ? 0 : 1)) * width + flow;
    return [this.starts[at] ?? 0, this.starts[at + 1] ?? 0];
  }

  private seriesOf(vantage: number, lane: number): RowSeries[] {
    const first = this.places.get(placeKey(vantage, lane));
    const found: RowSeries[] = [];
    for (let i = first ?? this.series.length; i < this.series.length; i++) {
      const one = this.series[i] as RowSeries;
      if (one.vantage !== vantage || one.lane !== lane) break;
      found.push(one);
    }
    return found;
  }

  private readSeries(columns: Columns): void {
    const { seriesVantage, seriesLane, seriesLevel, seriesRows, seriesChunks, chunks, times } = columns;
    let chunk = 0;
    for (const [i, vantage] of seriesVantage.entries()) {
      const end = chunk + (seriesChunks[i] as number);
      const lane = seriesLane[i] as number;
      if (!this.places.has(placeKey(vantage, lane))) this.places.set(placeKey(vantage, lane), i);
      this.series.push({
        vantage,
        lane,
        level: seriesLevel[i] as number,
        rows: seriesRows[i] as number,
        chunks: [...chunks.subarray(chunk, end)],
        times: [...times.subarray(chunk, end)],
      });
      chunk = end;
    }
  }
}

const LANE = /^v(\d{1,9})(?:\.([^.\s]+)\.([cs]))?$/;

const placeKey = (vantage: number, lane: number): number => vantage * 2 ** 32 + lane;

const WORDS = [
  'seriesVantage',
  'seriesLane',
  'seriesLevel',
  'seriesRows',
  'seriesChunks',
  'chunks',
  'starts',
] as const;
type Columns = Record<(typeof WORDS)[number], Uint32Array | Int32Array> & { times: Float64Array };

function parse(bytes: Uint8Array): { head: Head; columns: Columns } {
  // A copy: columns must begin where their numbers may.
  const own = bytes.slice();
  const length = own.length < 8 ? 0 : new DataView(own.buffer).getUint32(0, true);
  if (length === 0 || 8 + length > own.length) throw new Error('these bytes are no directory of lanes');
  const head = JSON.parse(new TextDecoder().decode(own.subarray(8, 8 + length))) as Head;
  if (head.version !== VERSION)
    throw new Error(`a directory of lanes of version ${head.version}, not ${VERSION}`);
  let at = 8 + Math.ceil(length / 8) * 8;
  const times = new Float64Array(own.buffer, at, head.times);
  at += times.byteLength;
  const columns = WORDS.map((name) => {
    const count = head.lengths[name] ?? 0;
    const Kind = name === 'seriesLevel' ? Int32Array : Uint32Array;
    const column = new Kind(own.buffer, at, count);
    at += column.byteLength;
    return [name, column] as const;
  });
  return { head, columns: { ...(Object.fromEntries(columns) as Omit<Columns, 'times'>), times } };
}
