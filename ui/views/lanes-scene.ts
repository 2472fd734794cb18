/**
 * The lanes as a scene: of all flows (a lane a vantage) or of one (a lane a vantage and direction).
 * The trap: columns are made anew in every painted frame, and what is hit is looked up in those of the last one:
 * what is clicked is what was seen.
 */
import type { Journey } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import type { Located } from '../data/located.ts';
import { hitColumn, toColumns } from '../draw/columns.ts';
import { notePicture } from '../draw/frames.ts';
import { indexJourneys, type JourneyIndex, journeyLines } from '../draw/journey-lines.ts';
import type { LaneSampler } from '../draw/lane-sampler.ts';
import { type LaneSpec, type LanesLayout, laneAt, layoutLanes } from '../draw/lanes-layout.ts';
import { type LanesPicture, paintLanes, plotOf } from '../draw/lanes-paint.ts';
import type { Spot } from '../draw/overlay.ts';
import { Painter } from '../draw/painter.ts';
import type { LaneData } from '../draw/slices.ts';
import { idleCompressed, swapped } from '../state/incident.ts';
import { canvasColors } from '../state/theme.ts';
import { timeBase, timeMode } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import { hitOfBucket } from './bucket-words.ts';
import { loadGuide } from './guide.ts';
import type { Hit, Scene } from './scene.ts';
import { flowSpecs, overviewSpecs } from './sources.ts';
import { TimeScene } from './time-scene.ts';

export class LanesScene extends TimeScene {
  #sampler: LaneSampler;
  #specs: readonly LaneSpec[];
  #journeys: JourneyIndex = indexJourneys([]);
  #guide: readonly number[] = [];
  #layout: LanesLayout;
  #picture: LanesPicture | null = null;
  #data: readonly LaneData[] = [];

  constructor(incident: IncidentDetail, flow: FlowDetail | null) {
    super(incident, flow);
    this.#specs = this.#chooseSpecs();
    this.#layout = this.#makeLayout(34);
    this.#sampler = this.makeSampler(this.#specs);
    if (flow !== null)
      void loadGuide(incident, flow, this.#specs, this.stop.signal).then((guide) => {
        this.#guide = guide;
        this.redraw();
      });
  }

  get specs(): readonly LaneSpec[] {
    return this.#specs;
  }

  protected get sampler(): LaneSampler {
    return this.#sampler;
  }

  setJourneys(journeys: readonly Journey[]): void {
    this.#journeys = indexJourneys(journeys);
    this.redraw();
  }

  override subscribe(data: () => void, overlay: () => void): () => void {
    const end = super.subscribe(data, overlay);
    const endSwap = swapped.subscribe(() => this.#reorder());
    return () => {
      end();
      endSwap();
    };
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
    const { scale, data, complete } = this.#sampler.sample(viewport.get(), plotWidth, idleCompressed.get());
    this.#data = data;
    this.#picture = {
      layout,
      scale,
      columns: data.map((one) => toColumns(one, scale)),
      holes: data.map(({ holes }) => holes),
      failed: this.failure() !== null,
      bands: this.bands,
      stalls: this.flow?.flow.stalls ?? [],
      guide: this.#guide,
      journeys: journeyLines(this.#journeys, layout.lanes, scale),
      mode: timeMode.get(),
      base: timeBase.get(),
    };
    this.labels = paintLanes(painter, this.#picture);
    if (complete) notePicture();
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

  axis(): ReturnType<Scene['axis']> {
    if (this.#picture === null) return null;
    const { scale } = this.#picture;
    return { plot: plotOf({ width: scale.width + this.#layout.head }, this.#layout), scale };
  }

  protected dataAt(y: number): LaneData | undefined {
    return this.#data[laneAt(this.#layout, y)];
  }

  protected placeSpot({ vantage, from, time }: Located, kind: Spot['kind']): Spot[] {
    return this.#layout.lanes
      .filter(
        (lane) => lane.vantage === vantage && (lane.from === null || from === null || lane.from === from),
      )
      .map((lane) => ({ time, y: lane.y + lane.height / 2, height: lane.height - 2, kind }));
  }

  #chooseSpecs(): LaneSpec[] {
    const { timeline } = this.incident;
    if (timeline === null) return [];
    if (this.flow === null) return overviewSpecs(timeline);
    return flowSpecs(this.flow, swapped.get() ? 'server' : 'client');
  }

  #makeLayout(laneHeight: number): LanesLayout {
    return layoutLanes(this.#specs, this.incident.timeline?.vantages ?? [], {
      edges: this.bands.length > 0,
      stall: (this.flow?.flow.stalls.length ?? 0) > 0,
      guide: this.#guide.length > 1,
      laneHeight,
    });
  }

  #reorder(): void {
    if (this.flow === null) return;
    this.#sampler.dispose();
    this.#specs = this.#chooseSpecs();
    this.#sampler = this.makeSampler(this.#specs);
    this.redraw();
  }
}
