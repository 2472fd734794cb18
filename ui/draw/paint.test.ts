/** What is drawn is bounded by pixels, never by packets; with a canvas that only counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mark, type TimelineVantage } from '../../analyzer/index.ts';
import { type MadeUpFrame, makeTile } from '../../test/made-up-timeline.ts';
import { canvasColors } from '../state/theme.ts';
import { toColumns } from './columns.ts';
import { layoutLanes } from './lanes-layout.ts';
import { paintLanes } from './lanes-paint.ts';
import { Painter } from './painter.ts';
import { resolutionFor } from './resolution.ts';
import { linearScale } from './scale.ts';
import { toSequence } from './sequence-columns.ts';
import { paintSequence } from './sequence-paint.ts';
import { pickSlices } from './slices.ts';

const WIDTH = 1192;
const HEAD = 192;
const SPAN = 1e9;

/** Takes every call, counts them by name, and keeps where rectangles were. */
function countingCanvas() {
  const calls = new Map<string, number>();
  const rects: number[][] = [];
  const context = new Proxy<Record<string | symbol, unknown>>(
    {},
    {
      get: (target, name) =>
        target[name] ??
        ((...args: number[]) => {
          calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
          if (name === 'fillRect') rects.push(args);
          if (name === 'measureText') return { width: 40 };
          return name === 'createLinearGradient' ? { addColorStop: () => {} } : null;
        }),
    },
  );
  const canvas = { width: 0, height: 0, getContext: () => context };
  return { calls, rects, canvas: canvas as unknown as HTMLCanvasElement };
}

const vantage: TimelineVantage = {
  index: 0,
  vantage: { host: 'client', role: 'client', inferred: false },
  captures: ['c1'],
  frames: 200_000,
  from: 0,
  until: SPAN,
  dropped: 0,
  lossy: false,
  clockError: 0,
};

/** Everything is a problem somewhere: the worst case. */
const frames: MadeUpFrame[] = Array.from({ length: 200_000 }, (_, i) => ({
  time: i * 5000,
  mark: i % 12,
  frame: i + 1,
  seq: i * 100,
  length: 100,
  ack: i * 90,
  window: 60_000,
  ...(i % 12 === Mark.Sack ? { sack: [i * 95, i * 99] as const } : {}),
}));

const shared = {
  failed: false,
  bands: [],
  guide: [],
  mode: 't0',
  base: { origin: 0n, zero: 0, flow: 0 },
} as const;

describe('a picture of 200,000 frames', () => {
  const before = globalThis.document;
  beforeAll(() => {
    const stub = { createElement: () => ({ width: 0, height: 0, getContext: () => null }) };
    Object.assign(globalThis, { document: stub });
  });
  afterAll(() => Object.assign(globalThis, { document: before }));

  const scale = linearScale({ from: 0, to: SPAN }, WIDTH - HEAD);
  const r = resolutionFor(scale.nanosPerPixel);
  const data = pickSlices((res, i) => makeTile(frames, res, i), [scale], r, { from: 0, to: SPAN }, r);

  it('as a lane takes a few marks a pixel', () => {
    const { canvas, calls, rects } = countingCanvas();
    const rows = { edges: false, stall: false, guide: false, laneHeight: 40 };
    const layout = layoutLanes([{ lane: 'v0', vantage: 0, from: null }], [vantage], rows);
    const painter = new Painter(canvas, WIDTH, layout.height, canvasColors.get());
    const journeys = { lines: [], left: 0 };
    const columns = [toColumns(data, scale)];
    paintLanes(painter, { ...shared, layout, scale, columns, holes: [[]], stalls: [], journeys });
    expect(calls.get('fillRect')).toBeLessThan(3 * WIDTH);
    expect(calls.get('stroke') ?? 0).toBeLessThan(WIDTH / 4);
    // Bars and stems lie on whole pixels.
    for (const [x = 0, y = 0] of rects) expect([x % 1, y % 1]).toEqual([0, 0]);
  });

  it('gaps of its capture are hatched, however short and many, a mark a pixel at most', () => {
    const rows = { edges: false, stall: false, guide: false, laneHeight: 40 };
    const paint = (gaps: { from: number; to: number }[]): number => {
      const { canvas, calls } = countingCanvas();
      const layout = layoutLanes([{ lane: 'v0', vantage: 0, from: null }], [{ ...vantage, gaps }], rows);
      const painter = new Painter(canvas, WIDTH, layout.height, canvasColors.get());
      const columns = [toColumns(data, scale)];
      const journeys = { lines: [], left: 0 };
      paintLanes(painter, { ...shared, layout, scale, columns, holes: [[]], stalls: [], journeys });
      return calls.get('fillRect') ?? 0;
    };
    const without = paint([]);
    expect(paint([{ from: SPAN / 2, to: SPAN / 2 + 1 }])).toBeGreaterThan(without);
    const many = Array.from({ length: 50_000 }, (_, i) => ({ from: i * 20_000, to: i * 20_000 + 10_000 }));
    expect(paint(many)).toBeLessThan(without + WIDTH);
  });

  it('as a time-sequence graph as well', () => {
    const { canvas, calls } = countingCanvas();
    const painter = new Painter(canvas, WIDTH, 400, canvasColors.get());
    const columns = toSequence(data, data, scale);
    const panel = { vantage, y: 60, height: 300, columns, under: null, holes: [], inFlight: null };
    paintSequence(painter, {
      ...shared,
      head: HEAD,
      axis: { y: 0, height: 26 },
      edges: { y: 26, height: 20 },
      guideStrip: null,
      height: 400,
      panels: [panel],
      range: { low: 0, high: 2e7 },
      scale,
      direction: 'client → server',
    });
    expect(calls.get('fillRect')).toBeLessThan(8 * WIDTH);
    expect(calls.get('stroke') ?? 0).toBeLessThan(WIDTH / 2);
    expect(calls.get('lineTo') ?? 0).toBeLessThan(8 * WIDTH);
  });
});
