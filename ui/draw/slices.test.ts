/** Where a tile is missing, what is there stands in for it and says so; nothing is drawn twice. */
import { describe, expect, it } from 'vitest';
import { Mark, type Tile } from '../../analyzer/index.ts';
import { type MadeUpFrame, makeTile } from '../../test/made-up-timeline.ts';
import { toColumns } from './columns.ts';
import { tileWidth } from './resolution.ts';
import { linearScale } from './scale.ts';
import { idleGaps, pickSlices } from './slices.ts';
import { bytesBetween } from './totals.ts';

const R = 10;
const SPAN = tileWidth(R);
const FRAMES: MadeUpFrame[] = Array.from({ length: 4000 }, (_, i) => ({
  time: Math.floor((i * 4 * SPAN) / 4000),
  mark: i === 1500 ? Mark.Retransmission : Mark.Data,
  frame: i + 1,
  seq: i * 100,
  length: 100,
  ack: 1,
  window: 1000,
}));
const ALL = { from: 0, to: 4 * SPAN - 1 };

const having =
  (...there: [resolution: number, index: number][]) =>
  (resolution: number, index: number): Tile | undefined =>
    there.some(([r, i]) => r === resolution && i === index) ? makeTile(FRAMES, resolution, index) : undefined;

describe('slices', () => {
  it('are the wanted tiles where they are there', () => {
    const { slices, holes } = pickSlices(having([R, 0], [R, 1], [R, 2], [R, 3]), [ALL], R, ALL, R);
    expect(slices.map(({ provisional }) => provisional)).toEqual([false, false, false, false]);
    expect(holes).toEqual([]);
  });

  it('are holes where nothing is known', () => {
    const { slices, holes } = pickSlices(having([R, 1]), [ALL], R, ALL, R);
    expect(slices).toHaveLength(1);
    expect(holes).toEqual([
      { from: 0, to: SPAN },
      { from: 2 * SPAN, to: 3 * SPAN },
      { from: 3 * SPAN, to: 4 * SPAN - 1 },
    ]);
  });

  it('are coarse ones, provisional, within what is missing', () => {
    const { slices, holes } = pickSlices(having([R, 0], [R + 2, 0]), [ALL], R, ALL, R + 2);
    expect(holes).toEqual([]);
    expect(
      slices.map(({ provisional, from, to }) => [provisional, from / SPAN, Math.round(to / SPAN)]),
    ).toEqual([
      [false, 0, 1],
      [true, 1, 2],
      [true, 2, 3],
      [true, 3, 4],
    ]);
  });

  it('are finer ones where all of them are there, and then exact', () => {
    const { slices } = pickSlices(having([R - 1, 0], [R - 1, 1]), [{ from: 0, to: SPAN - 1 }], R, ALL, R);
    expect(slices).toHaveLength(2);
    expect(slices.every(({ provisional }) => !provisional)).toBe(true);
  });

  it('keep the worst frame where it is while coarse ones stand in', () => {
    const scale = linearScale(ALL, 1000);
    const columns = toColumns(pickSlices(having([R + 4, 0]), [ALL], R, ALL, R + 4), scale);
    const time = FRAMES[1500]!.time;
    expect(columns.worst[Math.floor(scale.x(time))]).toBe(Mark.Retransmission);
    expect(columns.provisional.every((value) => value === 1)).toBe(true);
  });
});

describe('totals', () => {
  it('are the bytes between two times', () => {
    const data = pickSlices(having([R, 0], [R, 1], [R, 2], [R, 3]), [ALL], R, ALL, R);
    expect(bytesBetween(data, ALL.from, ALL.to + 1)).toBe(400_000);
    expect(bytesBetween(data, 2 * SPAN, SPAN)).toBe(100_000);
  });
});

describe('idle gaps', () => {
  const sparse = FRAMES.filter(({ time }) => time < SPAN || time > 3 * SPAN);
  const tiles = (resolution: number, index: number): Tile => makeTile(sparse, resolution, index);

  it('are where no lane has a frame', () => {
    const data = pickSlices(tiles, [ALL], R, ALL, R);
    const [gap, ...others] = idleGaps([data], ALL, SPAN / 4);
    expect(others).toEqual([]);
    expect(gap!.from).toBeGreaterThan(SPAN * 0.9);
    expect(gap!.to).toBeLessThan(SPAN * 3.1);
    const busy = pickSlices(having([R, 0], [R, 1], [R, 2], [R, 3]), [ALL], R, ALL, R);
    expect(idleGaps([data, busy], ALL, SPAN / 4)).toEqual([]);
  });

  it('are not where nothing is known yet', () => {
    const data = pickSlices(having([R, 0], [R, 3]), [ALL], R, ALL, R);
    expect(idleGaps([data], ALL, SPAN / 4)).toEqual([]);
  });
});
