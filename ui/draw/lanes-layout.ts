/** Where everything of the lanes stands, from top to bottom: axis, edges of the failover, a group a vantage, stalls, guide. */
import type { End, TimelineVantage } from '../../analyzer/index.ts';

export interface LaneSpec {
  readonly lane: string;
  /** `TimelineVantage.index`. */
  readonly vantage: number;
  /** Whose frames they are; null: everybody's. */
  readonly from: End | null;
}

export interface LaneBox extends LaneSpec {
  readonly y: number;
  readonly height: number;
}

export interface LaneGroup {
  readonly vantage: TimelineVantage;
  readonly y: number;
  readonly height: number;
  readonly lanes: readonly LaneBox[];
}

export interface Strip {
  readonly y: number;
  readonly height: number;
}

export interface LanesLayout {
  /** Width of the heads at the left. */
  readonly head: number;
  readonly axis: Strip;
  readonly edges: Strip;
  readonly groups: readonly LaneGroup[];
  readonly lanes: readonly LaneBox[];
  readonly stall: Strip | null;
  readonly guide: Strip | null;
  readonly height: number;
}

export interface LanesRows {
  readonly edges: boolean;
  readonly stall: boolean;
  readonly guide: boolean;
  readonly laneHeight: number;
}

const HEAD = 192;
const AXIS = 26;
const EDGES = 38;
const PAD = 6;

export function layoutLanes(
  specs: readonly LaneSpec[],
  vantages: readonly TimelineVantage[],
  rows: LanesRows,
): LanesLayout {
  let y = AXIS;
  const edges = { y, height: rows.edges ? EDGES : PAD };
  y += edges.height;
  const groups: LaneGroup[] = [];
  for (const vantage of vantages) {
    const own = specs.filter((spec) => spec.vantage === vantage.index);
    if (own.length === 0) continue;
    const lanes = own.map((spec, at) => ({
      ...spec,
      y: y + PAD / 2 + at * rows.laneHeight,
      height: rows.laneHeight,
    }));
    const height = own.length * rows.laneHeight + PAD;
    groups.push({ vantage, y, height, lanes });
    y += height;
  }
  const strip = (wanted: boolean, height: number): Strip | null => {
    if (!wanted) return null;
    const at = { y: y + PAD, height };
    y += height + PAD;
    return at;
  };
  const stall = strip(rows.stall, 26);
  const guide = strip(rows.guide, 30);
  return {
    head: HEAD,
    axis: { y: 0, height: AXIS },
    edges,
    groups,
    lanes: groups.flatMap((group) => group.lanes),
    stall,
    guide,
    height: y + PAD,
  };
}

/** The lane at `y`, or -1. */
export function laneAt({ lanes }: LanesLayout, y: number): number {
  return lanes.findIndex((lane) => y >= lane.y && y < lane.y + lane.height);
}

export interface PlacedLabel<T> {
  readonly of: T;
  readonly x: number;
  readonly row: number;
  readonly width: number;
}

/**
 * Labels beside their times, in as many rows as there are; what finds no room is left out, later ones first.
 * A label that would leave the plot at the right stands at the left of its time.
 */
export function placeLabels<T>(
  wanted: readonly { of: T; x: number; width: number }[],
  plot: number,
  rows: number,
): PlacedLabel<T>[] {
  const placed: PlacedLabel<T>[] = [];
  for (const { of, x, width } of wanted) {
    if (x < -1 || x > plot + 1) continue;
    const left = x + width > plot ? x - width : x;
    for (let row = 0; row < rows; row++) {
      const clear = placed.every(
        (other) => other.row !== row || left >= other.x + other.width || left + width <= other.x,
      );
      if (!clear) continue;
      placed.push({ of, x: left, row, width });
      break;
    }
  }
  return placed;
}
