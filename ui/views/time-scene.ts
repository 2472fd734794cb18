/**
 * What lanes and graph have in common as scenes: bands and their edges, the tiles that they want, frames that are
 * selected or lit, the range under the pointer, and when to draw again.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { FrameFinder, type Located, sameFrame } from '../data/located.ts';
import type { TileCache } from '../data/tiles.ts';
import { type Band, type BandEdge, toBands } from '../draw/band.ts';
import { LaneSampler } from '../draw/lane-sampler.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import { type Measured, paintOverlay, type Spot } from '../draw/overlay.ts';
import { Painter } from '../draw/painter.ts';
import type { TimeScale } from '../draw/scale.ts';
import type { LaneData } from '../draw/slices.ts';
import type { EdgeLabel, Plot } from '../draw/timeline-paint.ts';
import { bytesBetween } from '../draw/totals.ts';
import type { Atom } from '../state/atom.ts';
import { idleCompressed } from '../state/incident.ts';
import { hover, lit, selection } from '../state/selection.ts';
import { canvasColors } from '../state/theme.ts';
import { decimalsFor, timeBase, timeMode } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import type { Hit, Scene, Target } from './scene.ts';
import { flowLimits, tilesOf } from './sources.ts';

/** A claim may cite thousands of frames; each that is not known takes questions of its own. */
const MOST_LIT = 60;

export abstract class TimeScene implements Scene {
  readonly incident: IncidentDetail;
  readonly flow: FlowDetail | null;
  readonly finder: FrameFinder;
  protected readonly bands: readonly Band[];
  protected readonly stop = new AbortController();
  protected labels: readonly EdgeLabel[] = [];
  protected redraw: () => void = () => {};
  protected redrawOverlay: () => void = () => {};
  readonly #tiles: TileCache;
  #range: { from: number; to: number } | null = null;
  #ruler: Measured | null = null;

  constructor(incident: IncidentDetail, flow: FlowDetail | null) {
    this.incident = incident;
    this.flow = flow;
    this.#tiles = tilesOf(incident);
    this.bands = toBands(incident.report?.failovers ?? [], timeBase.get());
    this.finder = new FrameFinder(incident.id, (vantage) =>
      this.specs.filter((spec) => spec.vantage === vantage).map(({ lane }) => lane),
    );
  }

  abstract get specs(): readonly LaneSpec[];
  abstract height(width: number, available: number): number;
  abstract paint(canvas: HTMLCanvasElement, width: number, height: number): void;
  abstract hit(x: number, y: number): Hit | null;
  abstract axis(): { readonly plot: Plot; readonly scale: TimeScale } | null;
  /** Where a frame that is known is drawn. */
  protected abstract placeSpot(found: Located, kind: Spot['kind']): Spot[];
  /** What of a lane is at a height. */
  protected abstract dataAt(y: number): LaneData | undefined;
  protected abstract get sampler(): LaneSampler;

  paintOverlay(canvas: HTMLCanvasElement, width: number, height: number): void {
    const painter = new Painter(canvas, width, height, canvasColors.get());
    const axis = this.axis();
    if (axis === null) return;
    const chosen = selection.get();
    paintOverlay(painter, {
      ...axis,
      cursor: hover.get().time,
      decimals: decimalsFor(axis.scale.nanosPerPixel),
      spots: this.#spots(),
      range: this.#range ?? (chosen.kind === 'range' ? chosen : null),
      ruler: this.#ruler,
    });
  }

  target(x: number, y: number): Target | null {
    const label = this.labels.find(
      (one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height,
    );
    if (label === undefined) return null;
    const index = this.edges().indexOf(label.of);
    const axis = this.axis();
    const right = axis === null ? label.x : axis.plot.left + axis.plot.width - 390;
    return {
      label: label.of.label,
      x: Math.max(0, Math.min(label.x, right)),
      y: label.y + label.height,
      press: { kind: 'edge', index },
    };
  }

  edges(): readonly BandEdge[] {
    return this.bands.flatMap((band) => band.edges);
  }

  drag(range: { from: number; to: number } | null, y: number, isRuler: boolean): void {
    this.#range = isRuler ? null : range;
    const data = this.dataAt(y);
    this.#ruler =
      isRuler && range !== null
        ? { ...range, bytes: data === undefined ? null : bytesBetween(data, range.from, range.to) }
        : null;
    this.redrawOverlay();
  }

  subscribe(data: () => void, overlay: () => void): () => void {
    this.redraw = data;
    this.redrawOverlay = overlay;
    const redrawing: readonly Pick<Atom<unknown>, 'subscribe'>[] = [
      viewport,
      canvasColors,
      idleCompressed,
      timeMode,
      timeBase,
      this.#tiles,
    ];
    const ends = [
      ...redrawing.map((of) => of.subscribe(data)),
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
    return this.sampler.failure();
  }

  retry(): void {
    this.#tiles.retry();
  }

  dispose(): void {
    this.stop.abort();
    this.sampler.dispose();
    this.finder.dispose();
  }

  protected makeSampler(specs: readonly LaneSpec[]): LaneSampler {
    const { timeline } = this.incident;
    const all = timeline ?? { from: 0, to: 0 };
    const { from, to } = this.flow === null || timeline === null ? all : flowLimits(this.flow, timeline);
    return new LaneSampler(
      this.#tiles,
      specs.map(({ lane }) => lane),
      { from, to },
    );
  }

  /** Asks where the marked frames are, those that are not known. */
  #findMarked(): void {
    const chosen = selection.get();
    const wanted = [...(chosen.kind === 'frame' ? [chosen.frame] : []), ...lit.get().slice(0, MOST_LIT)];
    for (const ref of wanted)
      if (this.finder.known(ref)?.row == null)
        void this.finder.find(ref).then((found) => {
          if (found !== null) this.redrawOverlay();
        });
    this.redrawOverlay();
  }

  #spots(): Spot[] {
    const spots: Spot[] = [];
    const push = (ref: FrameRef, kind: Spot['kind']): void => {
      const found = this.finder.known(ref);
      if (found !== undefined) spots.push(...this.placeSpot(found, kind));
    };
    const chosen = selection.get();
    for (const ref of lit.get().slice(0, MOST_LIT)) push(ref, 'lit');
    const { frame } = hover.get();
    const isChosen = chosen.kind === 'frame' && sameFrame(frame, chosen.frame);
    if (frame !== null && !isChosen) push(frame, 'hover');
    if (chosen.kind === 'frame') push(chosen.frame, 'selected');
    return spots;
  }
}
