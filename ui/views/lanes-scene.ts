/**
 * The lanes as a scene: of all flows (a lane a vantage) or of one (a lane a vantage and direction).
 * The trap: columns are made anew in every painted frame, and what is hit is looked up in those of the last one:
 * what is clicked is what was seen.
 */
import { type End, type Journey, Mark, type Stall } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { getLaneFrames } from '../data/api.ts';
import { FrameFinder, sameFrame } from '../data/located.ts';
import type { TileCache } from '../data/tiles.ts';
import { type Band, type BandEdge, toBands } from '../draw/band.ts';
import { hitColumn, toColumns } from '../draw/columns.ts';
import { notePicture } from '../draw/frames.ts';
import { journeyLines } from '../draw/journey-lines.ts';
import { LaneSampler } from '../draw/lane-sampler.ts';
import { type LaneSpec, type LanesLayout, laneAt, layoutLanes } from '../draw/lanes-layout.ts';
import { type LanesPicture, paintLanes, plotOf } from '../draw/lanes-paint.ts';
import { type Measured, paintOverlay, type Spot } from '../draw/overlay.ts';
import { Painter } from '../draw/painter.ts';
import { linearScale } from '../draw/scale.ts';
import type { EdgeLabel } from '../draw/timeline-paint.ts';
import { bytesBetween } from '../draw/totals.ts';
import { idleCompressed, swapped } from '../state/incident.ts';
import { hover, lit, selection } from '../state/selection.ts';
import { canvasColors } from '../state/theme.ts';
import { decimalsFor, timeBase, timeMode, toTimeline } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import { hitOfBucket } from './bucket-words.ts';
import type { Hit, Scene, Target } from './scene.ts';
import { flowLimits, flowSpecs, overviewSpecs, tilesOf } from './sources.ts';

export class LanesScene implements Scene {
  readonly incident: IncidentDetail;
  readonly flow: FlowDetail | null;
  readonly finder: FrameFinder;
  readonly #tiles: TileCache;
  readonly #bands: readonly Band[];
  readonly #stop = new AbortController();
  #sampler: LaneSampler;
  #specs: readonly LaneSpec[];
  #journeys: readonly Journey[] = [];
  #guide: readonly number[] = [];
  #layout: LanesLayout;
  #picture: LanesPicture | null = null;
  #data: Parameters<typeof bytesBetween>[0][] = [];
  #labels: readonly EdgeLabel[] = [];
  #range: { from: number; to: number } | null = null;
  #ruler: Measured | null = null;
  #redraw: () => void = () => {};
  #redrawOverlay: () => void = () => {};

  constructor(incident: IncidentDetail, flow: FlowDetail | null) {
    this.incident = incident;
    this.flow = flow;
    this.#tiles = tilesOf(incident);
    this.#bands = toBands(incident.report?.failovers ?? [], timeBase.get());
    this.#specs = this.#chooseSpecs();
    this.#layout = this.#makeLayout(34);
    this.#sampler = this.#makeSampler();
    this.finder = new FrameFinder(incident.id, (vantage) =>
      this.#specs.filter((spec) => spec.vantage === vantage).map(({ lane }) => lane),
    );
    if (flow !== null) void this.#loadGuide(flow);
  }

  get specs(): readonly LaneSpec[] {
    return this.#specs;
  }

  get bands(): readonly Band[] {
    return this.#bands;
  }

  setJourneys(journeys: readonly Journey[]): void {
    this.#journeys = journeys;
    this.#redraw();
  }

  height(_width: number, available: number): number {
    const lanes = Math.max(1, this.#specs.length);
    const fixed = this.#makeLayout(0).height;
    const fair = Math.floor((available - fixed) / lanes);
    const [least, most] = this.flow === null ? [34, 64] : [30, 52];
    this.#layout = this.#makeLayout(Math.min(Math.max(fair, least), most));
    return this.#layout.height;
  }

  paint(canvas: HTMLCanvasElement, width: number, height: number): void {
    const painter = new Painter(canvas, width, height, canvasColors.get());
    const layout = this.#layout;
    const plotWidth = Math.max(1, Math.floor(plotOf(painter, layout).width));
    const sampled = this.#sampler.sample(viewport.get(), plotWidth, idleCompressed.get());
    const { scale } = sampled;
    this.#data = [...sampled.data];
    this.#picture = {
      layout,
      scale,
      columns: sampled.data.map((data) => toColumns(data, scale)),
      holes: sampled.data.map(({ holes }) => holes),
      failed: this.failure() !== null,
      bands: this.#bands,
      stalls: this.#stalls(),
      guide: this.#guide,
      journeys: journeyLines(this.#journeys, layout.lanes, scale),
      mode: timeMode.get(),
      base: timeBase.get(),
    };
    this.#labels = paintLanes(painter, this.#picture);
    if (sampled.complete) notePicture();
  }

  paintOverlay(canvas: HTMLCanvasElement, width: number, height: number): void {
    const painter = new Painter(canvas, width, height, canvasColors.get());
    const layout = this.#layout;
    const plot = plotOf(painter, layout);
    const scale = this.#picture?.scale ?? linearScale(viewport.get(), plot.width);
    const chosen = selection.get();
    paintOverlay(painter, {
      plot,
      scale,
      cursor: hover.get().time,
      decimals: decimalsFor(scale.nanosPerPixel),
      spots: this.#spots(),
      range: this.#range ?? (chosen.kind === 'range' ? chosen : null),
      ruler: this.#ruler,
    });
  }

  hit(x: number, y: number): Hit | null {
    const at = laneAt(this.#layout, y);
    const columns = this.#picture?.columns[at];
    if (columns === undefined || x < this.#layout.head) return null;
    const column = hitColumn(columns, x - this.#layout.head);
    const slice = columns.slices[columns.slice[column] ?? -1];
    if (column < 0 || slice === undefined) return null;
    const spec = this.#layout.lanes[at]!;
    const hit = hitOfBucket(this.incident, {
      tile: slice.tile,
      row: columns.row[column]!,
      vantage: spec.vantage,
      provisional: slice.provisional,
      nanosPerPixel: this.#picture!.scale.nanosPerPixel,
    });
    const { frame, time, vantage } = hit;
    if (this.finder.known(frame) === undefined)
      this.finder.keep({ frame, time, vantage, from: spec.from, row: null });
    return hit;
  }

  target(x: number, y: number): Target | null {
    const label = this.#labels.find(
      (one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height,
    );
    if (label === undefined) return null;
    const edges = this.edges();
    const index = edges.indexOf(label.of);
    return { label: label.of.label, x: label.x, y: label.y + label.height, press: { kind: 'edge', index } };
  }

  edges(): readonly BandEdge[] {
    return this.#bands.flatMap((band) => band.edges);
  }

  axis(): ReturnType<Scene['axis']> {
    if (this.#picture === null) return null;
    const width = this.#picture.scale.width;
    return { plot: plotOf({ width: width + this.#layout.head }, this.#layout), scale: this.#picture.scale };
  }

  drag(range: { from: number; to: number } | null, y: number, isRuler: boolean): void {
    this.#range = isRuler ? null : range;
    const data = this.#data[laneAt(this.#layout, y)];
    this.#ruler =
      isRuler && range !== null
        ? { ...range, bytes: data === undefined ? null : bytesBetween(data, range.from, range.to) }
        : null;
    this.#redrawOverlay();
  }

  subscribe(data: () => void, overlay: () => void): () => void {
    this.#redraw = data;
    this.#redrawOverlay = overlay;
    const ends = [
      ...[viewport, canvasColors, idleCompressed, timeMode, timeBase].map((of) => of.subscribe(data)),
      swapped.subscribe(() => this.#reorder()),
      this.#tiles.subscribe(data),
      hover.subscribe(overlay),
      selection.subscribe(() => this.#findMarked()),
      lit.subscribe(() => this.#findMarked()),
    ];
    this.#findMarked();
    return () => {
      for (const end of ends) end();
    };
  }

  failure(): Error | null {
    return this.#sampler.failure();
  }

  retry(): void {
    this.#tiles.retry();
  }

  dispose(): void {
    this.#stop.abort();
    this.#sampler.dispose();
    this.finder.dispose();
  }

  #chooseSpecs(): LaneSpec[] {
    const { timeline } = this.incident;
    if (timeline === null) return [];
    if (this.flow === null) return overviewSpecs(timeline);
    return flowSpecs(this.flow, swapped.get() ? 'server' : 'client');
  }

  #makeSampler(): LaneSampler {
    const { timeline } = this.incident;
    const all = timeline ?? { from: 0, to: 0 };
    const limits = this.flow === null || timeline === null ? all : flowLimits(this.flow, timeline);
    const lanes = this.#specs.map(({ lane }) => lane);
    return new LaneSampler(this.#tiles, lanes, { from: limits.from, to: limits.to });
  }

  #makeLayout(laneHeight: number): LanesLayout {
    return layoutLanes(this.#specs, this.incident.timeline?.vantages ?? [], {
      edges: this.#bands.length > 0,
      stall: this.#stalls().length > 0,
      guide: this.#guide.length > 1,
      laneHeight,
    });
  }

  #stalls(): readonly Stall[] {
    return this.flow?.flow.stalls ?? [];
  }

  #reorder(): void {
    if (this.flow === null) return;
    this.#sampler.dispose();
    this.#specs = this.#chooseSpecs();
    this.#sampler = this.#makeSampler();
    this.#redraw();
  }

  /** Asks where the marked frames are, those that are not known. */
  #findMarked(): void {
    const chosen = selection.get();
    const wanted = [...lit.get(), ...(chosen.kind === 'frame' ? [chosen.frame] : [])];
    for (const ref of wanted)
      if (this.finder.known(ref) === undefined)
        void this.finder.find(ref).then((found) => {
          if (found !== null) this.#redrawOverlay();
        });
    this.#redrawOverlay();
  }

  #spots(): Spot[] {
    const spots: Spot[] = [];
    const chosen = selection.get();
    const push = (ref: Parameters<FrameFinder['known']>[0], kind: Spot['kind']): void => {
      const found = this.finder.known(ref);
      if (found === undefined) return;
      for (const lane of this.#layout.lanes) {
        if (lane.vantage !== found.vantage) continue;
        if (lane.from !== null && found.from !== null && lane.from !== found.from) continue;
        spots.push({ time: found.time, y: lane.y + lane.height / 2, height: lane.height - 2, kind });
      }
    };
    for (const ref of lit.get()) push(ref, 'lit');
    const { frame } = hover.get();
    const isChosen = chosen.kind === 'frame' && sameFrame(frame, chosen.frame);
    if (frame !== null && !isChosen) push(frame, 'hover');
    if (chosen.kind === 'frame') push(chosen.frame, 'selected');
    return spots;
  }

  /** Retransmissions of the worst stall, of whoever sent more of them, where its frames are seen first. */
  async #loadGuide({ flow }: FlowDetail): Promise<void> {
    const stall = [...flow.stalls].sort((a, b) => b.duration - a.duration)[0];
    if (stall === undefined) return;
    const from = toTimeline(stall.start);
    const to = stall.end === null ? toTimeline(flow.end) : toTimeline(stall.end);
    const sides = await Promise.all(
      (['client', 'server'] as const).map((end) => this.#retransmissions(end, from, to + 1e6)),
    );
    const most = sides.reduce((a, b) => (b.length > a.length ? b : a));
    if (most.length === 0 || this.#stop.signal.aborted) return;
    this.#guide = [from, ...most];
    this.#redraw();
  }

  async #retransmissions(end: End, from: number, to: number): Promise<number[]> {
    const lanes = this.#specs.filter((spec) => spec.from === end);
    const lane = end === 'client' ? lanes[0] : lanes.at(-1);
    if (lane === undefined) return [];
    const query = { from, to, limit: 200, least: Mark.Retransmission };
    try {
      const { frames } = await getLaneFrames(this.incident.id, lane.lane, query, this.#stop.signal);
      return frames.filter(({ mark }) => mark === Mark.Retransmission).map(({ time }) => time);
    } catch {
      // The guide is an addition; lanes say what failed.
      return [];
    }
  }
}
