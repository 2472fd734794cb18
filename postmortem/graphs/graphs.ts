/** Which graphs a postmortem has: the course of the incident at every vantage, and the bytes of the worst flow of each factor. */
import type { Failover, FlowGroup, NanosString, Report } from '../../analyzer/index.ts';
import type { Moments } from '../gather/moments.ts';
import type { LaneSource } from '../source.ts';
import type { Band, Graphs } from './model.ts';
import { drawOverview } from './overview.ts';
import { drawSequence } from './sequence.ts';
import { sinceOrigin } from './since-origin.ts';

/** Of the worst factors; more are a gallery, not an argument. */
const MOST_SEQUENCES = 6;

export function drawGraphs(
  lanes: LaneSource,
  report: Omit<Report, 'flows'>,
  factors: readonly FlowGroup[],
  moments: Moments,
): Graphs {
  const { origin } = lanes.head;
  const bands = report.failovers.map((failover) => toBand(failover, origin));
  const sequences: Graphs['sequences'][number][] = [];
  for (const { worst, index } of factors) {
    if (sequences.length === MOST_SEQUENCES) break;
    const graph = drawSequence(lanes, report.captures, bands, worst, index);
    if (graph !== null) sequences.push(graph);
  }
  return { origin, overview: drawOverview(lanes, report.captures, bands, moments), sequences };
}

const toBand = ({ id, pathLost, pathRestored }: Failover, origin: NanosString): Band => ({
  id,
  from: sinceOrigin(pathLost, origin),
  to: pathRestored === null ? null : sinceOrigin(pathRestored, origin),
});
