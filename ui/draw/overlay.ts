/** What moves without a change of the data: cursor, marked frames, selected range, ruler. Drawn on the upper canvas. */
import { formatDuration, formatTime } from '../state/time.ts';
import type { Painter } from './painter.ts';
import type { TimeScale } from './scale.ts';
import type { Plot } from './timeline-paint.ts';
import { formatBytes } from './words.ts';

/** A frame to be marked, where it is drawn. */
export interface Spot {
  readonly time: number;
  /** Of its shape on the canvas: the middle, and the height. */
  readonly y: number;
  readonly height: number;
  readonly kind: 'selected' | 'lit' | 'hover';
}

export interface Measured {
  readonly from: number;
  readonly to: number;
  /** Payload between the two in the lane under the pointer; null: not known. */
  readonly bytes: number | null;
}

export interface OverlayPicture {
  readonly plot: Plot;
  readonly scale: TimeScale;
  readonly cursor: number | null;
  readonly decimals: number;
  readonly spots: readonly Spot[];
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly ruler: Measured | null;
}

export function paintOverlay(painter: Painter, picture: OverlayPicture): void {
  const { plot } = picture;
  painter.clipped(plot.left, 0, plot.width, painter.height, () => {
    if (picture.range !== null) paintRange(painter, picture, picture.range);
    for (const spot of picture.spots) paintSpot(painter, picture, spot);
    if (picture.cursor !== null && picture.ruler === null) paintCursor(painter, picture, picture.cursor);
    if (picture.ruler !== null) paintRuler(painter, picture, picture.ruler);
  });
}

function paintCursor(painter: Painter, { plot, scale, decimals }: OverlayPicture, time: number): void {
  const { colors } = painter;
  const x = scale.x(time);
  if (x < 0 || x > plot.width) return;
  const at = painter.snap(plot.left + x);
  painter.hairline(colors.muted, at, 20, at, plot.bottom);
  const text = formatTime(time, decimals);
  const style = { size: 11, mono: true } as const;
  const half = painter.measure(text, style) / 2 + 4;
  const middle = Math.min(Math.max(at, plot.left + half), plot.left + plot.width - half);
  painter.text(text, middle, 11, {
    ...style,
    align: 'center',
    color: colors.background,
    ground: colors.text,
  });
}

function paintSpot(painter: Painter, { plot, scale }: OverlayPicture, { time, y, height, kind }: Spot): void {
  const { colors, ctx } = painter;
  const x = scale.x(time);
  if (x < -12 || x > plot.width + 12) return;
  const at = painter.snap(plot.left + x) + 0.5;
  if (kind === 'selected') {
    painter.hairline(colors.selected, at - 0.5, plot.top, at - 0.5, plot.bottom);
    ctx.fillStyle = colors.selected;
    ctx.globalAlpha = 0.14;
    ctx.fillRect(at - 7, y - height / 2, 14, height);
    ctx.globalAlpha = 1;
  }
  ctx.strokeStyle = kind === 'hover' ? colors.muted : colors.selected;
  ctx.lineWidth = kind === 'selected' ? 2 : 1.5;
  ctx.setLineDash(kind === 'lit' ? [3, 2] : []);
  ctx.beginPath();
  ctx.roundRect(at - 7, y - height / 2, 14, height, 3);
  ctx.stroke();
  ctx.setLineDash([]);
}

function paintRange(
  painter: Painter,
  { plot, scale }: OverlayPicture,
  { from, to }: { from: number; to: number },
): void {
  const { colors, ctx } = painter;
  const left = painter.snap(plot.left + Math.max(-1, scale.x(from)));
  const right = painter.snap(plot.left + Math.min(plot.width + 1, scale.x(to)));
  ctx.fillStyle = colors.selected;
  ctx.globalAlpha = 0.12;
  ctx.fillRect(left, 0, right - left, plot.bottom);
  ctx.globalAlpha = 1;
  painter.hairline(colors.selected, left, 0, left, plot.bottom);
  painter.hairline(colors.selected, right, 0, right, plot.bottom);
}

function paintRuler(painter: Painter, { plot, scale }: OverlayPicture, { from, to, bytes }: Measured): void {
  const { colors } = painter;
  const [left, right] = [Math.min(from, to), Math.max(from, to)].map((time) =>
    painter.snap(plot.left + scale.x(time)),
  ) as [number, number];
  const y = plot.top + 14;
  painter.hairline(colors.selected, left, plot.top, left, plot.bottom);
  painter.hairline(colors.selected, right, plot.top, right, plot.bottom);
  painter.line(colors.selected, [left, y, right, y], 1.5);
  const middle = Math.min(Math.max((left + right) / 2, plot.left + 90), plot.left + plot.width - 90);
  painter.text(rulerText({ from, to, bytes }), middle, y, {
    size: 11,
    weight: 600,
    align: 'center',
    color: colors.background,
    ground: colors.selected,
  });
}

/** `204 ms · 64 kB · 2.5 Mbit/s`. */
export function rulerText({ from, to, bytes }: Measured): string {
  const seconds = Math.abs(to - from) / 1e9;
  if (bytes === null) return formatDuration(seconds);
  const rate = seconds > 0 ? ` · ${formatRate((8 * bytes) / seconds)}` : '';
  return `${formatDuration(seconds)} · ${formatBytes(bytes)}${rate}`;
}

function formatRate(bits: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
  let at = 0;
  while (bits >= 1000 && at < units.length - 1) {
    bits /= 1000;
    at++;
  }
  return `${bits.toFixed(bits >= 100 ? 0 : 1)} ${units[at]}`;
}
