/**
 * The ladder on a canvas: time downward, a column a vantage, a packet's way as arrows from sighting to sighting.
 * Only visible rows are drawn. An arrow that would go back in time is level, amber, and says what is not known.
 */
import type { Journey, TimelineVantage } from '../../analyzer/index.ts';
import { formatDuration, formatTime } from '../state/time.ts';
import { type Band, bandAt } from './band.ts';
import { drawCross, drawUnknown } from './glyphs.ts';
import { isNotable } from './journey-lines.ts';
import { type Hop, hopsOf, type LadderRow, type LadderRows, rowAt } from './ladder-rows.ts';
import { vantageFacts, vantageName } from './lanes-paint.ts';
import type { Painter } from './painter.ts';
import { grouped, plural } from './words.ts';

export const LADDER_HEAD = 44;
const GUTTER = 176;
/** Room for words at the right. */
const WORDS = 290;
/** In and out of one node stand so far from its line. */
const SIDE = 9;

export interface LadderPicture {
  readonly journeys: readonly Journey[];
  readonly vantages: readonly TimelineVantage[];
  readonly rows: LadderRows;
  readonly bands: readonly Band[];
  /** Pixels that are scrolled out at the top. */
  readonly scrolled: number;
}

/** Where the vantages stand. */
export function columnX(at: number, count: number, width: number): number {
  const left = GUTTER + 40;
  // No closer than a frame's number needs, and not under the words, where that can be had.
  const right = Math.max(left + 66 * (count - 1), width - WORDS);
  return count < 2 ? left : left + (at * (right - left)) / (count - 1);
}

export function paintLadder(painter: Painter, picture: LadderPicture): void {
  const { rows, scrolled } = picture;
  const first = Math.max(0, rowAt(rows, scrolled));
  painter.clipped(0, LADDER_HEAD, painter.width, painter.height - LADDER_HEAD, () => {
    const visible: { row: LadderRow; y: number; height: number }[] = [];
    for (let at = first; at < rows.rows.length; at++) {
      const y = LADDER_HEAD + rows.tops[at]! - scrolled;
      if (y > painter.height) break;
      visible.push({ row: rows.rows[at]!, y, height: rows.tops[at + 1]! - rows.tops[at]! });
    }
    for (const { row, y, height } of visible) paintGround(painter, picture, row, y, height);
    paintLifelines(painter, picture, rows.tops[rows.rows.length]! - scrolled);
    for (const { row, y, height } of visible) paintRow(painter, picture, row, y, height);
  });
  paintHeads(painter, picture);
}

function timeOf({ journeys }: LadderPicture, row: LadderRow): number {
  if (row.kind === 'journey') return journeys[row.index]!.time;
  if (row.kind === 'fold') return journeys[row.first]!.time;
  return row.kind === 'edge' ? row.edge.time : row.from;
}

function paintGround(
  painter: Painter,
  picture: LadderPicture,
  row: LadderRow,
  y: number,
  height: number,
): void {
  if (bandAt(picture.bands, timeOf(picture, row)) !== undefined)
    painter.hatch('band', GUTTER, y, painter.width - GUTTER - WORDS + 60, height);
}

function paintLifelines(painter: Painter, { vantages }: LadderPicture, end: number): void {
  const bottom = Math.min(painter.height, LADDER_HEAD + Math.max(end, 0));
  for (const at of vantages.keys()) {
    const x = painter.snap(columnX(at, vantages.length, painter.width));
    painter.hairline(painter.colors.neutral, x, LADDER_HEAD, x, bottom);
  }
}

function paintHeads(painter: Painter, { vantages }: LadderPicture): void {
  const { colors } = painter;
  painter.rect(colors.background, 0, 0, painter.width, LADDER_HEAD);
  painter.rect(colors.line, 0, LADDER_HEAD - 1, painter.width, 1);
  painter.flush();
  const room =
    vantages.length < 2
      ? 200
      : columnX(1, vantages.length, painter.width) - columnX(0, vantages.length, painter.width) - 12;
  for (const [at, vantage] of vantages.entries()) {
    const x = columnX(at, vantages.length, painter.width);
    painter.text(vantageName(vantage), x, 15, { weight: 600, align: 'center', most: room });
    painter.text(vantageFacts(vantage), x, 31, {
      size: 10,
      align: 'center',
      most: room,
      color: vantage.lossy ? colors.caution : colors.muted,
    });
  }
}

function paintRow(painter: Painter, picture: LadderPicture, row: LadderRow, y: number, height: number): void {
  const middle = y + height / 2;
  const { colors } = painter;
  if (row.kind === 'journey') paintJourney(painter, picture, picture.journeys[row.index]!, y, height);
  else if (row.kind === 'fold') paintFold(painter, picture, row.first, row.count, middle);
  else if (row.kind === 'pause')
    painter.text(`${formatDuration(row.nanos / 1e9)} later`, GUTTER - 14, middle, {
      size: 10,
      align: 'right',
      color: colors.muted,
    });
  else {
    painter.line(
      colors.neutral,
      [GUTTER, middle, painter.width - WORDS + 60, middle],
      1,
      row.edge.main ? [] : [4, 3],
    );
    paintTime(painter, row.edge.time, middle);
    painter.text(row.edge.label, painter.width - WORDS + 72, middle, { size: 11, weight: 600 });
  }
}

function paintTime(painter: Painter, time: number, y: number): void {
  painter.text(formatTime(time, 6), GUTTER - 14, y, {
    size: 11,
    mono: true,
    align: 'right',
    color: painter.colors.muted,
  });
}

/** `× 14 ordinary`, with an arrow both ways. */
function paintFold(painter: Painter, picture: LadderPicture, first: number, count: number, y: number): void {
  const { colors } = painter;
  const last = picture.vantages.length - 1;
  const [from, to] = [0, last].map((at) => columnX(at, last + 1, painter.width)) as [number, number];
  paintTime(painter, picture.journeys[first]!.time, y);
  painter.line(colors.neutral, [from + 8, y, to - 8, y], 1, [1, 3]);
  painter.text(`× ${grouped(count)} ordinary`, (from + to) / 2, y, {
    size: 11,
    align: 'center',
    color: colors.muted,
    ground: colors.background,
  });
  painter.text('click to unfold', painter.width - WORDS + 72, y, { size: 11, color: colors.muted });
}

function paintJourney(
  painter: Painter,
  picture: LadderPicture,
  journey: Journey,
  y: number,
  height: number,
): void {
  const { vantages } = picture;
  const middle = y + height / 2 + 3;
  const hops = hopsOf(journey, (v) => vantages.find(({ index }) => index === v)?.clockError ?? null);
  paintTime(painter, journey.time, y + height / 2);
  const place = (hop: Hop, end: 'from' | 'to'): number => stopX(painter, picture, journey, hop[end]);
  for (const hop of hops)
    paintHop(painter, hop, place(hop, 'from'), place(hop, 'to'), middle, isNotable(journey));
  for (const stop of journey.stops) {
    if (stop.seen !== 'seen') continue;
    const x = painter.snap(stopX(painter, picture, journey, stop));
    painter.ctx.fillStyle = painter.colors.text;
    painter.ctx.fillRect(x - 1, middle - 4, 3, 8);
  }
  // On the way, where it surely went by, but nobody saw it.
  for (const [at, stop] of journey.stops.entries())
    if (stop.seen === 'unknown' && journey.stops.slice(at + 1).some(({ seen }) => seen === 'seen'))
      drawUnknown(painter, stopX(painter, picture, journey, stop), middle, 5);
  paintNumbers(painter, picture, journey, middle);
  const unknown = hops.find(({ backward }) => backward);
  paintWords(painter, picture, journey, unknown, y + height / 2);
}

/** Two stops of one vantage stand at both sides of its line, in the direction of travel. */
export function stopX(
  painter: { readonly width: number },
  { vantages }: LadderPicture,
  { from, stops }: Journey,
  stop: Journey['stops'][number],
): number {
  const at = vantages.findIndex(({ index }) => index === stop.vantage);
  const x = columnX(at, vantages.length, painter.width);
  const same = stops.filter(({ vantage }) => vantage === stop.vantage);
  if (same.length < 2) return x;
  const isFirst = same[0] === stop;
  return isFirst === (from === 'client') ? x - SIDE : x + SIDE;
}

const SLOPE = 4;

function paintHop(painter: Painter, hop: Hop, from: number, to: number, y: number, notable: boolean): void {
  const { colors } = painter;
  const direction = Math.sign(to - from) || 1;
  if (hop.end !== 'seen') {
    const end = from + (to - from) * 0.55;
    painter.line(colors.problem, [from, y, end, y + SLOPE / 2], 1.5, hop.end === 'unknown' ? [3, 3] : []);
    if (hop.end === 'missing') drawCross(painter, end + 5 * direction, y + SLOPE / 2);
    else drawUnknown(painter, end + 7 * direction, y + SLOPE / 2);
    return;
  }
  const color = hop.backward ? colors.caution : notable ? colors.problem : colors.data;
  const drop = hop.backward ? 0 : SLOPE / 2;
  painter.line(color, [from, y - drop, to, y + drop], notable ? 1.5 : 1);
  painter.line(
    color,
    [to - 6 * direction, y + drop - 3, to - direction, y + drop, to - 6 * direction, y + drop + 3],
    1.5,
  );
}

/** The frame's number at every sighting, above the arrow; of two at one vantage, at its outer sides. */
function paintNumbers(painter: Painter, picture: LadderPicture, journey: Journey, y: number): void {
  const direction = journey.from === 'client' ? 1 : -1;
  for (const [at, stop] of journey.stops.entries()) {
    if (stop.frame === undefined) continue;
    const isFirstOfTwo = journey.stops[at + 1]?.vantage === stop.vantage;
    const side = isFirstOfTwo ? -direction : direction;
    painter.text(`#${stop.frame.frame}`, stopX(painter, picture, journey, stop) + 6 * side, y - 10, {
      size: 9,
      mono: true,
      align: side > 0 ? 'left' : 'right',
      color: painter.colors.muted,
    });
  }
}

function paintWords(
  painter: Painter,
  picture: LadderPicture,
  journey: Journey,
  unknown: Hop | undefined,
  y: number,
): void {
  const { colors } = painter;
  const x = painter.width - WORDS + 72;
  const most = WORDS - 80;
  const second = unknown === undefined ? lostAt(picture, journey) : orderText(unknown);
  const isLost = journey.stops.some(({ seen }) => seen === 'missing');
  const color = unknown !== undefined ? colors.caution : isLost ? colors.problem : colors.muted;
  const head = journey.label === '' ? journeyText(journey) : journey.label;
  const two = second !== '';
  painter.text(head, x, two ? y - 6 : y, { size: 11, most, weight: journey.label === '' ? 400 : 600 });
  if (two) painter.text(second, x, y + 7, { size: 10, most, color });
}

export function orderText({ within }: Hop): string {
  return within === null
    ? 'order unknown: clocks are not tied'
    : `order within ±${formatDuration(within / 1e9)} unknown`;
}

/** `data 1..1,460`, `ack 1,461`. */
export function journeyText({ flags, seq, ack, length }: Journey): string {
  const special = flags
    .split(' ')
    .filter((flag) => /SYN|FIN|RST/.test(flag))
    .join(' ');
  if (length > 0)
    return `${special} ${grouped(seq)}..${grouped(seq + length - 1)}  (${plural(length, 'byte')})`.trim();
  return special === '' ? `ack ${grouped(ack)}` : flags;
}

/** `not seen at node-b`. */
export function lostAt({ vantages }: Pick<LadderPicture, 'vantages'>, { stops }: Journey): string {
  // A capture of both links of a node has two stops and is named once.
  const names = (seen: string): string[] => {
    const indexes = stops.filter((stop) => stop.seen === seen).map(({ vantage }) => vantage);
    return [...new Set(indexes)]
      .map((at) => vantages.find(({ index }) => index === at))
      .map((vantage) => (vantage === undefined ? '?' : vantageName(vantage)));
  };
  const missing = names('missing');
  if (missing.length > 0) return `not seen at ${missing.join(', ')}`;
  const unknown = names('unknown');
  return unknown.length > 0 ? `cannot say at ${unknown.join(', ')}` : '';
}
