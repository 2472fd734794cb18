/** The worst frame is on the screen at every zoom and under the pointer; what stands in says so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_PROBLEM, Mark, type Tile } from '../../analyzer/index.ts';
import { firstFrom, type MadeUpFrame, makeTile } from '../../test/made-up-timeline.ts';
import {
  barHeight,
  CROWD_SPACING,
  findCrowds,
  hitColumn,
  isShaped,
  type LaneColumns,
  NO_MARK,
  placeShapes,
  SHAPE_SPACING,
  TOLERANCE,
  toColumns,
} from './columns.ts';
import { resolutionFor } from './resolution.ts';
import { linearScale, type TimeScale, tornScale } from './scale.ts';
import { idleGaps, pickSlices } from './slices.ts';

const frame = (time: number, mark: number, number: number): MadeUpFrame => ({
  time,
  mark,
  frame: number,
  seq: 1000 * number,
  length: mark === Mark.Ack ? 0 : 1000,
  ack: 1,
  window: 65_535,
});

/** The tiles of a lane, each made once. */
function lane(frames: readonly MadeUpFrame[]): (resolution: number, index: number) => Tile {
  const made = new Map<string, Tile>();
  return (resolution, index) => {
    const key = `${resolution} ${index}`;
    const tile = made.get(key) ?? makeTile(frames, resolution, index);
    made.set(key, tile);
    return tile;
  };
}

function columnsOf(frames: readonly MadeUpFrame[], scale: TimeScale, tiles = lane(frames)): LaneColumns {
  const limits = { from: frames[0]?.time ?? 0, to: frames.at(-1)?.time ?? 0 };
  const resolution = resolutionFor(scale.nanosPerPixel);
  return toColumns(pickSlices(tiles, [scale], resolution, limits, resolution), scale);
}

const lanes = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: 10_000_000 }),
      mark: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(Mark.Data, Mark.Ack) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: Mark.Reset }) },
      ),
    }),
    { minLength: 1, maxLength: 300 },
  )
  .map((list) => list.sort((a, b) => a.time - b.time).map(({ time, mark }, i) => frame(time, mark, i + 1)));

const windows = fc
  .tuple(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 200, max: 20_000_000 }))
  .map(([from, length]) => ({ from, to: from + length }));

const WIDTH = 400;

function worstOf(frames: readonly MadeUpFrame[]): number {
  return frames.reduce((worst, { mark }) => Math.max(worst, mark), -1);
}

describe('columns', () => {
  it('have the worst mark of what is visible, at every zoom', () => {
    fc.assert(
      fc.property(lanes, windows, (frames, window) => {
        const scale = linearScale(window, WIDTH);
        const columns = columnsOf(frames, scale);
        const visible = frames.filter(({ time }) => time >= window.from && time < window.to);
        const drawn = [...columns.worst].filter((mark) => mark !== NO_MARK);
        // A bucket at the edge may be as bad as what lies up to a pixel beyond.
        const reach = 2 * scale.nanosPerPixel;
        const around = frames.filter(({ time }) => time >= window.from - reach && time < window.to + reach);
        expect(Math.max(-1, ...drawn)).toBeGreaterThanOrEqual(worstOf(visible));
        expect(Math.max(-1, ...drawn)).toBeLessThanOrEqual(worstOf(around));
      }),
    );
  });

  it('put every problem where it is, to the pixel, unless a worse one is in its bucket', () => {
    fc.assert(
      fc.property(lanes, windows, (frames, window) => {
        const scale = linearScale(window, WIDTH);
        const columns = columnsOf(frames, scale);
        for (const { time, mark } of frames) {
          if (time < window.from || time >= window.to) continue;
          const near = [-1, 0, 1].map((by) => columns.worst[Math.floor(scale.x(time)) + by] ?? NO_MARK);
          expect(Math.max(...near.map((m) => (m === NO_MARK ? -1 : m)))).toBeGreaterThanOrEqual(mark);
        }
      }),
    );
  });

  it('count every frame once', () => {
    fc.assert(
      fc.property(lanes, (frames) => {
        const scale = linearScale({ from: -5, to: 10_000_100 }, WIDTH);
        const sum = columnsOf(frames, scale).count.reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(frames.length, 3);
      }),
    );
  });

  it('are the same picture when the gaps are torn out, on another scale', () => {
    fc.assert(
      fc.property(lanes, (frames) => {
        const window = { from: 0, to: 10_000_001 };
        const tiles = lane(frames);
        const linear = linearScale(window, WIDTH);
        const r = resolutionFor(linear.nanosPerPixel);
        const data = pickSlices(tiles, [window], r, window, r);
        const torn = tornScale(window, WIDTH, idleGaps([data], window, 40 * linear.nanosPerPixel));
        for (const { from, to } of torn.tears)
          expect(frames.filter(({ time }) => time > from && time < to)).toEqual([]);
        const drawn = [...columnsOf(frames, torn, tiles).worst].filter((mark) => mark !== NO_MARK);
        expect(Math.max(...drawn)).toBe(worstOf(frames));
      }),
    );
  });
});

describe('a hit', () => {
  it('is the worst shaped mark near the pointer, else the nearest one, as brute force says', () => {
    fc.assert(
      fc.property(lanes, windows, fc.integer({ min: 0, max: WIDTH - 1 }), (frames, window, x) => {
        const columns = columnsOf(frames, linearScale(window, WIDTH));
        const near = [...columns.worst.keys()]
          .filter((at) => columns.worst[at] !== NO_MARK && Math.abs(at - x) <= TOLERANCE)
          .sort((a, b) => Math.abs(a - x) - Math.abs(b - x) || a - b);
        const weight = (at: number): number =>
          isShaped(columns.worst[at] ?? NO_MARK) ? (columns.worst[at] ?? 0) : -1;
        const best = near.reduce((a, b) => (a >= 0 && weight(a) >= weight(b) ? a : b), -1);
        expect(hitColumn(columns, x)).toBe(best);
      }),
    );
  });

  it('finds one retransmission among a million frames at every zoom', () => {
    const needle = 637_211;
    const frames = Array.from({ length: 1_000_000 }, (_, i) =>
      frame(i * 10_007, i === needle ? Mark.Retransmission : i % 2 === 0 ? Mark.Data : Mark.Ack, i + 1),
    );
    const time = frames[needle]!.time;
    const all = { from: 0, to: frames.at(-1)!.time + 1 };
    const tiles = lane(frames);
    for (let length = all.to; length > 1000; length /= 3) {
      const from = Math.max(0, time - 0.3 * length);
      const scale = linearScale({ from, to: from + length }, 1600);
      const columns = columnsOf(frames, scale, tiles);
      const hit = hitColumn(columns, scale.x(time) + 3);
      const slice = columns.slices[columns.slice[hit]!]!;
      expect(slice.tile.worst[columns.row[hit]!]).toBe(Mark.Retransmission);
      expect(slice.tile.worstFrame[columns.row[hit]!]).toBe(needle + 1);
      expect(placeShapes(columns).map(({ mark }) => mark)).toContain(Mark.Retransmission);
    }
    expect(firstFrom(frames, time)).toBe(needle);
  });
});

describe('shapes', () => {
  it('never overlap, and leave out none but for a worse one or an equal one beside it', () => {
    fc.assert(
      fc.property(lanes, (frames) => {
        const columns = columnsOf(frames, linearScale({ from: 0, to: 10_000_001 }, WIDTH));
        const placed = placeShapes(columns);
        const crowds = findCrowds(columns);
        const xs = placed.map(({ x }) => x).sort((a, b) => a - b);
        for (const [i, x] of xs.entries())
          if (i > 0) expect(x - xs[i - 1]!).toBeGreaterThanOrEqual(SHAPE_SPACING);
        for (const [x, mark] of columns.worst.entries()) {
          if (!isShaped(mark) || placed.some((one) => one.x === x)) continue;
          const reach = crowds[x] === 1 ? CROWD_SPACING : SHAPE_SPACING;
          const near = placed.filter((one) => Math.abs(one.x - x) < reach);
          expect(Math.max(...near.map((one) => one.mark))).toBeGreaterThanOrEqual(mark);
        }
      }),
    );
  });

  it('are all kinds that "next problem" stops at', () => {
    for (let mark: number = FIRST_PROBLEM; mark <= Mark.Reset; mark++) expect(isShaped(mark)).toBe(true);
  });
});

describe('a bar', () => {
  it('is visible for one frame and grows with many', () => {
    expect(barHeight(0, 1000)).toBe(0);
    expect(barHeight(1, 1000)).toBeGreaterThan(0.3);
    expect(barHeight(1000, 1000)).toBe(1);
    expect(barHeight(10, 1000)).toBeLessThan(barHeight(100, 1000));
  });
});
