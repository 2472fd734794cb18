/**
 * Bytes over time, as tcptrace draws them: bars from the first to the last byte sent, the step line of acknowledgements,
 * the window's edge dashed, SACK blocks, and a letter for each problem. A panel a vantage, one axis of time.
 */
import { formatNumber } from '../../analyzer/index.ts';
import type { Context } from '../compose/context.ts';
import type { Bytes, SequenceGraph, SequencePanel, TimeWindow } from '../graphs/model.ts';
import {
  drawAxis,
  drawBands,
  HEAD,
  LEFT,
  laneName,
  letterLegend,
  letterOf,
  line,
  openSvg,
  path,
  placeLetters,
  problemWords,
  RIGHT,
  round,
  roundStep,
  type Scale,
  text,
  timeScale,
} from './svg.ts';

const PANEL = 170;
const GAP = 26;
const FOOT = 44;
const MOST_TICKS = 4;

export function* drawSequence(graph: SequenceGraph, context: Context): Generator<string> {
  const { window, panels, bands, sender } = graph;
  const bottom = HEAD + panels.length * (PANEL + GAP);
  yield openSvg(bottom + FOOT, `Bytes of the ${sender} over time`);
  yield drawBands(bands, window, HEAD, bottom);
  yield drawAxis(window, HEAD, bottom, context);
  for (const [i, panel] of panels.entries())
    yield* drawPanel(panel, HEAD + i * (PANEL + GAP) + GAP, window, context);
  const problems = panels.flatMap((panel) => panel.problems);
  const words = [
    'bars: bytes sent',
    'steps: acknowledged',
    'dashed: window',
    ...(panels.some(({ sacks }) => sacks.length > 0) ? ['brackets: SACK'] : []),
    ...letterLegend(problems),
  ];
  yield text(LEFT, bottom + 36, 'small', words.join('; '));
  yield '</svg>\n';
}

/** Y of a byte; from the top of the panel's own picture. */
function byteScale({ from, to }: Bytes): (byte: number) => number {
  const length = to - from;
  return (byte) => 10 + ((PANEL - 20) * (to - byte)) / length;
}

function* drawPanel(
  panel: SequencePanel,
  top: number,
  window: TimeWindow,
  context: Context,
): Generator<string> {
  const { range } = panel;
  const y = byteScale(range);
  const scale = timeScale(window);
  const x: Scale = (time) => scale(time) - LEFT;
  yield text(LEFT, top - 8, '', `at ${laneName(panel.captures, context)}`);
  const step = roundStep(range.to - range.from, MOST_TICKS);
  for (let byte = Math.ceil(range.from / step) * step; byte <= range.to; byte += step) {
    yield line('grid', LEFT, top + y(byte), RIGHT, top + y(byte));
    yield text(LEFT - 8, top + y(byte) + 4, 'small end', `${formatNumber(byte)} B`);
  }
  // A picture of its own, so that nothing is drawn beyond the panel.
  yield `<svg x="${LEFT}" y="${round(top)}" width="${RIGHT - LEFT}" height="${PANEL}" viewBox="0 0 ${RIGHT - LEFT} ${PANEL}">\n`;
  yield `<rect class="frame" x="0" y="0" width="${RIGHT - LEFT}" height="${PANEL}"/>\n`;
  yield path('edge', steps(panel.edges, x, y));
  yield path('ack', steps(panel.acks, x, y));
  yield path('sack', panel.sacks.map((one) => bracket(x(one.time), y(one.from), y(one.to))).join(''));
  yield path('data', panel.data.map((one) => bar(x(one.time), y(one.from), y(one.to))).join(''));
  yield* drawProblems(panel, x, y, context);
  yield '</svg>\n';
}

/** Bars of less would not be seen. */
const LEAST_BAR = 3;

function bar(x: number, from: number, to: number): string {
  const middle = (from + to) / 2;
  const half = Math.max(LEAST_BAR, Math.abs(from - to)) / 2;
  return `M${round(x)} ${round(middle - half)}V${round(middle + half)}`;
}

const bracket = (x: number, from: number, to: number): string =>
  `M${round(x - 2)} ${round(from)}h4M${round(x)} ${round(from)}V${round(to)}M${round(x - 2)} ${round(to)}h4`;

/** From what was said to when it is said anew. What was never reached again stays where it was. */
function steps(
  points: readonly { readonly time: number; readonly to: number }[],
  x: Scale,
  y: (byte: number) => number,
): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  const rest = others.map(({ time, to }) => `H${round(x(time))}V${round(y(to))}`).join('');
  return `M${round(x(first.time))} ${round(y(first.to))}${rest}H${RIGHT - LEFT}`;
}

function* drawProblems(
  { problems, acks, range }: SequencePanel,
  x: Scale,
  y: (byte: number) => number,
  context: Context,
): Generator<string> {
  // What the other end sent has no byte of this direction: it stands where the acknowledgement is.
  const byteOf = ({ at, time }: SequencePanel['problems'][number]): number =>
    at ?? acks.findLast((ack) => ack.time <= time)?.to ?? range.from;
  for (const problem of placeLetters(problems, x)) {
    const [left, middle] = [x(problem.time), y(byteOf(problem))];
    yield path('problem', `M${round(left)} ${round(middle - 5)}v10`, problemWords(problem, context));
    const above = middle < 24 ? middle + 17 : middle - 8;
    yield text(Math.min(RIGHT - LEFT - 12, Math.max(6, left)), above, 'glyph', letterOf(problem.mark));
  }
}
