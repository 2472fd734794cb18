/** What lanes and graph share: the axis, the failover's band with its edges, tears, and what is not loaded or not captured. */
import { formatDuration, formatTime, type TimeBase, type TimeMode } from '../state/time.ts';
import type { Band, BandEdge } from './band.ts';
import { type PlacedLabel, placeLabels, type Strip } from './lanes-layout.ts';
import type { Painter } from './painter.ts';
import { TEAR_PIXELS, type TimeScale } from './scale.ts';
import { axisTicks } from './ticks.ts';

/** Where the plot lies on the canvas. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly bottom: number;
}

export function paintAxis(
  painter: Painter,
  plot: Plot,
  scale: TimeScale,
  mode: TimeMode,
  base: TimeBase,
  strip: Strip,
): void {
  const { colors } = painter;
  const { ticks, decimals } = axisTicks(scale, mode, base);
  const foot = strip.y + strip.height;
  painter.hairline(colors.line, plot.left, foot - 1, plot.left + plot.width, foot - 1);
  for (const { time, x } of ticks) {
    const at = painter.snap(plot.left + x);
    painter.hairline(colors.line, at, foot - 6, at, plot.bottom);
    const isZero = mode === 't0' && time === base.zero;
    const text = isZero ? 'T0' : formatTime(time, decimals, mode, base);
    if (x < plot.width - 60)
      painter.text(text, at + 4, strip.y + strip.height / 2 - 1, {
        size: 11,
        mono: true,
        color: colors.muted,
      });
  }
}

/** The hatch from top to bottom; what an edge may be off by is hatched lighter. */
export function paintBands(painter: Painter, plot: Plot, scale: TimeScale, bands: readonly Band[]): void {
  const { ctx } = painter;
  for (const band of bands) {
    const from = clampX(scale.x(band.from), plot);
    const to = band.to === null ? plot.width : clampX(scale.x(band.to), plot);
    if (to < 0 || from > plot.width || to - from < 0) continue;
    const left = painter.snap(plot.left + from);
    const width = Math.max(1, painter.snap(to - from));
    ctx.globalAlpha = 0.8;
    painter.hatch('band', left, plot.top, width, plot.bottom - plot.top);
    ctx.globalAlpha = 1;
    for (const edge of band.edges) paintBlur(painter, plot, scale, edge, band);
  }
}

function clampX(x: number, plot: Plot): number {
  return Math.min(Math.max(x, -1), plot.width + 1);
}

/** Where the edge may lie: the hatch fades there. Not where that is the whole band. */
function paintBlur(painter: Painter, plot: Plot, scale: TimeScale, edge: BandEdge, band: Band): void {
  const from = clampX(scale.x(edge.from), plot);
  const to = clampX(scale.x(edge.to), plot);
  if (!edge.main || to - from < 2) return;
  const { ctx, colors } = painter;
  const fade = ctx.createLinearGradient(plot.left + from, 0, plot.left + to, 0);
  const isFirst = edge.time === band.from;
  fade.addColorStop(isFirst ? 0 : 1, colors.background);
  fade.addColorStop(isFirst ? 1 : 0, `${colors.background}00`);
  ctx.globalAlpha = 0.75;
  ctx.fillStyle = fade;
  ctx.fillRect(plot.left + from, plot.top, to - from, plot.bottom - plot.top);
  ctx.globalAlpha = 1;
}

export interface EdgeLabel extends PlacedLabel<BandEdge> {
  readonly y: number;
  readonly height: number;
}

const EDGE_ROW = 18;

/** Lines and labels of the edges; the labels can be clicked. */
export function paintEdges(
  painter: Painter,
  plot: Plot,
  scale: TimeScale,
  bands: readonly Band[],
  strip: Strip,
): EdgeLabel[] {
  const { colors } = painter;
  const style = { size: 11, weight: 600 } as const;
  // Those of the band itself first: they find room for their labels.
  const edges = bands.flatMap((band) => band.edges).sort((a, b) => Number(b.main) - Number(a.main));
  const wanted = edges.map((edge) => ({
    of: edge,
    x: scale.x(edge.time),
    width: painter.measure(edgeText(edge), style) + 14,
  }));
  for (const { of: edge, x } of wanted) {
    if (x < 0 || x > plot.width) continue;
    const at = painter.snap(plot.left + x);
    if (edge.main) painter.hairline(colors.neutral, at, strip.y + 2, at, plot.bottom);
    else painter.line(colors.neutral, [at + 0.5, strip.y + 2, at + 0.5, plot.bottom], 1, [3, 3]);
  }
  return placeLabels(wanted, plot.width, Math.floor(strip.height / EDGE_ROW)).map((label) => {
    const y = strip.y + 2 + label.row * EDGE_ROW;
    const atLeft = label.x < scale.x(label.of.time) - 1;
    paintEdgeLabel(painter, plot.left + label.x, y, label.width, edgeText(label.of), atLeft);
    return { ...label, x: plot.left + label.x, y, height: EDGE_ROW - 2 };
  });
}

function paintEdgeLabel(
  painter: Painter,
  x: number,
  y: number,
  width: number,
  text: string,
  atLeft: boolean,
): void {
  const { ctx, colors } = painter;
  ctx.fillStyle = colors.background;
  ctx.fillRect(painter.snap(x) + 1, y, width - 1, EDGE_ROW - 3);
  ctx.fillStyle = colors.neutral;
  ctx.fillRect(painter.snap(atLeft ? x + width - 2 : x), y, 3, EDGE_ROW - 3);
  painter.text(text, x + (atLeft ? 5 : 8), y + (EDGE_ROW - 3) / 2 + 0.5, {
    size: 11,
    weight: 600,
    color: colors.text,
  });
}

const edgeText = ({ label }: BandEdge): string => label;

/** A gap that was torn out: a strip of ground with ragged sides and its true length. */
export function paintTears(painter: Painter, plot: Plot, scale: TimeScale): void {
  const { ctx, colors } = painter;
  for (const tear of scale.tears) {
    const left = plot.left + tear.x;
    ctx.fillStyle = colors.background;
    ctx.fillRect(left + 4, plot.top, TEAR_PIXELS - 8, plot.bottom - plot.top);
    for (const [x, sign] of [
      [left + 4, 1],
      [left + TEAR_PIXELS - 4, 1],
    ] as const) {
      const points: number[] = [];
      for (let y = plot.top, k = 0; y <= plot.bottom + 5; y += 5, k++)
        points.push(x + sign * (k % 2 === 0 ? 2 : -2), Math.min(y, plot.bottom));
      painter.line(colors.neutral, points, 1);
    }
    ctx.save();
    ctx.translate(left + TEAR_PIXELS / 2, (plot.top + plot.bottom) / 2);
    ctx.rotate(-Math.PI / 2);
    painter.text(`${formatDuration((tear.to - tear.from) / 1e9)} idle`, 0, 0, {
      size: 11,
      align: 'center',
      color: colors.muted,
    });
    ctx.restore();
  }
}
