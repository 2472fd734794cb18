/**
 * The time-sequence graph on a canvas, in the vocabulary of tcptrace: bars from first to last byte, R, the steps of
 * acknowledgement and window, SACK, Z, SYN, FIN, RST. A panel a vantage, all with the same axes.
 */
import { Mark, type TimelineVantage } from '../../analyzer/index.ts';
import { formatDuration, type TimeBase, type TimeMode } from '../state/time.ts';
import type { Window } from '../state/viewport.ts';
import type { Band } from './band.ts';
import { type LaneColumns, placeShapes } from './columns.ts';
import { drawGlyph, markColor } from './glyphs.ts';
import type { Strip } from './lanes-layout.ts';
import { vantageFacts, vantageName } from './lanes-paint.ts';
import type { Painter } from './painter.ts';
import type { TimeScale } from './scale.ts';
import type { ByteRange, SequenceColumns } from './sequence-columns.ts';
import { roundStep } from './ticks.ts';
import {
  type EdgeLabel,
  type Plot,
  paintAxis,
  paintBands,
  paintEdges,
  paintTears,
} from './timeline-paint.ts';
import { formatBytes } from './words.ts';

export interface SequencePanel {
  readonly vantage: TimelineVantage;
  readonly y: number;
  readonly height: number;
  readonly columns: SequenceColumns;
  /** What the sender's vantage has, drawn under it: what is not covered did not come here. */
  readonly under: SequenceColumns | null;
  readonly holes: readonly Window[];
  readonly inFlight: { readonly from: number; readonly to: number; readonly time: number } | null;
}

export interface SequencePicture {
  readonly head: number;
  readonly axis: Strip;
  readonly edges: Strip;
  readonly guideStrip: Strip | null;
  readonly height: number;
  readonly panels: readonly SequencePanel[];
  readonly range: ByteRange;
  readonly scale: TimeScale;
  readonly bands: readonly Band[];
  readonly guide: readonly number[];
  readonly failed: boolean;
  readonly mode: TimeMode;
  readonly base: TimeBase;
  /** `client → server`. */
  readonly direction: string;
}

export const sequencePlot = (
  width: number,
  picture: Pick<SequencePicture, 'head' | 'axis' | 'edges' | 'height'>,
): Plot => ({
  left: picture.head,
  top: picture.axis.height + picture.edges.height,
  width: Math.max(1, width - picture.head),
  bottom: picture.height - 4,
});

/** Room for shapes above the highest and below the lowest byte. */
const ABOVE = 20;
const BELOW = 16;

/** Pixel of a byte in a panel. */
export function byteY(
  { y, height }: { y: number; height: number },
  { low, high }: ByteRange,
  byte: number,
): number {
  return y + height - BELOW - ((byte - low) / (high - low)) * Math.max(1, height - ABOVE - BELOW);
}

export function paintSequence(painter: Painter, picture: SequencePicture): EdgeLabel[] {
  const plot = sequencePlot(painter.width, picture);
  let labels: EdgeLabel[] = [];
  painter.clipped(plot.left, 0, plot.width, plot.bottom, () => {
    paintAxis(painter, plot, picture.scale, picture.mode, picture.base, picture.axis);
    for (const panel of picture.panels) paintOff(painter, plot, picture.scale, panel);
    paintBands(painter, plot, picture.scale, picture.bands);
    paintGuideTicks(painter, plot, picture);
  });
  for (const panel of picture.panels)
    painter.clipped(plot.left, panel.y, plot.width, panel.height, () =>
      paintPanel(painter, plot, picture, panel),
    );
  painter.clipped(plot.left, 0, plot.width, plot.bottom, () => {
    paintTears(painter, plot, picture.scale);
    labels = paintEdges(painter, plot, picture.scale, picture.bands, picture.edges);
  });
  paintHeads(painter, picture);
  return labels;
}

/** First and last pixel at which the vantage was capturing. */
function coverage(plot: Plot, scale: TimeScale, { vantage }: SequencePanel): [from: number, until: number] {
  const [from, until] = [vantage.from, vantage.until].map(
    (time) => plot.left + Math.round(Math.min(Math.max(scale.x(time), 0), plot.width)),
  ) as [number, number];
  return [from, until];
}

function paintOff(painter: Painter, plot: Plot, scale: TimeScale, panel: SequencePanel): void {
  const [from, until] = coverage(plot, scale, panel);
  painter.hatch('off', plot.left, panel.y, from - plot.left, panel.height);
  painter.hatch('off', until, panel.y, plot.left + plot.width - until, panel.height);
}

function paintPanel(painter: Painter, plot: Plot, picture: SequencePicture, panel: SequencePanel): void {
  const { colors } = painter;
  const at = (byte: number): number => byteY(panel, picture.range, byte);
  for (const { from, to } of panel.holes) {
    const left = Math.max(0, picture.scale.x(from));
    painter.hatch(
      picture.failed ? 'failed' : 'loading',
      plot.left + left,
      panel.y,
      Math.min(plot.width, picture.scale.x(to)) - left,
      panel.height,
    );
  }
  paintGrid(painter, plot, picture, panel);
  veil(painter, plot, panel);
  if (panel.under !== null) paintData(painter, plot, panel.under, at, colors.caution, 3);
  const [from, until] = coverage(plot, picture.scale, panel);
  paintStep(painter, { from, until, left: plot.left }, panel.columns, 'edge', at);
  paintData(painter, plot, panel.columns, at, colors.data, 2);
  paintStep(painter, { from, until, left: plot.left }, panel.columns, 'ack', at);
  paintSacks(painter, plot, panel.columns, at);
  paintMarks(painter, plot, panel.columns, at);
  if (panel.inFlight !== null) paintInFlight(painter, plot, picture, panel.inFlight, at);
}

/** Round steps of bytes. */
export function byteTicks({ low, high }: ByteRange, height: number): number[] {
  const step = roundStep(((high - low) / Math.max(1, height)) * 44);
  const ticks: number[] = [];
  for (let byte = Math.ceil(Math.max(low, 0) / step) * step; byte <= high; byte += step) ticks.push(byte);
  return ticks;
}

function paintGrid(painter: Painter, plot: Plot, { range }: SequencePicture, panel: SequencePanel): void {
  for (const byte of byteTicks(range, panel.height)) {
    const y = painter.snap(byteY(panel, range, byte));
    painter.ctx.globalAlpha = 0.6;
    painter.hairline(painter.colors.line, plot.left, y, plot.left + plot.width, y);
    painter.ctx.globalAlpha = 1;
  }
}

function veil(painter: Painter, plot: Plot, { columns, y, height }: SequencePanel): void {
  const { data, acks, width } = columns;
  let from = -1;
  for (let x = 0; x <= width; x++) {
    const isOn = x < width && (data.provisional[x] === 1 || acks.provisional[x] === 1);
    if (isOn && from < 0) from = x;
    if (isOn || from < 0) continue;
    painter.hatch('loading', plot.left + from, y, x - from, height);
    from = -1;
  }
}

/** From first to last byte; thin where not all bytes between them are in it. */
function paintData(
  painter: Painter,
  plot: Plot,
  { seqLow, seqHigh, bytes, width }: SequenceColumns,
  at: (byte: number) => number,
  color: string,
  thick: number,
): void {
  for (let x = 0; x < width; x++) {
    if (Number.isNaN(seqHigh[x]!)) continue;
    const top = painter.snap(at(seqHigh[x]!));
    const height = Math.max(2, painter.snap(at(seqLow[x]!)) - top);
    const isFull = bytes[x]! >= seqHigh[x]! - seqLow[x]!;
    painter.rect(color, plot.left + x - (isFull ? thick >> 1 : 0), top, isFull ? thick : 1, height);
  }
  painter.flush();
}

/**
 * Steps begin and end where the capture does: beyond, nobody knows the level. Rectangles: a dashed line of a
 * thousand corners takes longer than all the rest.
 */
function paintStep(
  painter: Painter,
  { from, until, left }: { from: number; until: number; left: number },
  columns: SequenceColumns,
  of: 'ack' | 'edge',
  at: (byte: number) => number,
): void {
  const low = of === 'ack' ? columns.ackLow : columns.edge;
  const high = of === 'ack' ? columns.ackHigh : columns.edge;
  const run = of === 'ack' ? solidRun : dashedRun;
  let level = of === 'ack' ? columns.ackBefore : columns.edgeBefore;
  let start = from;
  for (let x = 0; x < columns.width; x++) {
    const value = high[x]!;
    if (Number.isNaN(value) || (value === level && !(low[x]! < level))) continue;
    const place = left + x;
    if (!Number.isNaN(level)) {
      // The upright parts of neighbours touch; nothing level is left between them.
      if (place - start > 1) run(painter, start, place, at(level));
      const ys = [at(level), at(value), at(low[x]!)].map((y) => painter.snap(y));
      stepUp(painter, of, place, Math.min(...ys), Math.max(...ys));
    }
    start = place;
    level = value;
  }
  if (!Number.isNaN(level)) run(painter, start, Math.max(until, start), at(level));
  painter.flush();
}

/** At least one and a half pixels: its colour has little contrast. */
const ACK_LINE = 1.5;
const DASH = 5;
const DASH_AND_GAP = 8;

function solidRun(painter: Painter, from: number, to: number, y: number): void {
  painter.rect(painter.colors.ack, from, painter.snap(y - ACK_LINE / 2), to - from, painter.snap(ACK_LINE));
}

/** Dashes stand at the same places whatever the run: they do not crawl. */
function dashedRun(painter: Painter, from: number, to: number, y: number): void {
  const top = painter.snap(y);
  for (let x = Math.floor(from / DASH_AND_GAP) * DASH_AND_GAP; x < to; x += DASH_AND_GAP) {
    const left = Math.max(x, from);
    const right = Math.min(x + DASH, to);
    if (right > left) painter.rect(painter.colors.neutral, left, top, right - left, 1);
  }
}

function stepUp(painter: Painter, of: 'ack' | 'edge', x: number, top: number, bottom: number): void {
  const { colors } = painter;
  const width = of === 'ack' ? painter.snap(ACK_LINE) : 1;
  painter.rect(of === 'ack' ? colors.ack : colors.neutral, x, top, width, bottom - top + 1);
}

function paintSacks(
  painter: Painter,
  plot: Plot,
  { sackLow, sackHigh, width }: SequenceColumns,
  at: (byte: number) => number,
): void {
  const { colors } = painter;
  for (let x = 0; x < width; x++) {
    if (Number.isNaN(sackHigh[x]!)) continue;
    const top = painter.snap(at(sackHigh[x]!));
    const bottom = Math.max(top + 3, painter.snap(at(sackLow[x]!)));
    const left = plot.left + x;
    painter.rect(colors.sack, left, top, 1, bottom - top);
    painter.rect(colors.sack, left, top, 4, 1);
    painter.rect(colors.sack, left, bottom - 1, 4, 1);
  }
  painter.flush();
}

function paintMarks(
  painter: Painter,
  plot: Plot,
  columns: SequenceColumns,
  at: (byte: number) => number,
): void {
  const { data, acks } = columns;
  for (let x = 0; x < data.width; x++) {
    if (data.worst[x] !== Mark.Retransmission) continue;
    const { seq, length } = worstOf(data, x);
    const top = painter.snap(at(seq + length));
    painter.rect(painter.colors.problem, plot.left + x - 1, top, 3, Math.max(6, painter.snap(at(seq)) - top));
  }
  painter.flush();
  for (const { x, mark } of placeShapes(data))
    drawGlyph(painter, mark, plot.left + x, dataY(columns, x, at) - 9);
  for (const { x, mark } of placeShapes(acks)) {
    if (mark === Mark.Sack || mark === Mark.WindowUpdate) continue;
    const y = ackY(columns, x, at);
    if (mark === Mark.DuplicateAck)
      painter.rect(markColor(mark, painter.colors), plot.left + x - 3, painter.snap(y) - 1, 7, 2);
    else drawGlyph(painter, mark, plot.left + x, y + 10);
  }
  painter.flush();
}

function worstOf(columns: LaneColumns, x: number): { seq: number; length: number } {
  const slice = columns.slices[columns.slice[x]!];
  if (slice === undefined) return { seq: Number.NaN, length: 0 };
  const row = columns.row[x]!;
  return { seq: slice.tile.worstSeq[row]!, length: slice.tile.worstLength[row]! };
}

/** Where the worst frame of a column stands: the top of its bytes. */
export function dataY(columns: SequenceColumns, x: number, at: (byte: number) => number): number {
  const { seq, length } = worstOf(columns.data, x);
  return at(seq + length);
}

/** At what the column acknowledges; what acknowledges nothing stands at the level before it. */
export function ackY(columns: SequenceColumns, x: number, at: (byte: number) => number): number {
  for (let k = x; k >= 0; k--) if (!Number.isNaN(columns.ackHigh[k]!)) return at(columns.ackHigh[k]!);
  return at(Number.isNaN(columns.ackBefore) ? 0 : columns.ackBefore);
}

function paintInFlight(
  painter: Painter,
  plot: Plot,
  { scale }: SequencePicture,
  { from, to, time }: NonNullable<SequencePanel['inFlight']>,
  at: (byte: number) => number,
): void {
  const { colors } = painter;
  const x = painter.snap(plot.left + scale.x(time)) - 5;
  const [top, bottom] = [painter.snap(at(to)), Math.max(painter.snap(at(from)), painter.snap(at(to)) + 4)];
  painter.line(
    colors.text,
    [x + 4, top + 0.5, x + 0.5, top + 0.5, x + 0.5, bottom - 0.5, x + 4, bottom - 0.5],
    1,
  );
  // In the silence after it: before it are the bytes themselves.
  painter.text(`${formatBytes(to - from)} in flight`, x + 12, bottom + 12, {
    size: 11,
    ground: colors.background,
  });
}

/** Ticks where the stalled side sent again, with the time between them. */
function paintGuideTicks(painter: Painter, plot: Plot, { guide, guideStrip, scale }: SequencePicture): void {
  if (guideStrip === null || guide.length < 2) return;
  const { colors } = painter;
  const middle = guideStrip.y + guideStrip.height / 2;
  const xs = guide.map((time) => plot.left + Math.min(Math.max(scale.x(time), -20), plot.width + 20));
  painter.hairline(colors.neutral, xs[0]!, middle, xs.at(-1)!, middle);
  for (const [i, x] of xs.entries()) {
    painter.rect(i === 0 ? colors.neutral : colors.problem, painter.snap(x) - 1, middle - 6, 2, 12);
    const before = xs[i - 1];
    if (before === undefined) continue;
    const text = formatDuration((guide[i]! - guide[i - 1]!) / 1e9);
    const style = { size: 10, mono: true } as const;
    if (x - before < painter.measure(text, style) + 14) continue;
    painter.text(text, (before + x) / 2, middle + 0.5, {
      ...style,
      align: 'center',
      color: colors.muted,
      ground: colors.background,
    });
  }
  painter.flush();
}

function paintHeads(painter: Painter, picture: SequencePicture): void {
  const { colors } = painter;
  const { head, panels, range, guideStrip, direction, edges } = picture;
  painter.rect(colors.background, 0, 0, head, painter.height);
  painter.flush();
  painter.text(direction, 12, edges.y + 9, { size: 11, color: colors.muted });
  for (const panel of panels) {
    painter.hairline(colors.line, 0, panel.y, painter.width, panel.y);
    painter.text(vantageName(panel.vantage), 12, panel.y + 14, { weight: 600, most: 110 });
    painter.text(vantageFacts(panel.vantage), 12, panel.y + 30, {
      size: 10,
      color: panel.vantage.lossy ? colors.caution : colors.muted,
      most: 116,
    });
    for (const byte of byteTicks(range, panel.height)) {
      const y = byteY(panel, range, byte);
      if (y > panel.y + 6 && y < panel.y + panel.height - 4)
        painter.text(formatBytes(byte), head - 8, y, {
          size: 10,
          mono: true,
          align: 'right',
          color: colors.muted,
        });
    }
  }
  const last = panels.at(-1);
  if (last !== undefined)
    painter.hairline(colors.line, 0, last.y + last.height, painter.width, last.y + last.height);
  if (guideStrip !== null)
    painter.text('retransmissions', head - 8, guideStrip.y + guideStrip.height / 2, {
      size: 11,
      align: 'right',
      color: colors.muted,
    });
  painter.hairline(colors.line, head - 1, 0, head - 1, picture.height - 4);
}
