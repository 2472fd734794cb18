/**
 * From one vantage's recording to its lanes: times by the report's clock, numbers relative to the
 * connection's first, frames ordered by time and again by flow, in chunks that go out as they fill.
 * The traps: a clock that was set, or a file whose frames are out of order, leaves times that do
 * not ascend; and sequence numbers wrap, so each is taken as the one nearest to the number before.
 */
import type { EndIndex } from '../flow/flow.ts';
import { type Level, type Series, SeriesBuilder, type VantageLanes } from './directory.ts';
import { BucketCounter, LevelBuilder, SMALL_LANE } from './levels.ts';
import { BLOCK_ROWS, type Block, type Recording, RowBit } from './recording.ts';
import { CHUNK_ROWS, makeRows, type Rows } from './rows.ts';
import { NO_FLOW } from './tile.ts';

/** What the report knows of a flow of the vantage. */
export interface FlowPlace {
  /** Position in the report's `flows`. */
  readonly flow: number;
  readonly client: EndIndex;
  /** By end: what is added to its sequence numbers to make them relative, modulo 2^32. */
  readonly shift: readonly [number, number];
}

export interface LaneSource {
  readonly recording: Recording;
  /** By index of the vantage's flows; null for one that is not in the report. */
  readonly flows: readonly (FlowPlace | null)[];
  /** Position in the report's `captures`, by index of the capture as it was fed. */
  readonly captures: readonly number[];
  /** A time of the capture by the report's clock, ns since the timeline's origin. */
  align(time: number): number;
}

/** Takes a chunk and numbers it. */
export type Store = (bytes: Uint8Array) => number;

/** The columns that come with the alignment, by row of the recording. */
interface Aligned {
  readonly time: Float64Array;
  readonly seq: Float64Array;
  readonly ack: Float64Array;
  readonly sack: { left: Float64Array; right: Float64Array } | null;
}

/** Makes the lanes of one vantage; yields after each chunk of frames, so that whoever stores keeps pace. */
export function* buildLanes(source: LaneSource, store: Store): Generator<void, VantageLanes> {
  const aligned = align(source);
  const order = orderOf(aligned.time);
  const writer = new RowWriter(source, aligned, store);
  const { series: all, levels } = yield* writer.write(order, 0, order.length, false);
  const flows = groupByFlow(source, order);
  const flowLevels: { row: number; levels: readonly Level[] }[] = [];
  const lanes = flows.flow.length * 2;
  const cuts: number[] = [];
  for (let lane = 0; lane < lanes; lane++) cuts.push(flows.starts[lane] as number);
  const byFlow = yield* writer.writeLanes(flows.order, cuts, (row, made) =>
    flowLevels.push({ row, levels: made }),
  );
  return { all, levels, byFlow, flowLevels, ...columnsOf(flows) };
}

function columnsOf({ flow, starts }: ByFlow): Omit<VantageLanes, 'all' | 'levels' | 'byFlow' | 'flowLevels'> {
  const row = flow.map((_, i) => starts[2 * i] as number);
  const clientRows = flow.map((_, i) => (starts[2 * i + 1] as number) - (starts[2 * i] as number));
  const serverRows = flow.map((_, i) => (starts[2 * i + 2] as number) - (starts[2 * i + 1] as number));
  return { flow, row, clientRows, serverRows };
}

/** Times and relative numbers, in one walk in the order of the file. */
function align({ recording, flows, align: toReport }: LaneSource): Aligned {
  const { rows, blocks } = recording;
  const [time, seq, ack] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const hasSack = blocks.some(({ sackLeft }) => sackLeft !== null);
  const sack = hasSack ? { left: nothing(rows), right: nothing(rows) } : null;
  const unwrapped = new Unwrapped(flows.length);
  for (let row = 0; row < rows; row++) {
    const block = blocks[row >>> 16] as Block;
    const i = row & (BLOCK_ROWS - 1);
    time[row] = Math.round(toReport(block.time[i] as number));
    const place = flows[block.flow[i] as number] ?? null;
    const bits = block.bits[i] as number;
    if (place === null) {
      seq[row] = ack[row] = Number.NaN;
      continue;
    }
    const own = (bits & RowBit.Sender) as EndIndex;
    const other = (1 - own) as EndIndex;
    const trusted = (bits & RowBit.Foreign) === 0;
    const at = 2 * (block.flow[i] as number);
    seq[row] = unwrapped.near(at + own, ((block.seq[i] as number) + place.shift[own]) | 0, trusted);
    ack[row] =
      (bits & RowBit.HasAck) === 0
        ? Number.NaN
        : unwrapped.near(at + other, ((block.ack[i] as number) + place.shift[other]) | 0, trusted);
    if (sack !== null && (bits & RowBit.HasSack) !== 0) {
      const edges = [block.sackLeft?.[i] ?? 0, block.sackRight?.[i] ?? 0] as const;
      sack.left[row] = unwrapped.near(at + other, (edges[0] + place.shift[other]) | 0, false);
      sack.right[row] = unwrapped.near(at + other, (edges[1] + place.shift[other]) | 0, false);
    }
  }
  return { time, seq, ack, sack };
}

const nothing = (rows: number): Float64Array => new Float64Array(rows).fill(Number.NaN);

/** Numbers modulo 2^32 as the ones nearest to where each end's numbers were. */
class Unwrapped {
  private readonly last: Float64Array;

  constructor(flows: number) {
    this.last = new Float64Array(2 * flows);
  }

  /** `moves`: the number is one to go on from. */
  near(end: number, relative: number, moves: boolean): number {
    const last = this.last[end] as number;
    const number = last + ((relative - (last | 0)) | 0);
    if (moves) this.last[end] = number;
    return number;
  }
}

/** Rows by time; those of one time as they stand in the file. */
function orderOf(time: Float64Array): Uint32Array {
  const order = new Uint32Array(time.length);
  let ascends = true;
  for (let i = 0; i < time.length; i++) {
    order[i] = i;
    if (i > 0 && (time[i] as number) < (time[i - 1] as number)) ascends = false;
  }
  return ascends ? order : order.sort((a, b) => (time[a] as number) - (time[b] as number) || a - b);
}

interface ByFlow {
  readonly order: Uint32Array;
  readonly flow: Uint32Array;
  /** First row of lane `2 * flow + sender`, and the end of the last. */
  readonly starts: Uint32Array;
}

/** A counting sort by flow and sender that keeps the order of time. */
function groupByFlow({ recording: { blocks }, flows }: LaneSource, order: Uint32Array): ByFlow {
  const positions = [...new Set(flows.flatMap((place) => place?.flow ?? []))].sort((a, b) => a - b);
  const slots = new Map(positions.map((flow, slot) => [flow, slot]));
  const slotOf = flows.map((place) => (place === null ? -1 : 2 * (slots.get(place.flow) as number)));
  const laneOf = (row: number): number => {
    const block = blocks[row >>> 16] as Block;
    const i = row & (BLOCK_ROWS - 1);
    const slot = slotOf[block.flow[i] as number] ?? -1;
    if (slot < 0) return -1;
    const isClients = ((block.bits[i] as number) & RowBit.Sender) === flows[block.flow[i] as number]?.client;
    return isClients ? slot : slot + 1;
  };
  const starts = new Uint32Array(2 * positions.length + 1);
  for (const row of order) {
    const lane = laneOf(row);
    if (lane < 0) continue;
    (starts[lane + 1] as number)++;
  }
  for (let lane = 1; lane < starts.length; lane++) (starts[lane] as number) += starts[lane - 1] as number;
  const sorted = new Uint32Array(starts[starts.length - 1] as number);
  const next = starts.slice();
  for (const row of order) {
    const lane = laneOf(row);
    if (lane < 0) continue;
    sorted[next[lane] as number] = row;
    (next[lane] as number)++;
  }
  return { order: sorted, flow: Uint32Array.from(positions), starts };
}

/** Writes rows of a recording in a given order. */
class RowWriter {
  private readonly source: LaneSource;
  private readonly aligned: Aligned;
  private readonly store: Store;

  constructor(source: LaneSource, aligned: Aligned, store: Store) {
    this.source = source;
    this.aligned = aligned;
    this.store = store;
  }

  /** One lane with its levels. */
  *write(
    order: Uint32Array,
    from: number,
    to: number,
    numbers: boolean,
  ): Generator<void, { series: Series; levels: Level[] }> {
    const series = new SeriesBuilder();
    const lane = this.levelsOf(order, from, to);
    for (let at = from; at < to; at += CHUNK_ROWS) {
      const rows = this.fill(order, at, Math.min(at + CHUNK_ROWS, to), numbers, series);
      lane?.finest.addRows(rows, 0, rows.rows);
      yield;
    }
    return { series: series.build(to - from), levels: lane?.finish() ?? [] };
  }

  /** Many lanes in one series; `cuts` are their first rows. Long ones have levels. */
  *writeLanes(
    order: Uint32Array,
    cuts: readonly number[],
    onLevels: (row: number, levels: Level[]) => void,
  ): Generator<void, Series> {
    const series = new SeriesBuilder();
    let next = 0;
    let open: { lane: LaneLevels; row: number; to: number } | null = null;
    for (let at = 0; at < order.length; at += CHUNK_ROWS) {
      const end = Math.min(at + CHUNK_ROWS, order.length);
      const rows = this.fill(order, at, end, true, series);
      for (;;) {
        if (open !== null) {
          open.lane.finest.addRows(rows, Math.max(open.row, at) - at, Math.min(open.to, end) - at);
          if (open.to > end) break;
          onLevels(open.row, open.lane.finish());
          open = null;
        }
        while (next < cuts.length && open === null && (cuts[next] as number) < end) {
          const row = cuts[next] as number;
          const to = cuts[next + 1] ?? order.length;
          const lane = this.levelsOf(order, row, to);
          if (lane !== null) open = { lane, row, to };
          next += 1;
        }
        if (open === null) break;
      }
      yield;
    }
    return series.build(order.length);
  }

  /** The levels that a lane is worth; null for none. */
  private levelsOf(order: Uint32Array, from: number, to: number): LaneLevels | null {
    if (to - from <= SMALL_LANE) return null;
    const counter = new BucketCounter();
    for (let at = from; at < to; at++) counter.add(this.aligned.time[order[at] as number] as number);
    const resolutions = counter.resolutions();
    return resolutions.length === 0 ? null : new LaneLevels(resolutions, this.store);
  }

  private fill(order: Uint32Array, from: number, to: number, numbers: boolean, series: SeriesBuilder): Rows {
    const { aligned, source } = this;
    const { blocks } = source.recording;
    const sack = numbers ? aligned.sack : null;
    const rows = makeRows(to - from, { numbers, sack: sack !== null });
    for (let i = 0; i < rows.rows; i++) {
      const row = order[from + i] as number;
      const block = blocks[row >>> 16] as Block;
      const at = row & (BLOCK_ROWS - 1);
      const place = source.flows[block.flow[at] as number] ?? null;
      rows.time[i] = aligned.time[row] as number;
      if (numbers) {
        rows.seq[i] = aligned.seq[row] as number;
        rows.ack[i] = aligned.ack[row] as number;
      }
      if (sack !== null) {
        rows.sackLeft[i] = sack.left[row] as number;
        rows.sackRight[i] = sack.right[row] as number;
      }
      rows.length[i] = block.length[at] as number;
      rows.window[i] = block.window[at] as number;
      rows.frame[i] = block.frame[at] as number;
      rows.flow[i] = place?.flow ?? NO_FLOW;
      rows.capture[i] = source.captures[block.capture[at] as number] as number;
      rows.mark[i] = block.mark[at] as number;
      rows.flags[i] = block.flags[at] as number;
      const sender = (block.bits[at] as number) & RowBit.Sender;
      rows.from[i] = place === null ? 2 : Number(sender !== place.client);
    }
    series.add(this.store(new Uint8Array(rows.buffer)), rows.time[0] as number);
    return rows;
  }
}

/** All levels of one lane; frames go into the finest. */
class LaneLevels {
  readonly finest: LevelBuilder;
  private readonly built: { resolution: number; builder: LevelBuilder; series: SeriesBuilder }[] = [];

  constructor(resolutions: readonly number[], store: Store) {
    let coarser: LevelBuilder | null = null;
    for (const resolution of [...resolutions].reverse()) {
      const series = new SeriesBuilder();
      coarser = new LevelBuilder(resolution, (bytes, first) => series.add(store(bytes), first), coarser);
      this.built.unshift({ resolution, builder: coarser, series });
    }
    this.finest = coarser as LevelBuilder;
  }

  finish(): Level[] {
    this.finest.finish();
    return this.built.map(({ resolution, builder, series }) => ({
      resolution,
      series: series.build(builder.rows),
    }));
  }
}
