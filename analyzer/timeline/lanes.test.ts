import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDirectory } from './directory.ts';
import { queryFrames, queryTile } from './lane-query.ts';
import { Mark } from './mark.ts';
import { bucketsOf, countBuckets, framesOf, type KeptLanes, tileOf } from './test-lanes.ts';
import { CAPTURES, flowName, framesOfRows, lanesOf, MADE_MARKS, type TestRow } from './test-recording.ts';
import { BUCKETS, GREATEST_RESOLUTION } from './tile.ts';
import type { LaneFrame } from './timeline.ts';

const FLOWS = 3;
const names = { captures: CAPTURES, flows: Array.from({ length: FLOWS }, (_, i) => flowName(i)) };

/** Numbers below `n` (mulberry32): thousands of rows from one number, which shrinks well. */
function randomOf(seed: number): (n: number) => number {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** Bursts and pauses of any width, times that stand still or step back, numbers that wrap more than once, problems now and then. */
function rowsOf(seed: number, count: number, step: number): TestRow[] {
  const random = randomOf(seed);
  const reached = new Float64Array(2 * FLOWS);
  let time = random(1e9);
  return Array.from({ length: count }, (): TestRow => {
    const pause = random(50) === 0 ? 4096 : 1;
    time = Math.max(0, time + [0, 1, step * pause, step, 17 * step * pause, -2 * step][random(6)]!);
    // One flow has most: its lanes have levels.
    const flow = random(10) < 8 ? 0 : random(FLOWS);
    const end = random(3) === 0 ? 0 : 1;
    const mark = random(100) === 0 ? MADE_MARKS[random(MADE_MARKS.length)]! : [Mark.Ack, Mark.Data][end]!;
    const carries = mark === Mark.Data || mark === Mark.Retransmission || mark === Mark.OutOfOrder;
    const length = carries ? 1 + random(4_000_000) : 0;
    const seq = reached[2 * flow + end]!;
    reached[2 * flow + end] = seq + length;
    const from = end === 0 ? 'client' : 'server';
    return { time, flow, from, seq, ack: reached[2 * flow + 1 - end]!, length, window: random(65_536), mark };
  });
}

interface Made {
  readonly rows: TestRow[];
  readonly lanes: KeptLanes;
}

const plan = fc.record({
  seed: fc.integer(),
  count: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 4000, max: 14_000 })),
  step: fc.constantFrom(1, 40, 1000, 1e6, 1e9),
});

/** In the properties, so that what fails is told by three numbers. */
function make({ seed, count, step }: { seed: number; count: number; step: number }): Made {
  const rows = rowsOf(seed, count, step);
  return { rows, lanes: lanesOf(rows, FLOWS) };
}

/** The frames of every lane, worked out from the rows. */
function expectedLanes(rows: readonly TestRow[]): Map<string, LaneFrame[]> {
  const lanes = new Map([['v0', framesOfRows(rows, false)]]);
  const frames = framesOfRows(rows, true);
  for (const flow of names.flows) {
    for (const from of ['client', 'server'] as const) {
      const own = frames.filter((f) => f.flow === flow && f.from === from);
      if (own.length > 0) lanes.set(`v0.${flow}.${from === 'client' ? 'c' : 's'}`, own);
    }
  }
  return lanes;
}

const RUNS = { numRuns: 12 };
/** Each counts all frames again for all resolutions of all lanes. */
const FEW_RUNS = { numRuns: 4 };

describe('lanes', () => {
  it('hold the frames that were recorded, by time', () => {
    fc.assert(
      fc.property(plan, (planned) => {
        const { rows, lanes } = make(planned);
        const expected = expectedLanes(rows);
        for (const [lane, frames] of expected) expect(framesOf(lanes, lane)).toEqual(frames);
        const listed = names.flows.flatMap((_, i) => lanes.directory.lanesOfFlow(i));
        const counts = new Map([...expected].map(([lane, frames]) => [lane, frames.length]));
        counts.delete('v0');
        expect(new Map(listed.map(({ lane, frames }) => [lane, frames]))).toEqual(counts);
      }),
      RUNS,
    );
  });

  it('have tiles whose every bucket is what its frames are, at every resolution', () => {
    fc.assert(
      fc.property(plan, fc.nat(), (planned, pick) => {
        const { rows, lanes } = make(planned);
        for (const [lane, frames] of expectedLanes(rows)) {
          for (let resolution = 0; resolution <= GREATEST_RESOLUTION; resolution++) {
            const { time } = frames[pick % Math.max(1, frames.length)] ?? { time: 0 };
            const index = Math.floor(time / (BUCKETS * 2 ** resolution));
            const tile = bucketsOf(tileOf(lanes, lane, resolution, index), names);
            expect(tile).toEqual(countBuckets(frames, resolution, index, names));
          }
        }
      }),
      FEW_RUNS,
    );
  });

  it('are searched for what matters, forwards and backwards, from anywhere', () => {
    const query = fc.record({
      least: fc.constantFrom(0, ...MADE_MARKS),
      order: fc.constantFrom('asc' as const, 'desc' as const),
      limit: fc.integer({ min: 1, max: 40 }),
      // Beside frames, for most of the time is pauses.
      window: fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -1, max: 1 })),
    });
    fc.assert(
      fc.property(plan, fc.array(query, { minLength: 1, maxLength: 8 }), (planned, queries) => {
        const { rows, lanes } = make(planned);
        for (const [lane, frames] of expectedLanes(rows)) {
          for (const { least, order, limit, window } of queries) {
            const [a, b, beside] = window;
            const [x = 0, y = 0] = [a, b].map((n) => frames[n % Math.max(1, frames.length)]?.time);
            const bounds = { from: Math.min(x, y) + beside, to: Math.max(x, y) };
            const wanted = frames.filter(
              (f) => f.time >= bounds.from && f.time <= bounds.to && f.mark >= least,
            );
            const sorted = order === 'asc' ? wanted : wanted.toReversed();
            expect(
              queryFrames(lanes.directory, lanes.read, lane, { ...bounds, least, order, limit }),
            ).toEqual({
              frames: sorted.slice(0, limit),
              truncated: sorted.length > limit,
            });
          }
        }
      }),
      RUNS,
    );
  });
});

describe('what is stored', () => {
  const lanes = lanesOf(rowsOf(7, 30_000, 1000), FLOWS);
  const tile = (read: KeptLanes['read'], directory = lanes.directory): unknown =>
    [8, 14, 20, 40].map((r) => queryTile(directory, read, 'v0.f0.s', r, 0));

  it('may begin anywhere in a buffer', () => {
    const shifted = (bytes: Uint8Array): Uint8Array => {
      const buffer = new Uint8Array(bytes.length + 3);
      buffer.set(bytes, 3);
      return buffer.subarray(3);
    };
    const directory = openDirectory(shifted(lanes.bytes));
    expect(tile((n) => shifted(lanes.read(n)), directory)).toEqual(tile(lanes.read));
  });

  it('is small: levels take little beside the frames, and a tile reads few chunks', () => {
    const sizes = [...lanes.chunks.values()].map((bytes) => bytes.length);
    expect(sizes.reduce((sum, size) => sum + size, 0) / 30_000).toBeLessThan(60);
    let read = 0;
    const counting = (n: number): Uint8Array => {
      read += 1;
      return lanes.read(n);
    };
    queryTile(lanes.directory, counting, 'v0', 40, 0);
    expect(read).toBe(1);
  });

  it('has no lane of another name', () => {
    for (const lane of ['v1', 'v0.f9.c', 'v0.f0', 'v0.f0.x', 'w0', '', 'v0.f0.c.c', '../v0']) {
      expect(queryTile(lanes.directory, lanes.read, lane, 20, 0)).toBeNull();
    }
  });

  it('has no resolution of another kind', () => {
    for (const [resolution, index] of [
      [-1, 0],
      [54, 0],
      [1.5, 0],
      [Number.NaN, 0],
      [3, 0.5],
    ] as const) {
      expect(queryTile(lanes.directory, lanes.read, 'v0', resolution, index)).toBeNull();
    }
  });

  it('is not taken for a directory where it is none', () => {
    expect(() => openDirectory(new Uint8Array(0))).toThrow('no directory');
    expect(() => openDirectory(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0))).toThrow('no directory');
  });
});
