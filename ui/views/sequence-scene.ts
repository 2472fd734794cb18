/**
 * The time-sequence graph as a scene: a panel a vantage, or one with two of them, the sender's under the farthest:
 * what is not covered did not cross.
 * The trap: bytes and acknowledgements of one direction are in two lanes: what its sender sent, and what the other
 * side sent.
 */
import type { End, FrameRef, LaneFrame, TimelineVantage } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { type Located, sameFrame } from '../data/located.ts';
import { isShaped, type LaneColumns, NO_MARK } from '../draw/columns.ts';
import { notePicture } from '../draw/frames.ts';
import type { LaneSampler } from '../draw/lane-sampler.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import type { Spot } from '../draw/overlay.ts';
import { Painter } from '../draw/painter.ts';
import { fitBytes, inFlightAt, type SequenceColumns, toSequence } from '../draw/sequence-columns.ts';
import {
  ackY,
  byteY,
  dataY,
  paintSequence,
  type SequencePanel,
  type SequencePicture,
  sequencePlot,
} from '../draw/sequence-paint.ts';
import type { LaneData } from '../draw/slices.ts';
import { type Atom, atom } from '../state/atom.ts';
import { idleCompressed, swapped } from '../state/incident.ts';
import { canvasColors } from '../state/theme.ts';
import { timeBase, timeMode } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import { hitOfBucket } from './bucket-words.ts';
import { loadGuide } from './guide.ts';
import type { Hit, Scene } from './scene.ts';
import { TimeScene } from './time-scene.ts';

/** Sender and farthest vantage in one panel. */
export const overlaid: Atom<boolean> = atom(false);

interface Pair {
  readonly vantage: TimelineVantage;
  readonly data: string;
  readonly acks: string;
}

const HEAD = 192;
const AXIS = 26;
const EDGES = 38;
const GUIDE = 26;
const LEAST_PANEL = 112;
/** Pixels in which a mark is meant, and how much nearer one with a shape of its own counts. */
const REACH = 12;
const PREFERENCE = 6;

export class SequenceScene extends TimeScene {
  #specs: readonly LaneSpec[] = [];
  #pairs: readonly Pair[] = [];
  #sampler: LaneSampler;
  #guide: readonly number[] = [];
  #picture: SequencePicture | null = null;
  #data = new Map<string, LaneData>();
  #height = 0;
  #hovered: { readonly frame: FrameRef; readonly low: number; readonly high: number } | null = null;

  constructor(incident: IncidentDetail, flow: FlowDetail) {
    super(incident, flow);
    this.#choose();
    this.#sampler = this.makeSampler(this.#specs);
    const specs = flow.lanes.map(({ lane, vantage, from }) => ({ lane, vantage, from }));
    void loadGuide(incident, flow, specs, this.stop.signal).then((guide) => {
      this.#guide = guide;
      this.redraw();
    });
  }

  get specs(): readonly LaneSpec[] {
    return this.#specs;
  }

  /** Whose bytes are shown: of who sent more, or the other's. */
  get sender(): End {
    const { bytesToClient, bytesToServer } = (this.flow as FlowDetail).flow;
    return bytesToClient > bytesToServer === swapped.get() ? 'client' : 'server';
  }

  protected get sampler(): LaneSampler {
    return this.#sampler;
  }

  override subscribe(data: () => void, overlay: () => void): () => void {
    const ends = [
      super.subscribe(data, overlay),
      swapped.subscribe(() => this.#again()),
      overlaid.subscribe(data),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  height(_width: number, available: number): number {
    const panels = Math.max(1, this.#shown().length);
    const fixed = AXIS + this.#edgesHeight() + this.#guideHeight() + 8;
    this.#height = Math.max(available, fixed + panels * LEAST_PANEL);
    return this.#height;
  }

  paint(canvas: HTMLCanvasElement, width: number, height: number): void {
    const painter = new Painter(canvas, width, height, canvasColors.get());
    const plotWidth = Math.max(1, Math.floor(width - HEAD));
    const { scale, data, complete } = this.#sampler.sample(viewport.get(), plotWidth, idleCompressed.get());
    this.#data = new Map(this.#specs.map(({ lane }, at) => [lane, data[at]!]));
    const columns = new Map(
      this.#pairs.map((pair) => [
        pair,
        toSequence(this.#laneData(pair.data), this.#laneData(pair.acks), scale),
      ]),
    );
    const panels = this.#panels(columns);
    const guideHeight = this.#guideHeight();
    this.#picture = {
      head: HEAD,
      axis: { y: 0, height: AXIS },
      edges: { y: AXIS, height: this.#edgesHeight() },
      guideStrip: guideHeight === 0 ? null : { y: this.#height - guideHeight - 4, height: guideHeight },
      height: this.#height,
      panels,
      range: fitBytes([...columns.values()]),
      scale,
      bands: this.bands,
      guide: this.#guide,
      failed: this.failure() !== null,
      mode: timeMode.get(),
      base: timeBase.get(),
      direction: this.sender === 'client' ? 'bytes client → server' : 'bytes server → client',
    };
    this.labels = paintSequence(painter, this.#picture);
    if (complete) notePicture();
  }

  hit(x: number, y: number): Hit | null {
    const picture = this.#picture;
    const panel = picture?.panels.find((one) => y >= one.y && y < one.y + one.height);
    if (picture === null || panel === undefined || x < HEAD) return null;
    const at = (byte: number): number => byteY(panel, picture.range, byte);
    const found = nearest(panel.columns, x - HEAD, y, at);
    const slice = found?.lane.slices[found.lane.slice[found.column] ?? -1];
    if (found === null || slice === undefined) return null;
    const hit = hitOfBucket(this.incident, {
      tile: slice.tile,
      row: found.lane.row[found.column]!,
      vantage: panel.vantage.index,
      provisional: slice.provisional,
      nanosPerPixel: picture.scale.nanosPerPixel,
    });
    const { frame, time, vantage } = hit;
    const row = found.lane.row[found.column]!;
    const isData = found.lane === panel.columns.data;
    const { worstSeq, worstLength, ackMin, ackMax } = slice.tile;
    const low = isData ? worstSeq[row]! : ackMin[row]!;
    this.#hovered = { frame, low, high: isData ? low + worstLength[row]! : ackMax[row]! };
    if (this.finder.known(frame) === undefined)
      this.finder.keep({ frame, time, vantage, from: null, row: null });
    return hit;
  }

  axis(): ReturnType<Scene['axis']> {
    if (this.#picture === null) return null;
    const { scale } = this.#picture;
    return { plot: sequencePlot(scale.width + HEAD, this.#picture), scale };
  }

  protected dataAt(y: number): LaneData | undefined {
    const panel = this.#picture?.panels.find((one) => y >= one.y && y < one.y + one.height);
    const pair = this.#pairs.find(({ vantage }) => vantage === panel?.vantage);
    return pair === undefined ? undefined : this.#data.get(pair.data);
  }

  protected placeSpot({ frame, vantage, time, row }: Located, kind: Spot['kind']): Spot[] {
    const picture = this.#picture;
    if (picture === null) return [];
    return picture.panels
      .filter((panel) => panel.vantage.index === vantage)
      .map((panel) => {
        const bytes = row === null ? this.#hoveredBytes(frame) : bytesOf(row, this.sender);
        if (bytes === null) return { time, y: panel.y + panel.height / 2, height: panel.height - 4, kind };
        const [top, bottom] = [
          byteY(panel, picture.range, bytes.high),
          byteY(panel, picture.range, bytes.low),
        ];
        return { time, y: (top + bottom) / 2, height: Math.max(14, bottom - top + 8), kind };
      });
  }

  /** What the tile said of the frame under the pointer: the server is not asked for everything it passes. */
  #hoveredBytes(frame: FrameRef): { low: number; high: number } | null {
    const { frame: known, low, high } = this.#hovered ?? { frame: null, low: Number.NaN, high: Number.NaN };
    return sameFrame(known, frame) && !Number.isNaN(high - low) ? { low, high } : null;
  }

  #laneData(lane: string): LaneData {
    return this.#data.get(lane) ?? { slices: [], holes: [] };
  }

  #edgesHeight(): number {
    return this.bands.length > 0 ? EDGES : 20;
  }

  #guideHeight(): number {
    return this.#guide.length > 1 ? GUIDE : 0;
  }

  /** Where the sender's bytes were seen, in the order of the path from the sender. */
  #choose(): void {
    const { lanes } = this.flow as FlowDetail;
    const sender = this.sender;
    this.#pairs = (this.incident.timeline?.vantages ?? []).flatMap((vantage) => {
      const own = lanes.filter((lane) => lane.vantage === vantage.index);
      const data = own.find(({ from }) => from === sender);
      const acks = own.find(({ from }) => from !== sender);
      if (data === undefined && acks === undefined) return [];
      return [{ vantage, data: data?.lane ?? '', acks: acks?.lane ?? '' }];
    });
    if (sender === 'server') this.#pairs = [...this.#pairs].reverse();
    this.#specs = lanes.map(({ lane, vantage, from }) => ({ lane, vantage, from }));
  }

  #again(): void {
    this.#sampler.dispose();
    this.#choose();
    this.#sampler = this.makeSampler(this.#specs);
    this.redraw();
  }

  #shown(): readonly Pair[] {
    return overlaid.get() && this.#pairs.length > 1 ? this.#pairs.slice(-1) : this.#pairs;
  }

  #panels(columns: ReadonlyMap<Pair, SequenceColumns>): SequencePanel[] {
    const shown = this.#shown();
    const top = AXIS + this.#edgesHeight();
    const each = Math.floor((this.#height - top - this.#guideHeight() - 6) / Math.max(1, shown.length));
    const sender = this.#pairs[0];
    return shown.map((pair, at) => ({
      vantage: pair.vantage,
      y: top + at * each,
      height: each,
      columns: columns.get(pair)!,
      under: shown.length < this.#pairs.length && sender !== undefined ? (columns.get(sender) ?? null) : null,
      holes: [...this.#laneData(pair.data).holes],
      inFlight: at === 0 ? this.#inFlight(sender ?? pair) : null,
    }));
  }

  #inFlight({ data, acks }: Pair): SequencePanel['inFlight'] {
    const time = this.bands[0]?.from;
    const { from, to } = viewport.get();
    if (time === undefined || time < from || time > to) return null;
    const found = inFlightAt(this.#laneData(data), this.#laneData(acks), time);
    return found === null ? null : { ...found, time };
  }
}

/** What a frame stands at: its own bytes, or what it acknowledges. */
function bytesOf({ from, seq, ack, length }: LaneFrame, sender: End): { low: number; high: number } | null {
  if (from !== sender) return ack === null ? null : { low: ack, high: ack };
  return seq === null ? null : { low: seq, high: seq + length };
}

/** The mark that is meant: nearest on both axes, one with a shape of its own before others. */
function nearest(
  columns: SequenceColumns,
  x: number,
  y: number,
  at: (byte: number) => number,
): { lane: LaneColumns; column: number } | null {
  let best: { lane: LaneColumns; column: number } | null = null;
  let least = REACH;
  const middle = Math.floor(x);
  for (const lane of [columns.data, columns.acks]) {
    for (
      let column = Math.max(0, middle - REACH);
      column <= middle + REACH && column < columns.width;
      column++
    ) {
      if (lane.worst[column] === NO_MARK) continue;
      const isData = lane === columns.data;
      const top = isData ? dataY(columns, column, at) : ackY(columns, column, at);
      const low = isData ? at(columns.seqLow[column]!) : top;
      // What carries no bytes has no bottom.
      const bottom = Number.isNaN(low) ? top : Math.max(low, top);
      const shape = isShaped(lane.worst[column]!);
      const room = shape ? 14 : 3;
      const beyond = Math.max(0, top - room - y, y - bottom - room);
      const away = Math.abs(column - x) + beyond - (shape ? PREFERENCE : 0);
      if (away < least) {
        least = away;
        best = { lane, column };
      }
    }
  }
  return best;
}
