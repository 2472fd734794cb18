/**
 * What the views of one incident share: its tiles, its timeline, names of its captures. One incident is open at
 * a time; another one, or a new result of the same, gets a cache of its own.
 */
import type { End, FrameRef, TimelineHead } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { getTile } from '../data/api.ts';
import { TileCache } from '../data/tiles.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import { vantageName } from '../draw/lanes-paint.ts';
import { toTimeline } from '../state/time.ts';
import type { Window } from '../state/viewport.ts';

let open: { key: string; tiles: TileCache } | null = null;

export function tilesOf({ id, revision }: IncidentDetail): TileCache {
  const key = `${id}/${revision}`;
  if (open?.key !== key) {
    const load = (of: Parameters<typeof getTile>[1], signal: AbortSignal): Promise<ArrayBuffer> =>
      getTile(id, of, revision, signal);
    open = { key, tiles: new TileCache(load) };
  }
  return open.tiles;
}

/** A frame of a tile, which knows captures by their position. */
export function frameRef({ report }: IncidentDetail, capture: number, frame: number): FrameRef {
  return { capture: report?.captures[capture]?.id ?? `${capture}`, frame };
}

/** `client 4131`: as people name a frame. */
export function frameName(incident: IncidentDetail, { capture, frame }: FrameRef): string {
  const vantage = incident.timeline?.vantages.find(({ captures }) => captures.includes(capture));
  return `${vantage === undefined ? capture : vantageName(vantage)} #${frame}`;
}

export function vantageOf({ timeline }: IncidentDetail, index: number): string {
  const vantage = timeline?.vantages.find((one) => one.index === index);
  return vantage === undefined ? `vantage ${index}` : vantageName(vantage);
}

/** Lanes of everybody's frames. */
export const overviewSpecs = ({ vantages }: TimelineHead): LaneSpec[] =>
  vantages.map(({ index }) => ({ lane: `v${index}`, vantage: index, from: null }));

/** A flow's lanes in the order of the path; `first`: whose frames stand above. */
export function flowSpecs({ lanes }: FlowDetail, first: End): LaneSpec[] {
  return [...lanes]
    .sort((a, b) => a.vantage - b.vantage || Number(b.from === first) - Number(a.from === first))
    .map(({ lane, vantage, from }) => ({ lane, vantage, from }));
}

/** What other vantages saw of the flow may lie a little outside of its own times. */
const MARGIN = 2e9;

/** Where a flow can have frames. */
export function flowLimits({ flow }: FlowDetail, { from, to }: TimelineHead): Window {
  return {
    from: Math.max(from, toTimeline(flow.start) - MARGIN),
    to: Math.min(to, toTimeline(flow.end) + MARGIN),
  };
}

/** Wireshark's filter for frames of one capture, in the form that every version reads. */
export function wiresharkFilter(frames: readonly FrameRef[]): string {
  return frames.map(({ frame }) => `frame.number == ${frame}`).join(' || ');
}
