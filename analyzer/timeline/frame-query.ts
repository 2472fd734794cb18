/**
 * The frames of a lane one by one, for tables, keys and tooltips; also only those that matter, which
 * are found by way of the levels: what a bucket does not have need not be looked for in it.
 */
import { flagText } from '../../packet/wire/tcp.ts';
import type { LaneDirectory, Level } from './directory.ts';
import type { FoundFrames, LaneQuery, ReadChunk } from './lane-index.ts';
import { ChunkCache, findLane, type Lane, levelParts, rowParts } from './lane-reader.ts';
import type { Rows } from './rows.ts';
import { NO_FLOW } from './tile.ts';
import type { LaneFrame } from './timeline.ts';

/** @returns null where there is no such lane */
export function queryFrames(
  directory: LaneDirectory,
  read: ReadChunk,
  lane: string,
  query: LaneQuery,
): FoundFrames | null {
  const found = findLane(directory, lane);
  if (found === null) return null;
  // Times are whole ns.
  const window = { from: query.from, to: query.to + 1 };
  const frames: LaneFrame[] = [];
  const cache = new ChunkCache(read);
  const levels = query.least > 0 ? found.levels : [];
  for (const { columns, row } of search({ lane: found, levels, cache, query }, levels.length, window)) {
    if (frames.length === query.limit) return { frames, truncated: true };
    frames.push(toFrame(directory, found, columns, row));
  }
  return { frames, truncated: false };
}

interface Search {
  readonly lane: Lane;
  readonly levels: readonly Level[];
  readonly cache: ChunkCache;
  readonly query: LaneQuery;
}

interface Found {
  readonly columns: Rows;
  readonly row: number;
}

/** `depth` levels are left below, the coarsest of them next. */
function* search(
  all: Search,
  depth: number,
  window: { readonly from: number; readonly to: number },
): Generator<Found> {
  const { lane, levels, cache, query } = all;
  const backwards = query.order === 'desc';
  const level = levels[depth - 1];
  if (level === undefined) {
    for (const { columns, from, to } of rowParts(lane, cache, window, backwards)) {
      for (const row of indices(from, to, backwards)) {
        if ((columns.mark[row] as number) >= query.least) yield { columns, row };
      }
    }
    return;
  }
  const width = 2 ** level.resolution;
  // The bucket that the window begins in may have begun before it.
  const wide = { from: Math.floor(window.from / width) * width, to: window.to };
  for (const { columns, from, to } of levelParts(level, cache, wide, backwards)) {
    for (const i of indices(from, to, backwards)) {
      if ((columns.marks[i] as number) >>> query.least === 0) continue;
      const inside = {
        from: Math.max(window.from, columns.start[i] as number),
        to: Math.min(window.to, (columns.end[i] as number) + 1),
      };
      yield* search(all, depth - 1, inside);
    }
  }
}

function* indices(from: number, to: number, backwards: boolean): Generator<number> {
  if (backwards) for (let i = to - 1; i >= from; i--) yield i;
  else for (let i = from; i < to; i++) yield i;
}

function toFrame(directory: LaneDirectory, lane: Lane, rows: Rows, i: number): LaneFrame {
  const flow = rows.flow[i] as number;
  const flags = rows.flags[i] as number;
  return {
    frame: {
      capture: directory.columns.captures[rows.capture[i] as number] as string,
      frame: rows.frame[i] as number,
    },
    time: rows.time[i] as number,
    from: rows.from[i] === 1 ? 'server' : 'client',
    seq: lane.numbers ? numberOf(rows.seq[i] as number) : null,
    ack: lane.numbers ? numberOf(rows.ack[i] as number) : null,
    length: rows.length[i] as number,
    window: rows.window[i] as number,
    flags: flagText(flags),
    mark: rows.mark[i] as number,
    flow: flow === NO_FLOW ? null : (directory.columns.flows[flow] as string),
  };
}

const numberOf = (value: number): number | null => (Number.isNaN(value) ? null : value);
