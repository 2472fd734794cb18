/**
 * The incident at a glance: a lane a vantage, frames per moment, the worst frames of it, and the failovers over all.
 * The trap: a capture may run for days around seconds that matter, so the window is what the failovers and the stalls
 * span, with some time around it.
 */
import { FIRST_PROBLEM, type Report, type TimelineVantage } from '../../analyzer/index.ts';
import type { Moments } from '../gather/moments.ts';
import type { LaneSource } from '../source.ts';
import type { Band, Overview, OverviewLane, Problem, TimeWindow } from './model.ts';
import { sinceOrigin } from './since-origin.ts';
import { rowsIn, worstOf } from './tiles.ts';

/** One page. */
const MOST_LANES = 16;
/** Of what happened, before and after it. */
const MARGIN = 0.15;
const LEAST_MARGIN = 1e9;

/** Null where no capture holds a segment. */
export function drawOverview(
  lanes: LaneSource,
  captures: Report['captures'],
  bands: readonly Band[],
  moments: Moments,
): Overview | null {
  const { head } = lanes;
  const held = head.vantages.filter(({ frames }) => frames > 0);
  if (held.length === 0) return null;
  const whole = { from: head.from, to: head.to };
  const window = windowOf(lanes, whole, bands, moments);
  const shown = head.vantages.slice(0, MOST_LANES);
  return {
    window,
    whole,
    bands,
    lanes: shown.map((vantage) => laneOf(lanes, captures, vantage, window)),
    more: head.vantages.length - shown.length,
  };
}

function windowOf(
  { head: { origin } }: LaneSource,
  whole: TimeWindow,
  bands: readonly Band[],
  { stalls, recoveries, endings }: Moments,
): TimeWindow {
  const times = bands.flatMap(({ from, to }) => [from, to ?? whole.to]);
  const spans = [stalls, recoveries, endings.reset, endings['gave-up']];
  for (const span of spans) {
    if (span === null) continue;
    times.push(sinceOrigin(span.first.at, origin), sinceOrigin(span.last.at, origin));
  }
  if (times.length === 0) return whole;
  const from = times.reduce((a, b) => Math.min(a, b));
  const to = times.reduce((a, b) => Math.max(a, b));
  const margin = Math.max(LEAST_MARGIN, MARGIN * (to - from));
  return { from: Math.max(whole.from, from - margin), to: Math.min(whole.to, to + margin) };
}

function laneOf(
  lanes: LaneSource,
  captures: Report['captures'],
  vantage: TimelineVantage,
  window: TimeWindow,
): OverviewLane {
  const buckets: OverviewLane['buckets'][number][] = [];
  const problems: Problem[] = [];
  for (const row of rowsIn(lanes, `v${vantage.index}`, window)) {
    const { tile, i } = row;
    buckets.push({ time: tile.start[i] as number, count: tile.count[i] as number });
    const worst = (tile.worst[i] as number) >= FIRST_PROBLEM ? worstOf(row, captures) : null;
    if (worst !== null) problems.push(worst);
  }
  return {
    captures: vantage.captures,
    covered: vantage.frames === 0 ? null : clip(vantage.from, vantage.until, window),
    gaps: (vantage.gaps ?? []).flatMap(({ from, to }) => clip(from, to, window) ?? []),
    buckets,
    problems,
  };
}

function clip(from: number, to: number, window: TimeWindow): TimeWindow | null {
  const part = { from: Math.max(from, window.from), to: Math.min(to, window.to) };
  return part.to > part.from ? part : null;
}
