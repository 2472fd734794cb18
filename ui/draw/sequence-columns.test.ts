/** The graph's columns against brute force, and what its y axis must show. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mark } from '../../analyzer/index.ts';
import { type MadeUpFrame, makeTile } from '../../test/made-up-timeline.ts';
import { resolutionFor } from './resolution.ts';
import { linearScale } from './scale.ts';
import { fitBytes, inFlightAt, toSequence } from './sequence-columns.ts';
import { byteTicks, byteY } from './sequence-paint.ts';
import { type LaneData, pickSlices } from './slices.ts';

const SPAN = 1_000_000;
const WIDTH = 300;

const segments = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: SPAN }),
      seq: fc.integer({ min: 0, max: 1e9 }),
      length: fc.integer({ min: 1, max: 3000 }),
    }),
    { minLength: 1, maxLength: 200 },
  )
  .map((list) =>
    list
      .sort((a, b) => a.time - b.time)
      .map((one, i): MadeUpFrame => ({ ...one, mark: Mark.Data, frame: i + 1, ack: 1, window: 1000 })),
  );
const answers = fc
  .array(fc.record({ time: fc.integer({ min: 0, max: SPAN }), ack: fc.integer({ min: 0, max: 1e9 }) }), {
    minLength: 1,
    maxLength: 200,
  })
  .map((list) =>
    list
      .sort((a, b) => a.time - b.time)
      .map(
        (one, i): MadeUpFrame => ({
          ...one,
          mark: Mark.Ack,
          frame: i + 1,
          seq: 1,
          length: 0,
          window: 65_535,
        }),
      ),
  );

function dataOf(frames: readonly MadeUpFrame[], window: { from: number; to: number }): LaneData {
  const r = resolutionFor(linearScale(window, WIDTH).nanosPerPixel);
  return pickSlices((res, index) => makeTile(frames, res, index), [window], r, { from: 0, to: SPAN }, r);
}

const windows = fc
  .tuple(fc.integer({ min: 0, max: SPAN / 2 }), fc.integer({ min: 2000, max: SPAN }))
  .map(([from, length]) => ({ from, to: from + length }));

describe('the time-sequence graph', () => {
  it('has every byte that is visible within its columns and its y axis', () => {
    fc.assert(
      fc.property(segments, answers, windows, (sent, acked, window) => {
        const scale = linearScale(window, WIDTH);
        const columns = toSequence(dataOf(sent, window), dataOf(acked, window), scale);
        const range = fitBytes([columns]);
        const panel = { y: 100, height: 200 };
        for (const { time, seq, length } of sent) {
          const x = Math.floor(scale.x(time));
          if (time < window.from || x >= WIDTH) continue;
          // A bucket that begins a pixel earlier holds it too.
          const inside = [x - 1, x].some(
            (at) => columns.seqLow[at]! <= seq && columns.seqHigh[at]! >= seq + length,
          );
          const onEdge = x === 0;
          expect(inside || onEdge).toBe(true);
          if (!inside) continue;
          for (const byte of [seq, seq + length]) {
            const y = byteY(panel, range, byte);
            expect(y).toBeGreaterThanOrEqual(panel.y);
            expect(y).toBeLessThanOrEqual(panel.y + panel.height);
          }
        }
      }),
    );
  });

  it('knows the level before the window begins', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 0, max: SPAN - 3000 }), (acked, from) => {
        const window = { from, to: from + 3000 };
        const columns = toSequence(
          { slices: [], holes: [] },
          dataOf(acked, window),
          linearScale(window, WIDTH),
        );
        const before = acked.filter(({ time }) => time < from).at(-1);
        // Within one tile, or not at all: never a level that is not the last one's.
        if (!Number.isNaN(columns.ackBefore)) {
          const last = acked.filter(
            ({ time }) => Math.floor(time / 8) === Math.floor((before?.time ?? -1) / 8),
          );
          expect(last.map(({ ack }) => ack)).toContain(columns.ackBefore);
        }
      }),
    );
  });

  it('leaves out a window that would press the data flat', () => {
    const frame = { mark: Mark.Data, frame: 1, seq: 0, length: 1000, ack: 1, window: 1 };
    const ack = { mark: Mark.Ack, frame: 1, seq: 1, length: 0, ack: 500, window: 1e6 };
    const window = { from: 0, to: SPAN };
    const scale = linearScale(window, WIDTH);
    const data = dataOf([{ ...frame, time: 10 }], window);
    const far = toSequence(data, dataOf([{ ...ack, time: 20 }], window), scale);
    expect(fitBytes([far])).toEqual({ low: 0, high: 1000 });
    const near = toSequence(data, dataOf([{ ...ack, time: 20, window: 2000 }], window), scale);
    expect(fitBytes([near])).toEqual({ low: 0, high: 2500 });
    expect(fitBytes([])).toEqual({ low: 0, high: 1 });
  });

  it('says what was in flight', () => {
    const window = { from: 0, to: SPAN };
    const sent = [0, 1, 2, 3].map((i) => ({
      time: 1000 + i * 100_000,
      mark: Mark.Data,
      frame: i + 1,
      seq: 1 + i * 1000,
      length: 1000,
      ack: 1,
      window: 1,
    }));
    const acked = [{ time: 150_000, mark: Mark.Ack, frame: 1, seq: 1, length: 0, ack: 1001, window: 1 }];
    const [data, acks] = [dataOf(sent, window), dataOf(acked, window)];
    expect(inFlightAt(data, acks, 250_000)).toEqual({ from: 1001, to: 3001 });
    expect(inFlightAt(data, acks, 100_000)).toBeNull();
  });

  it('has round ticks', () => {
    expect(byteTicks({ low: 0, high: 2_000_000 }, 200)).toEqual([
      0, 500_000, 1_000_000, 1_500_000, 2_000_000,
    ]);
    expect(byteTicks({ low: 1_400_000, high: 1_403_000 }, 100).every((byte) => byte % 1000 === 0)).toBe(true);
  });
});
