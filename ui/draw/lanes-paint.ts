/**
 * The lanes on a canvas, from the ground up: stripes, coverage, failover, packets on their way, bars, shapes, and
 * the heads at the left. All that is drawn was made before, bounded by pixels; nothing is found out here.
 */
import { Mark, type Stall, type TimelineVantage } from '../../analyzer/index.ts';
import { formatDuration, type TimeBase, type TimeMode, toTimeline } from '../state/time.ts';
import type { Window } from '../state/viewport.ts';
import type { Band } from './band.ts';
import { barHeight, findCrowds, greatestCount, isShaped, type LaneColumns, placeShapes } from './columns.ts';
import { drawCross, drawGlyph, drawUnknown, GLYPH, markColor, stemWidth } from './glyphs.ts';
import type { JourneyLines } from './journey-lines.ts';
import type { LaneBox, LaneGroup, LanesLayout } from './lanes-layout.ts';
import type { Painter } from './painter.ts';
import type { TimeScale } from './scale.ts';
import {
  type EdgeLabel,
  type Plot,
  paintAxis,
  paintBands,
  paintEdges,
  paintTears,
} from './timeline-paint.ts';

export interface LanesPicture {
  readonly layout: LanesLayout;
  readonly scale: TimeScale;
  /** As `layout.lanes`. */
  readonly columns: readonly LaneColumns[];
  readonly holes: readonly (readonly Window[])[];
  readonly failed: boolean;
  readonly bands: readonly Band[];
  readonly stalls: readonly Stall[];
  /** Retransmissions of the stalled side, and what they count from, in the order of time. */
  readonly guide: readonly number[];
  readonly journeys: JourneyLines;
  readonly mode: TimeMode;
  readonly base: TimeBase;
}

/** @returns the labels of the edges, which can be clicked */
export function paintLanes(painter: Painter, picture: LanesPicture): EdgeLabel[] {
  const { layout, scale } = picture;
  const plot = plotOf(painter, layout);
  let labels: EdgeLabel[] = [];
  paintStripes(painter, layout);
  painter.clipped(plot.left, 0, plot.width, plot.bottom, () => {
    paintAxis(painter, plot, scale, picture.mode, picture.base, layout.axis);
    for (const group of layout.groups) paintCoverage(painter, plot, scale, group);
    paintBands(painter, plot, scale, picture.bands);
    paintHoles(painter, plot, picture);
    paintJourneys(painter, plot, picture.journeys);
    paintAllBars(painter, plot, picture);
    for (const [at, lane] of layout.lanes.entries()) paintShapes(painter, plot, lane, picture.columns[at]!);
    paintEnds(painter, plot, picture.journeys);
    const foot = (layout.groups.at(-1)?.y ?? 0) + (layout.groups.at(-1)?.height ?? 0);
    paintTears(painter, { ...plot, bottom: foot }, scale);
    paintStalls(painter, plot, picture);
    paintGuide(painter, plot, picture);
    labels = paintEdges(painter, plot, scale, picture.bands, layout.edges);
  });
  paintHeads(painter, picture);
  return labels;
}

export function plotOf(painter: { readonly width: number }, layout: LanesLayout): Plot {
  return {
    left: layout.head,
    top: layout.axis.height + layout.edges.height,
    width: Math.max(1, painter.width - layout.head),
    bottom: layout.height - 4,
  };
}

function paintStripes(painter: Painter, { groups }: LanesLayout): void {
  const { colors, width } = painter;
  for (const [at, group] of groups.entries()) {
    if (at % 2 === 0) painter.rect(colors.stripe, 0, group.y, width, group.height);
    painter.rect(colors.line, 0, group.y, width, 1);
    if (at === groups.length - 1) painter.rect(colors.line, 0, group.y + group.height, width, 1);
  }
  painter.flush();
}

/** Outside of it nobody can say what went by. */
function paintCoverage(painter: Painter, plot: Plot, scale: TimeScale, group: LaneGroup): void {
  const { from, until, gaps } = group.vantage;
  const begin = Math.min(Math.max(scale.x(from), 0), plot.width);
  const end = Math.min(Math.max(scale.x(until), 0), plot.width);
  const first = group.lanes[0]!;
  const off = (x: number, width: number): void => {
    if (width < 1) return;
    painter.hatch('off', plot.left + x, group.y + 1, width, group.height - 1);
    if (width > 90)
      painter.text('not captured', plot.left + x + width / 2, first.y + first.height / 2, {
        size: 11,
        align: 'center',
        color: painter.colors.muted,
        ground: painter.colors.background,
      });
  };
  off(0, painter.snap(begin));
  off(painter.snap(end), plot.width - painter.snap(end));
  const inside = (time: number): number => Math.min(Math.max(painter.snap(scale.x(time)), begin), end);
  // A pixel at least, however long the view is: a gap is what nothing else shows. Those of one pixel are one.
  let drawn = Number.NEGATIVE_INFINITY;
  for (const gap of gaps ?? []) {
    if (scale.x(gap.to) < 0 || scale.x(gap.from) > plot.width) continue;
    const left = Math.max(inside(gap.from), drawn);
    const right = Math.max(inside(gap.to), left + (left > drawn ? 1 : 0));
    off(left, right - left);
    drawn = right;
  }
}

function paintHoles(painter: Painter, plot: Plot, { layout, holes, scale, failed }: LanesPicture): void {
  for (const [at, lane] of layout.lanes.entries()) {
    for (const { from, to } of holes[at] ?? []) {
      const left = Math.max(0, scale.x(from));
      const right = Math.min(plot.width, scale.x(to));
      painter.hatch(
        failed ? 'failed' : 'loading',
        plot.left + left,
        lane.y + 2,
        right - left,
        lane.height - 4,
      );
    }
  }
}

function paintJourneys(painter: Painter, plot: Plot, { lines }: JourneyLines): void {
  const { ctx, colors } = painter;
  for (const notable of [false, true]) {
    ctx.strokeStyle = notable ? colors.problem : colors.neutral;
    ctx.globalAlpha = notable ? 0.9 : 0.4;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const line of lines) {
      if (line.notable !== notable || line.end === 'unknown') continue;
      ctx.moveTo(plot.left + line.x0 + 0.5, line.y0);
      ctx.lineTo(plot.left + line.x1 + 0.5, line.y1);
    }
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  for (const line of lines)
    if (line.end === 'unknown')
      painter.line(colors.neutral, [plot.left + line.x0, line.y0, plot.left + line.x1, line.y1], 1, [3, 3]);
}

/** Crosses lie above bars; of those that would cover each other one is drawn. */
function paintEnds(painter: Painter, plot: Plot, { lines }: JourneyLines): void {
  const taken = new Set<string>();
  for (const { x1, y1, end } of lines) {
    if (end === 'seen' || x1 < -8 || x1 > plot.width + 8) continue;
    const place = `${Math.round(x1 / 7)} ${Math.round(y1)} ${end}`;
    if (taken.has(place)) continue;
    taken.add(place);
    if (end === 'missing') drawCross(painter, plot.left + x1, y1);
    else drawUnknown(painter, plot.left + x1, y1);
  }
}

const FOOT = 3;

function paintAllBars(painter: Painter, plot: Plot, { layout, columns }: LanesPicture): void {
  const most = greatestCount(columns);
  for (const [at, lane] of layout.lanes.entries()) paintBars(painter, plot, lane, columns[at]!, most);
  painter.flush();
  for (const [at, lane] of layout.lanes.entries()) veilProvisional(painter, plot, lane, columns[at]!);
}

/** Bars from the lane's foot: data in full height, acknowledgements alone at half of it. */
function paintBars(painter: Painter, plot: Plot, lane: LaneBox, columns: LaneColumns, most: number): void {
  const { colors } = painter;
  const room = lane.height - GLYPH - FOOT - 3;
  const foot = lane.y + lane.height - FOOT;
  const onlyAcks = (1 << Mark.Ack) | (1 << Mark.DuplicateAck) | (1 << Mark.WindowUpdate) | (1 << Mark.Sack);
  for (let x = 0; x < columns.width; x++) {
    const count = columns.count[x]!;
    if (count <= 0) continue;
    const isAck = (columns.marks[x]! & ~onlyAcks) === 0;
    const height = Math.round(barHeight(count, most) * room * (isAck ? 0.5 : 1));
    painter.rect(isAck ? colors.ack : colors.data, plot.left + x, foot - height, 1, height);
  }
  painter.rect(colors.line, plot.left, foot, plot.width, 1);
}

/** What stands in for tiles on their way is true but coarse: a checker over it says so. */
function veilProvisional(painter: Painter, plot: Plot, lane: LaneBox, columns: LaneColumns): void {
  let from = -1;
  for (let x = 0; x <= columns.width; x++) {
    const isOn = x < columns.width && columns.provisional[x] === 1;
    if (isOn && from < 0) from = x;
    if (isOn || from < 0) continue;
    painter.hatch('loading', plot.left + from, lane.y + 2, x - from, lane.height - 4);
    from = -1;
  }
}

/** Height of the ribbon of problems that stand side by side. */
const RIBBON = 5;

function paintShapes(painter: Painter, plot: Plot, lane: LaneBox, columns: LaneColumns): void {
  const top = lane.y + GLYPH + 1;
  const height = lane.height - GLYPH - FOOT - 1;
  const crowds = findCrowds(columns);
  for (let x = 0; x < columns.width; x++) {
    const mark = columns.worst[x]!;
    if (!isShaped(mark)) continue;
    const color = markColor(mark, painter.colors);
    const width = stemWidth(mark);
    if (crowds[x] === 1) painter.rect(color, plot.left + x, top, 1, RIBBON);
    else painter.rect(color, plot.left + x - (width >> 1), top, width, height);
  }
  painter.flush();
  for (const { x, mark } of placeShapes(columns, crowds)) drawGlyph(painter, mark, plot.left + x, lane.y + 6);
}

/** A bar a stall: who waited for whom, and how long. */
function paintStalls(painter: Painter, plot: Plot, { layout, scale, stalls, base }: LanesPicture): void {
  if (layout.stall === null) return;
  const { y, height } = layout.stall;
  const { colors } = painter;
  for (const stall of stalls) {
    const from = Math.max(-2, scale.x(toTimeline(stall.start, base)));
    const to = Math.min(
      plot.width + 2,
      stall.end === null ? plot.width + 2 : scale.x(toTimeline(stall.end, base)),
    );
    const width = Math.max(2, painter.snap(to - from));
    if (to < 0 || from > plot.width) continue;
    const left = painter.snap(plot.left + from);
    const middle = y + height / 2;
    painter.rect(colors.problem, left, painter.snap(middle - 1), width, 2);
    painter.rect(colors.problem, left, y + 5, 2, height - 10);
    if (stall.end !== null) painter.rect(colors.problem, left + width - 2, y + 5, 2, height - 10);
    painter.flush();
    paintStallText(painter, plot, stall, Math.max(0, from), Math.min(plot.width, to), middle);
  }
}

/** In the middle of the bar, else beside it, else only how long. */
function paintStallText(
  painter: Painter,
  plot: Plot,
  stall: Stall,
  from: number,
  to: number,
  middle: number,
): void {
  const { colors } = painter;
  const style = { size: 11, weight: 600, color: colors.problem, ground: colors.background } as const;
  const full = stallText(stall);
  const short = formatDuration(stall.duration);
  const width = painter.measure(full, style) + 20;
  if (to - from < width && plot.width - to > width) painter.text(full, plot.left + to + 10, middle, style);
  else if (to - from > painter.measure(short, style) + 16)
    painter.text(to - from > width ? full : short, plot.left + (from + to) / 2, middle, {
      ...style,
      align: 'center',
    });
}

export function stallText({ duration, outage, backoff, end, waiting, owedBy }: Stall): string {
  const parts = [
    ...(outage === null ? [] : [`outage ${formatDuration(outage)}`]),
    ...(backoff === null || backoff === 0 ? [] : [`back-off ${formatDuration(backoff)}`]),
  ];
  const made = parts.length > 0 ? ` = ${parts.join(' + ')}` : `: ${waiting} waited for ${owedBy}`;
  return `stalled ${formatDuration(duration)}${end === null ? ' and longer' : ''}${made}`;
}

/** o- 204 ms -o--- 408 ms ---o: the sender's back-off. */
function paintGuide(painter: Painter, plot: Plot, { layout, scale, guide }: LanesPicture): void {
  if (layout.guide === null || guide.length < 2) return;
  const { colors, ctx } = painter;
  const middle = layout.guide.y + layout.guide.height / 2;
  const xs = guide.map((time) => plot.left + Math.min(Math.max(scale.x(time), -20), plot.width + 20));
  painter.hairline(colors.neutral, xs[0]!, middle, xs.at(-1)!, middle);
  let drawn = Number.NEGATIVE_INFINITY;
  for (const [at, x] of xs.entries()) {
    const before = xs[at - 1];
    if (before !== undefined) guideGap(painter, before, x, middle, guide[at]! - guide[at - 1]!);
    if (x - drawn < 3) continue;
    drawn = x;
    ctx.beginPath();
    ctx.arc(x, middle + 0.5, 3.5, 0, 2 * Math.PI);
    ctx.fillStyle = at === 0 ? colors.neutral : colors.background;
    ctx.fill();
    ctx.strokeStyle = at === 0 ? colors.neutral : colors.problem;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }
}

function guideGap(painter: Painter, from: number, to: number, y: number, nanos: number): void {
  const text = formatDuration(nanos / 1e9);
  const style = { size: 10, mono: true } as const;
  if (to - from < painter.measure(text, style) + 18) return;
  painter.text(text, (from + to) / 2, y + 0.5, {
    ...style,
    align: 'center',
    color: painter.colors.muted,
    ground: painter.colors.background,
  });
}

function paintHeads(painter: Painter, { layout, journeys }: LanesPicture): void {
  const { colors } = painter;
  painter.rect(colors.background, 0, 0, layout.head, painter.height);
  painter.flush();
  for (const [at, group] of layout.groups.entries()) {
    if (at % 2 === 0) painter.rect(colors.stripe, 0, group.y + 1, layout.head, group.height - 1);
    painter.rect(colors.line, 0, group.y, layout.head, 1);
    if (at === layout.groups.length - 1) painter.rect(colors.line, 0, group.y + group.height, layout.head, 1);
    painter.flush();
    paintHead(painter, group, layout.head);
  }
  painter.hairline(colors.line, layout.head - 1, 0, layout.head - 1, layout.height - 4);
  const right = { size: 11, color: colors.muted, align: 'right' } as const;
  const label = (text: string, y: number): void => {
    painter.text(text, layout.head - 10, y, right);
  };
  if (layout.stall !== null) label('stall', layout.stall.y + layout.stall.height / 2);
  if (layout.guide !== null) label('retransmissions', layout.guide.y + layout.guide.height / 2);
  if (journeys.left > 0) label('zoom in to follow packets', layout.edges.y + 8);
}

function paintHead(painter: Painter, { vantage, lanes, y, height }: LaneGroup, width: number): void {
  const { colors } = painter;
  const first = lanes[0]!;
  const single = first.from === null;
  const top = single ? y + height / 2 - 8 : first.y + 12;
  painter.text(vantageName(vantage), 12, top, { weight: 600, most: single ? width - 24 : 118 });
  const facts = vantageFacts(vantage);
  painter.text(facts, 12, top + 16, {
    size: 10,
    color: vantage.lossy ? colors.caution : colors.muted,
    most: single ? width - 24 : 118,
  });
  for (const lane of lanes) {
    if (lane.from === null) continue;
    const text = lane.from === 'client' ? 'client →' : '← server';
    painter.text(text, width - 10, lane.y + lane.height / 2, {
      size: 11,
      align: 'right',
      color: colors.muted,
    });
  }
}

export const vantageName = ({ vantage }: TimelineVantage): string =>
  vantage.side === undefined ? vantage.host : `${vantage.host} ${vantage.side}`;

/** `±0.2 ms · 0 drops`. */
export function vantageFacts({ dropped, lossy, clockError }: TimelineVantage): string {
  const unknown = lossy ? 'lost frames' : 'drops ?';
  const drops = dropped === null ? unknown : `${dropped} ${dropped === 1 ? 'drop' : 'drops'}`;
  if (clockError === null) return `clock not tied · ${drops}`;
  return `${clockError === 0 ? 'reference' : `±${formatDuration(clockError / 1e9)}`} · ${drops}`;
}
