/**
 * What both graphs share: the frame of an SVG, the axis of time, the bands of failovers, the letters of problems.
 * Colours are classes, so that the page's style makes them light or dark; no element has a style of its own, for the page's
 * policy would ignore it.
 */
import { formatNumber, MARK_NAMES, Mark, vantageName } from '../../analyzer/index.ts';
import type { Graph } from '../compose/block.ts';
import type { Context } from '../compose/context.ts';
import type { Band, Problem, TimeWindow } from '../graphs/model.ts';
import { sinceOrigin } from '../graphs/since-origin.ts';
import { escapeHtml } from './html-text.ts';
import { drawOverview } from './svg-overview.ts';
import { drawSequence } from './svg-sequence.ts';

/** In the units of the picture. */
export const WIDTH = 960;
export const LEFT = 118;
export const RIGHT = 950;
/** Above the plot, for the names of edges. */
export const HEAD = 36;

/** Patterns for all graphs of the page. */
export const DEFINITIONS = `<svg class="defs" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern>
<pattern id="blind" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><line class="blind-line" x1="0" y1="0" x2="0" y2="8"/></pattern>
</defs></svg>`;

export function drawGraph(graph: Graph, context: Context): Generator<string> {
  return graph.kind === 'overview' ? drawOverview(graph.graph, context) : drawSequence(graph.graph, context);
}

/** Of the picture; a tenth of a unit is finer than anybody sees. */
export const round = (value: number): string => String(Math.round(value * 10) / 10);

export type Scale = (time: number) => number;

export function timeScale({ from, to }: TimeWindow): Scale {
  const length = Math.max(1, to - from);
  return (time) => LEFT + ((RIGHT - LEFT) * (time - from)) / length;
}

export const text = (x: number, y: number, kind: string, words: string): string =>
  `<text x="${round(x)}" y="${round(y)}"${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(words)}</text>\n`;

export const rectangle = (kind: string, x: number, y: number, width: number, height: number): string =>
  `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(height)}"/>\n`;

export const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>\n`;

export const path = (kind: string, d: string, title = ''): string =>
  d === ''
    ? ''
    : title === ''
      ? `<path class="${kind}" d="${d}"/>\n`
      : `<path class="${kind}" d="${d}"><title>${escapeHtml(title)}</title></path>\n`;

/** The vantage, as the report calls the first of its captures. */
export function laneName(captures: readonly string[], { facts, names }: Context): string {
  const capture = facts.report.captures.find(({ id }) => id === captures[0]);
  if (capture === undefined) return captures[0] ?? '';
  return capture.vantage.role === 'unknown' ? names.get(capture.id) || capture.id : vantageName(capture);
}

const LONGEST_NAME = 16;

export function laneLabel(y: number, name: string): string {
  const short = [...name].length > LONGEST_NAME ? `${[...name].slice(0, LONGEST_NAME - 1).join('')}…` : name;
  return text(LEFT - 8, y, 'end', short);
}

/** Steps of an axis: 1, 2 or 5 times a power of ten, at most so many of them. */
export function roundStep(length: number, most: number): number {
  const rough = Math.max(length / most, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}

const MOST_TICKS = 8;
const NANOS = 1e9;

/** Ticks in seconds from T0; from the left edge where there is none. */
export function drawAxis(window: TimeWindow, top: number, bottom: number, context: Context): string {
  const { zero, facts } = context;
  const origin = facts.graphs?.origin ?? '0';
  const base = zero === null ? window.from : sinceOrigin(zero.at, origin);
  const scale = timeScale(window);
  const step = roundStep((window.to - window.from) / NANOS, MOST_TICKS);
  const first = Math.ceil((window.from - base) / NANOS / step);
  const last = Math.floor((window.to - base) / NANOS / step);
  let drawn = '';
  for (let i = first; i <= last; i++) {
    const x = scale(base + i * step * NANOS);
    drawn += line('grid', x, top, x, bottom);
    drawn += text(x, bottom + 16, 'small middle', tickLabel(i * step, step, zero !== null));
  }
  return drawn;
}

function tickLabel(seconds: number, step: number, isT0: boolean): string {
  if (seconds === 0) return isT0 ? 'T0' : '0 s';
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return `${seconds > 0 ? '+' : '−'}${formatNumber(Number(Math.abs(seconds).toFixed(decimals)))} s`;
}

/** About the width of a letter: nothing here can measure one. */
const LETTER = 7;

/** Hatched, with both edges named above the plot; a row for losses, one for returns. */
export function drawBands(bands: readonly Band[], window: TimeWindow, top: number, bottom: number): string {
  const scale = timeScale(window);
  const x = (time: number): number => Math.min(RIGHT, Math.max(LEFT, scale(time)));
  const isIn = (time: number): boolean => time >= window.from && time <= window.to;
  const name = (id: string): string => (bands.length > 1 ? `${id}: ` : '');
  const rows = { lost: Number.NEGATIVE_INFINITY, back: Number.NEGATIVE_INFINITY };
  let drawn = '';
  const edge = (time: number, row: 'lost' | 'back', words: string): void => {
    if (!isIn(time)) return;
    const at = x(time);
    const width = LETTER * words.length;
    drawn += line('band-edge', at, top - 4, at, bottom);
    const isLate = at + width > RIGHT;
    const [left, right] = isLate ? [at - width, at] : [at, at + width];
    // Of two that would lie on each other the first is written.
    if (left < rows[row]) return;
    rows[row] = right;
    drawn += text(at + (isLate ? -3 : 3), row === 'lost' ? 12 : 27, isLate ? 'end' : '', words);
  };
  for (const { id, from, to } of bands) {
    drawn += rectangle('band', x(from), top, x(to ?? window.to) - x(from), bottom - top);
    edge(from, 'lost', `${name(id)}path lost`);
    if (to !== null) edge(to, 'back', `${name(id)}path back`);
  }
  return drawn;
}

const LETTERS: Partial<Record<Mark, string>> = {
  [Mark.OutOfOrder]: 'O',
  [Mark.Probe]: 'P',
  [Mark.ZeroWindow]: 'Z',
  [Mark.Retransmission]: 'R',
  [Mark.Reset]: 'RST',
};

export const letterOf = (mark: Mark): string => LETTERS[mark] ?? '';

/** Nearer than that, letters are not read. */
const LETTER_WIDTH = 15;

/** The letters that there is room for, the worst first. */
export function placeLetters<T extends Problem>(problems: readonly T[], x: Scale): T[] {
  const taken: number[] = [];
  const ordered = [...problems].sort((a, b) => b.mark - a.mark || a.time - b.time);
  return ordered.filter(({ time }) => {
    const at = x(time);
    if (taken.some((other) => Math.abs(other - at) < LETTER_WIDTH)) return false;
    taken.push(at);
    return true;
  });
}

/** `client #12: retransmission` */
export const problemWords = ({ frame, mark }: Problem, context: Context): string =>
  `${context.frames([frame]).join('')}: ${MARK_NAMES[mark]}`;

/** The letters that were used, explained. */
export const letterLegend = (problems: readonly Problem[]): string[] =>
  [...new Set(problems.map(({ mark }) => mark))]
    .sort((a, b) => b - a)
    .map((mark) => `${letterOf(mark)} ${mark === Mark.Reset ? 'reset' : MARK_NAMES[mark]}`);

export const openSvg = (height: number, label: string): string =>
  `<svg role="img" viewBox="0 0 ${WIDTH} ${round(height)}" width="${WIDTH}" height="${round(height)}" aria-label="${escapeHtml(label)}">\n`;
