/** The incident at every vantage: frames as bars (their height is logarithmic), problems over them, the failovers hatched. */
import type { Context } from '../compose/context.ts';
import type { Overview, OverviewLane, Problem, TimeWindow } from '../graphs/model.ts';
import {
  drawAxis,
  drawBands,
  HEAD,
  LEFT,
  laneLabel,
  laneName,
  letterLegend,
  letterOf,
  openSvg,
  path,
  placeLetters,
  problemWords,
  RIGHT,
  rectangle,
  round,
  text,
  timeScale,
} from './svg.ts';

const LANE = 44;
const BAR = 26;
const FOOT = 44;
/** Problems that say their frame where they are pointed at; the others are only drawn. */
const MOST_NAMED = 60;

export function* drawOverview(graph: Overview, context: Context): Generator<string> {
  const { window, lanes, bands, more } = graph;
  const bottom = HEAD + lanes.length * LANE;
  yield openSvg(bottom + FOOT, 'Frames at each vantage over time, with the failovers');
  yield drawBands(bands, window, HEAD, bottom);
  yield drawAxis(window, HEAD, bottom, context);
  const most = Math.max(1, ...lanes.flatMap(({ buckets }) => buckets.map(({ count }) => count)));
  for (const [i, lane] of lanes.entries()) yield drawLane(lane, HEAD + i * LANE, window, most, context);
  const words = [
    'bars: frames, logarithmic',
    ...letterLegend(lanes.flatMap(({ problems }) => problems)),
    'grey hatching: not captured',
    ...(more > 0 ? [`${more} more vantages are not drawn`] : []),
  ];
  yield text(LEFT, bottom + 36, 'small', words.join('; '));
  yield '</svg>\n';
}

function drawLane(
  lane: OverviewLane,
  top: number,
  window: TimeWindow,
  most: number,
  context: Context,
): string {
  const scale = timeScale(window);
  const base = top + LANE - 2;
  const { buckets, problems } = lane;
  const bars = buckets.map(({ time, count }) => {
    const height = 3 + ((BAR - 3) * Math.log1p(count)) / Math.log1p(most);
    return `M${round(scale(time))} ${round(base)}v${round(-height)}`;
  });
  const named = new Set(placeLetters(problems, scale).slice(0, MOST_NAMED));
  const bar = ({ time }: Problem): string => `M${round(scale(time))} ${round(base)}v${-BAR}`;
  const rest = problems.filter((problem) => !named.has(problem));
  return [
    laneLabel(base - 8, laneName(lane.captures, context)),
    `<line class="grid" x1="${LEFT}" y1="${round(base)}" x2="${RIGHT}" y2="${round(base)}"/>\n`,
    ...blindOf(lane, window).map(({ from, to }) =>
      rectangle('off', scale(from), base - BAR, scale(to) - scale(from), BAR),
    ),
    path('data', bars.join('')),
    path('problem', rest.map(bar).join('')),
    ...[...named].map((problem) => path('problem', bar(problem), problemWords(problem, context))),
    ...[...named].map((problem) =>
      text(
        Math.min(RIGHT - 8, Math.max(LEFT + 6, scale(problem.time))),
        base - BAR - 2,
        'glyph',
        letterOf(problem.mark),
      ),
    ),
  ].join('');
}

/** When nothing was captured. */
function blindOf({ covered, gaps }: OverviewLane, window: TimeWindow): TimeWindow[] {
  if (covered === null) return [window];
  return [{ from: window.from, to: covered.from }, ...gaps, { from: covered.to, to: window.to }].filter(
    ({ from, to }) => to > from,
  );
}
