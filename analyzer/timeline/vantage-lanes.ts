/**
 * The lanes of one vantage: all its frames by time, then flow by flow; each with its coarser levels. Chunks are handed
 * out as they get full, so that only the recording itself is ever in memory as a whole.
 * The trap: both directions of a flow are read in one go, for the numbers of each follow from the other's; so the lanes
 * of clients and of servers are two series that grow side by side.
 */
import { BaseRows, CHUNK_ROWS, packRows } from './base-rows.ts';
import type { Numbers } from './buckets.ts';
import {
  ALL_FLOWS,
  BASE,
  type DirectoryBuilder,
  OF_CLIENTS,
  OF_SERVERS,
  type RowSeries,
} from './directory.ts';
import type { TimelineChunk } from './lane-index.ts';
import { BucketCounts, LEVELS_FROM, LevelWriter, packBuckets } from './levels.ts';
import { Recording } from './recording.ts';
import { type FlowTable, RowReader } from './row-reader.ts';
import { NO_FLOW } from './tile.ts';
import { timeOrder } from './time-order.ts';

export interface LaneSource {
  /** Times are by the clock of the timeline, and whole. */
  readonly recording: Recording;
  readonly table: FlowTable;
  /** Position in the report's captures, by the recording's files. */
  readonly captures: readonly number[];
  /** Is taken off all times. */
  readonly origin: number;
  /** Flows of the report. */
  readonly flows: number;
}

/** About how many chunks so many rows make: once by time, once by flow, and their levels. */
export const chunksFor = (rows: number): number => Math.ceil((2.4 * rows) / CHUNK_ROWS) + 3;

/** Where chunks get their numbers. */
export class ChunkSink {
  private count = 0;
  private readonly ready: TimelineChunk[] = [];

  put(series: RowSeries, time: number, rows: number, bytes: Uint8Array): void {
    series.chunks.push(this.count);
    series.times.push(time);
    series.rows += rows;
    this.ready.push({ number: this.count, bytes });
    this.count += 1;
  }

  /** Those that nobody has taken yet. */
  take(): TimelineChunk[] {
    return this.ready.splice(0);
  }
}

export class VantageLanes {
  private readonly source: LaneSource;
  private readonly vantage: number;
  private readonly directory: DirectoryBuilder;
  private readonly sink: ChunkSink;
  private readonly order: Uint32Array | null;

  constructor(source: LaneSource, vantage: number, directory: DirectoryBuilder, sink: ChunkSink) {
    this.source = source;
    this.vantage = vantage;
    this.directory = directory;
    this.sink = sink;
    this.order = timeOrder(source.recording.rows, (row) => this.timeOf(row));
  }

  *chunks(): Generator<TimelineChunk> {
    yield* this.allFlows();
    yield* this.byFlow();
  }

  private *allFlows(): Generator<TimelineChunk> {
    const { rows } = this.source.recording;
    const base = this.writerOf(ALL_FLOWS, 'no-numbers');
    const counts = new BucketCounts();
    for (let i = 0; i < rows; i++) counts.add(this.timeOf(this.rowAt(i)));
    const levels = this.levelsOf(ALL_FLOWS, counts, 'no-numbers');
    const reader = this.newReader();
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(rows, from + CHUNK_ROWS);
      for (let i = from; i < to; i++) base.add(reader, this.rowAt(i), levels);
      yield* this.sink.take();
    }
    base.finish();
    levels?.finish();
    yield* this.sink.take();
  }

  private *byFlow(): Generator<TimelineChunk> {
    const { rows, starts, clients, servers } = this.grouped();
    this.directory.addStarts(clients, servers);
    const reader = this.newReader();
    const lanes = [this.writerOf(OF_CLIENTS, 'numbers'), this.writerOf(OF_SERVERS, 'numbers')] as const;
    for (let flow = 0; flow < this.source.flows; flow++) {
      const [from, to] = [starts[flow] as number, starts[flow + 1] as number];
      if (from === to) continue;
      const levels = [clients, servers].map((of, side) => {
        const length = (of[flow + 1] as number) - (of[flow] as number);
        return length < LEVELS_FROM ? null : this.flowLevels(flow, side, rows.subarray(from, to));
      });
      for (let part = from; part < to; part += CHUNK_ROWS) {
        for (let i = part; i < Math.min(to, part + CHUNK_ROWS); i++) {
          const row = rows[i] as number;
          const side = this.sideOf(row);
          lanes[side].add(reader, row, levels[side] ?? null);
        }
        yield* this.sink.take();
      }
      for (const level of levels) level?.finish();
      yield* this.sink.take();
    }
    for (const lane of lanes) lane.finish();
    yield* this.sink.take();
  }

  private flowLevels(flow: number, side: number, rows: Uint32Array): LevelWriter | null {
    const counts = new BucketCounts();
    for (const row of rows) if (this.sideOf(row) === side) counts.add(this.timeOf(row));
    return this.levelsOf(2 * flow + side, counts, 'numbers');
  }

  private levelsOf(lane: number, counts: BucketCounts, numbers: Numbers): LevelWriter | null {
    const levels = counts.levels();
    const series = new Map(levels.map((l) => [l, this.directory.begin(this.vantage, lane, l)]));
    return LevelWriter.chain(levels, numbers, (level, buckets, rows) =>
      this.sink.put(
        series.get(level) as RowSeries,
        buckets.start[0] as number,
        rows,
        packBuckets(buckets, rows),
      ),
    );
  }

  private writerOf(lane: number, numbers: Numbers): BaseWriter {
    return new BaseWriter(this.directory.begin(this.vantage, lane, BASE), this.sink, numbers);
  }

  private newReader(): RowReader {
    const { recording, table, captures, origin } = this.source;
    return new RowReader(recording, table, captures, origin);
  }

  /** Rows flow by flow (where each begins), in the order of time; and where the lanes of both sides begin. By counting. */
  private grouped(): { rows: Uint32Array; starts: Uint32Array; clients: Uint32Array; servers: Uint32Array } {
    const { recording, table, flows } = this.source;
    const [starts, clients, servers] = [0, 1, 2].map(() => new Uint32Array(flows + 1)) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    for (let row = 0; row < recording.rows; row++) {
      const end = this.endOf(row);
      const flow = table.position[end] as number;
      if (flow === NO_FLOW) continue;
      const lane = table.isServer[end] === 1 ? servers : clients;
      lane[flow + 1] = (lane[flow + 1] as number) + 1;
    }
    for (let flow = 0; flow < flows; flow++) {
      clients[flow + 1] = (clients[flow + 1] as number) + (clients[flow] as number);
      servers[flow + 1] = (servers[flow + 1] as number) + (servers[flow] as number);
      starts[flow + 1] = (clients[flow + 1] as number) + (servers[flow + 1] as number);
    }
    const rows = new Uint32Array(starts[flows] as number);
    const next = starts.slice();
    for (let i = 0; i < recording.rows; i++) {
      const row = this.rowAt(i);
      const flow = table.position[this.endOf(row)] as number;
      if (flow === NO_FLOW) continue;
      rows[next[flow] as number] = row;
      next[flow] = (next[flow] as number) + 1;
    }
    return { rows, starts, clients, servers };
  }

  private rowAt(i: number): number {
    return this.order === null ? i : (this.order[i] as number);
  }

  private timeOf(row: number): number {
    return (this.source.recording.block(row).time[Recording.at(row)] as number) - this.source.origin;
  }

  private endOf(row: number): number {
    return this.source.recording.block(row).flowEnd[Recording.at(row)] as number;
  }

  /** 0 where the client sent it, 1 where the server did. */
  private sideOf(row: number): 0 | 1 {
    return this.source.table.isServer[this.endOf(row)] === 1 ? 1 : 0;
  }
}

/** Frames of a series, chunk by chunk. */
class BaseWriter {
  private readonly series: RowSeries;
  private readonly sink: ChunkSink;
  private readonly numbers: Numbers;
  private readonly rows = new BaseRows(CHUNK_ROWS);

  constructor(series: RowSeries, sink: ChunkSink, numbers: Numbers) {
    this.series = series;
    this.sink = sink;
    this.numbers = numbers;
  }

  add(reader: RowReader, row: number, levels: LevelWriter | null): void {
    const { rows } = this;
    reader.read(row, rows, rows.rows);
    if (this.numbers === 'numbers') reader.readNumbers(row, rows, rows.rows);
    levels?.addFrame(rows, rows.rows);
    rows.rows += 1;
    if (rows.rows === CHUNK_ROWS) this.finish();
  }

  /** Hands out what is there. */
  finish(): void {
    const { rows } = this;
    if (rows.rows === 0) return;
    this.sink.put(this.series, rows.time[0] as number, rows.rows, packRows(rows));
    rows.rows = 0;
  }
}
