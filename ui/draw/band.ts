/**
 * The failover as it lies over the timeline: when the path was lost and back, with what that may be off by, and
 * an edge for everything that the report says about it, each with the claims that say so.
 */
import type { Claim, Failover } from '../../analyzer/index.ts';
import { type TimeBase, toTimeline } from '../state/time.ts';

export interface BandEdge {
  readonly time: number;
  /** The edge lies somewhere between these. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly claims: readonly Claim[];
  /** Of the band itself; else of one direction. */
  readonly main: boolean;
}

export interface Band {
  readonly id: string;
  readonly from: number;
  /** null: the path did not come back. */
  readonly to: number | null;
  readonly outage: number | null;
  readonly edges: readonly BandEdge[];
}

export function toBands(failovers: readonly Failover[], base: TimeBase): Band[] {
  return failovers.map((failover) => {
    const from = toTimeline(failover.pathLost, base);
    const to = failover.pathRestored === null ? null : toTimeline(failover.pathRestored, base);
    const edges = [...mainEdges(failover, from, to), ...directionEdges(failover, base, from, to)];
    edges.sort((a, b) => a.time - b.time);
    return { id: failover.id, from, to, outage: failover.outage, edges };
  });
}

function mainEdges(failover: Failover, from: number, to: number | null): BandEdge[] {
  const { marks: claims, lostWithin = 0, restoredWithin = 0, restoredBy } = failover;
  const within = to === null ? 0 : to - from;
  const lost: BandEdge = {
    time: from,
    from,
    to: from + Math.min(lostWithin * 1e9, within || lostWithin * 1e9),
    label: failover.from === undefined ? 'path lost' : `${failover.from} silent`,
    claims,
    main: true,
  };
  if (to === null) return [lost];
  const by = restoredBy === 'bound' ? 'path back by then' : 'path back';
  const restored: BandEdge = {
    time: to,
    from: to - Math.min(restoredWithin * 1e9, within),
    to,
    label: failover.to === undefined ? by : `${failover.to} ready`,
    claims,
    main: true,
  };
  return [lost, restored];
}

/** Nearer than that to an edge of the band, an edge of a direction is the same. */
const SAME = 1e6;

function directionEdges(
  { directions = [], marks }: Failover,
  base: TimeBase,
  from: number,
  to: number | null,
): BandEdge[] {
  const edge = (time: number, label: string): BandEdge => ({
    time,
    from: time,
    to: time,
    label,
    claims: marks,
    main: false,
  });
  return directions.flatMap(({ toward, lost, restored }) => {
    const edges: BandEdge[] = [];
    if (lost !== null && Math.abs(toTimeline(lost, base) - from) > SAME)
      edges.push(edge(toTimeline(lost, base), `to ${toward}: lost`));
    if (restored !== null && (to === null || Math.abs(toTimeline(restored, base) - to) > SAME))
      edges.push(edge(toTimeline(restored, base), `to ${toward}: back`));
    return edges;
  });
}

/** In which `time` is: from the loss of the path to its return. */
export function bandAt(bands: readonly Band[], time: number): Band | undefined {
  return bands.find(({ from, to }) => time >= from && (to === null || time <= to));
}
