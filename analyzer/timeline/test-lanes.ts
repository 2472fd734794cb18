/**
 * Tests only: lanes that are kept in memory, and what their tiles must hold, counted frame by frame.
 * The trap: the count goes over `LaneFrame`s, which come from the same chunks; that these are right is for tests that
 * read the captures themselves.
 */
import { type LaneDirectory, openDirectory } from './directory.ts';
import type { ReadChunk, Timeline } from './lane-index.ts';
import { queryFrames, queryTile } from './lane-query.ts';
import { BUCKETS, type Tile } from './tile.ts';
import type { LaneFrame } from './timeline.ts';

export interface KeptLanes {
  readonly directory: LaneDirectory;
  readonly bytes: Uint8Array;
  readonly chunks: ReadonlyMap<number, Uint8Array>;
  readonly read: ReadChunk;
}

export function keepLanes(timeline: Pick<Timeline, 'chunks' | 'directory'>): KeptLanes {
  const chunks = new Map<number, Uint8Array>();
  for (const { number, bytes } of timeline.chunks()) chunks.set(number, bytes);
  const bytes = timeline.directory();
  return { directory: openDirectory(bytes), bytes, chunks, read: (number) => chunkOf(chunks, number) };
}

function chunkOf(chunks: ReadonlyMap<number, Uint8Array>, number: number): Uint8Array {
  const bytes = chunks.get(number);
  if (bytes === undefined) throw new Error(`no chunk ${number}`);
  return bytes;
}

export const tileOf = (kept: KeptLanes, lane: string, resolution: number, index: number): Tile => {
  const tile = queryTile(kept.directory, kept.read, lane, resolution, index);
  if (tile === null) throw new Error(`no lane ${lane}`);
  return tile;
};

/** All frames of a lane, by time. */
export function framesOf(kept: KeptLanes, lane: string, least = 0): LaneFrame[] {
  const query = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: Number.POSITIVE_INFINITY, least };
  const found = queryFrames(kept.directory, kept.read, lane, { ...query, order: 'asc' });
  if (found === null) throw new Error(`no lane ${lane}`);
  return found.frames;
}

/** The numbers of one bucket, with frames as `capture:frame`. */
export interface Bucket {
  start: number;
  end: number;
  count: number;
  bytes: number;
  seq: readonly [number, number];
  ack: readonly [number, number];
  edge: number;
  window: number;
  worst: { mark: number; time: number; frame: string; seq: number; length: number; flow: number };
  first: string;
  last: string;
  marks: number;
}

interface Names {
  readonly captures: readonly string[];
  readonly flows: readonly string[];
}

/** The buckets of a tile, row by row. */
export function bucketsOf(tile: Tile, { captures }: Pick<Names, 'captures'>): Bucket[] {
  const name = (capture: Uint16Array, frame: Uint32Array, i: number): string =>
    `${captures[capture[i] as number]}:${frame[i]}`;
  return Array.from({ length: tile.rows }, (_, i) => {
    const at = (column: { readonly [index: number]: number }): number => column[i] as number;
    return {
      start: at(tile.start),
      end: at(tile.end),
      count: at(tile.count),
      bytes: at(tile.bytes),
      seq: [at(tile.seqMin), at(tile.seqMax)],
      ack: [at(tile.ackMin), at(tile.ackMax)],
      edge: at(tile.edgeMax),
      window: at(tile.windowMin),
      worst: {
        mark: at(tile.worst),
        time: at(tile.worstTime),
        frame: name(tile.worstCapture, tile.worstFrame, i),
        seq: at(tile.worstSeq),
        length: at(tile.worstLength),
        flow: at(tile.worstFlow),
      },
      first: name(tile.firstCapture, tile.firstFrame, i),
      last: name(tile.lastCapture, tile.lastFrame, i),
      marks: at(tile.marks),
    };
  });
}

/** What the tile must hold, from all frames of the lane. */
export function countBuckets(
  frames: readonly LaneFrame[],
  resolution: number,
  index: number,
  names: Names,
): Bucket[] {
  const width = 2 ** resolution;
  const groups = new Map<number, LaneFrame[]>();
  for (const frame of frames) {
    const bucket = Math.floor(frame.time / width);
    if (Math.floor(bucket / BUCKETS) !== index) continue;
    const group = groups.get(bucket);
    if (group === undefined) groups.set(bucket, [frame]);
    else group.push(frame);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => toBucket(group, names));
}

function toBucket(group: readonly LaneFrame[], { flows }: Names): Bucket {
  const name = ({ frame }: LaneFrame): string => `${frame.capture}:${frame.frame}`;
  const has = ({ flags }: LaneFrame, flag: string): boolean => flags.split(' ').includes(flag);
  const answers = group.filter((f) => has(f, 'ACK') && !has(f, 'RST'));
  const sent = group.flatMap(({ seq, length }) => (seq === null || length === 0 ? [] : { seq, length }));
  const acks = answers.flatMap(({ ack, window }) => (ack === null ? [] : { ack, window }));
  const worst = [...group].sort(
    (a, b) => b.mark - a.mark || a.time - b.time || a.frame.frame - b.frame.frame,
  )[0] as LaneFrame;
  const [first, last] = [group[0] as LaneFrame, group.at(-1) as LaneFrame];
  return {
    start: first.time,
    end: last.time,
    count: group.length,
    bytes: group.reduce((sum, f) => sum + f.length, 0),
    seq: [least(sent.map((f) => f.seq)), greatest(sent.map((f) => f.seq + f.length))],
    ack: [least(acks.map((f) => f.ack)), greatest(acks.map((f) => f.ack))],
    edge: greatest(acks.map((f) => f.ack + f.window)),
    window: least(answers.map((f) => f.window)),
    worst: {
      mark: worst.mark,
      time: worst.time,
      frame: name(worst),
      seq: worst.seq ?? Number.NaN,
      length: worst.length,
      flow: worst.flow === null ? 0xffffffff : flows.indexOf(worst.flow),
    },
    first: name(first),
    last: name(last),
    marks: group.reduce((marks, f) => marks | (1 << f.mark), 0),
  };
}

const least = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => Math.min(a, b));
const greatest = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => Math.max(a, b));
