/** The ladder as a scene that scrolls: rows from packets, a point to a sighting, keys from packet to packet. */
import type { FrameRef, Journey, JourneyStop } from '../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { journeysOf } from '../data/journeys.ts';
import { sameFrame } from '../data/located.ts';
import { type Band, type BandEdge, toBands } from '../draw/band.ts';
import { notePicture } from '../draw/frames.ts';
import {
  journeyText,
  LADDER_HEAD,
  type LadderPicture,
  lostAt,
  paintLadder,
  stopX,
} from '../draw/ladder-paint.ts';
import { isOrdinary, type LadderRows, ladderRows, rowAt, rowOfJourney } from '../draw/ladder-rows.ts';
import { Painter } from '../draw/painter.ts';
import { grouped } from '../draw/words.ts';
import { hover, lit, selection, spoken } from '../state/selection.ts';
import { canvasColors } from '../state/theme.ts';
import { formatTime, speakTime, timeBase, timeMode } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import type { Hit, Scene, Target } from './scene.ts';
import { frameName, vantageOf } from './sources.ts';

export class LadderScene implements Scene {
  readonly virtual = true;
  readonly incident: IncidentDetail;
  readonly flow: FlowDetail;
  readonly #bands: readonly Band[];
  readonly #expanded = new Set<number>();
  #journeys: readonly Journey[] = [];
  /** Those that any packet is expected at. */
  #vantages: LadderPicture['vantages'] = [];
  /** Packets that are selected or lit. */
  #marked: ReadonlySet<number> = new Set();
  #rows: LadderRows = ladderRows([], [], { expanded: new Set(), kept: new Set() });
  #top = 0;
  #size = { width: 0, height: 0 };
  #redraw: () => void = () => {};
  #redrawOverlay: () => void = () => {};
  #scroll: (top: number) => void = () => {};

  constructor(incident: IncidentDetail, flow: FlowDetail) {
    this.incident = incident;
    this.flow = flow;
    this.#bands = toBands(incident.report?.failovers ?? [], timeBase.get());
  }

  height(_width: number, available: number): number {
    return Math.max(available, LADDER_HEAD + this.#rows.tops[this.#rows.rows.length]! + 20);
  }

  scrolledTo(top: number): void {
    this.#top = top;
  }

  paint(canvas: HTMLCanvasElement, width: number, height: number): void {
    this.#size = { width, height };
    paintLadder(new Painter(canvas, width, height, canvasColors.get()), this.#picture());
    if (journeysOf(this.incident, this.flow).get().state === 'ready') notePicture();
  }

  paintOverlay(canvas: HTMLCanvasElement, width: number, height: number): void {
    const painter = new Painter(canvas, width, height, canvasColors.get());
    const chosen = selection.get();
    const { frame } = hover.get();
    painter.clipped(0, LADDER_HEAD, width, height - LADDER_HEAD, () => {
      for (const ref of lit.get()) this.#ring(painter, ref, 'lit');
      if (frame !== null) this.#ring(painter, frame, 'hover');
      if (chosen.kind === 'frame') this.#ring(painter, chosen.frame, 'selected');
    });
  }

  hit(x: number, y: number): Hit | null {
    if (y < LADDER_HEAD) return null;
    const row = this.#rows.rows[rowAt(this.#rows, y - LADDER_HEAD + this.#top)];
    if (row?.kind !== 'journey') return null;
    const journey = this.#journeys[row.index]!;
    const seen = journey.stops.filter(({ frame }) => frame !== undefined);
    const away = (stop: JourneyStop): number =>
      Math.abs(x - stopX(this.#size, this.#picture(), journey, stop));
    const nearest = seen.reduce<JourneyStop | null>(
      (a, b) => (a === null || away(b) < away(a) ? b : a),
      null,
    );
    return nearest === null ? null : this.#hitOf(journey, nearest);
  }

  target(x: number, y: number): Target | null {
    if (y < LADDER_HEAD) return null;
    const at = rowAt(this.#rows, y - LADDER_HEAD + this.#top);
    const row = this.#rows.rows[at];
    if (row?.kind === 'fold') {
      const run = (): void => this.#expand(row.first);
      return { label: `Unfold ${row.count} packets`, x, y, press: { kind: 'call', run } };
    }
    if (row?.kind !== 'edge') return null;
    const index = this.edges().indexOf(row.edge);
    return {
      label: row.edge.label,
      x: Math.min(x, this.#size.width - 380),
      y: y + 8,
      press: { kind: 'edge', index },
    };
  }

  edges(): readonly BandEdge[] {
    return this.#bands.flatMap(({ edges }) => edges);
  }

  axis(): null {
    return null;
  }

  drag(): void {}

  subscribe(data: () => void, overlay: () => void, scroll: (top: number) => void = () => {}): () => void {
    this.#redraw = data;
    this.#redrawOverlay = overlay;
    this.#scroll = scroll;
    const ends = [
      journeysOf(this.incident, this.flow).subscribe(() => this.#take()),
      canvasColors.subscribe(data),
      timeMode.subscribe(data),
      hover.subscribe(overlay),
      lit.subscribe(() => this.#mark(false)),
      selection.subscribe(() => this.#mark(true)),
    ];
    // They may have come between the scene's making and now.
    this.#take();
    this.#begin();
    return () => {
      for (const end of ends) end();
    };
  }

  failure(): Error | null {
    return null;
  }

  retry(): void {}
  dispose(): void {}

  /** From packet to packet; `notable`: only to those that are no ordinary ones. */
  step(direction: 1 | -1, notable: boolean): void {
    const current = this.#selected();
    const start = current < 0 ? (direction > 0 ? this.#firstInView() - 1 : this.#journeys.length) : current;
    for (let at = start + direction; at >= 0 && at < this.#journeys.length; at += direction) {
      const journey = this.#journeys[at]!;
      const stop = journey.stops.find(({ frame }) => frame !== undefined);
      if (stop === undefined || (notable && isOrdinary(journey))) continue;
      this.#choose(journey, stop);
      return;
    }
    spoken.set(
      notable
        ? 'No later problem.'
        : direction > 0
          ? 'That was the last packet.'
          : 'That was the first packet.',
    );
  }

  /** The same packet at the next or previous vantage of its way. */
  stepVantage(direction: 1 | -1): void {
    const chosen = selection.get();
    const journey = this.#journeys[this.#selected()];
    if (journey === undefined || chosen.kind !== 'frame') return;
    const seen = journey.stops
      .filter(({ frame }) => frame !== undefined)
      .sort((a, b) => a.vantage - b.vantage || (a.time ?? 0) - (b.time ?? 0));
    const at = seen.findIndex(({ frame }) => sameFrame(frame ?? null, chosen.frame));
    const next = seen[at + direction];
    if (next !== undefined) this.#choose(journey, next);
    else spoken.set(lostAt({ vantages: this.#vantages }, journey) || 'No other vantage saw this packet.');
  }

  page(part: number): void {
    this.#scroll(this.#top + part * (this.#size.height - LADDER_HEAD));
  }

  #choose(journey: Journey, stop: JourneyStop): void {
    const hit = this.#hitOf(journey, stop);
    selection.set({ kind: 'frame', frame: hit.frame });
    spoken.set(hit.words);
  }

  #hitOf(journey: Journey, stop: JourneyStop): Hit {
    const frame = stop.frame as FrameRef;
    const time = stop.time ?? journey.time;
    const lost = lostAt({ vantages: this.#vantages }, journey);
    const what = journey.label === '' ? journeyText(journey) : journey.label;
    return {
      frame,
      time,
      vantage: stop.vantage,
      mark: 0,
      flow: this.flow.index,
      lines: [
        `${frameName(this.incident, frame)}  ${formatTime(time, 6)}`,
        `seq ${grouped(journey.seq)}  len ${grouped(journey.length)}  ack ${grouped(journey.ack)}  ${journey.flags}`,
        what,
        ...(lost === '' ? [] : [lost]),
        ...(stop.part === true ? ['cut otherwise here: offload'] : []),
      ],
      words: [`${vantageOf(this.incident, stop.vantage)} frame ${frame.frame}`, speakTime(time), what, lost]
        .filter((part) => part !== '')
        .join(', '),
    };
  }

  #picture(): LadderPicture {
    return {
      journeys: this.#journeys,
      vantages: this.#vantages,
      rows: this.#rows,
      bands: this.#bands,
      scrolled: this.#top,
    };
  }

  #take(): void {
    const wasEmpty = this.#journeys.length === 0;
    this.#journeys = journeysOf(this.incident, this.flow).get().list;
    const used = new Set(this.#journeys.flatMap(({ stops }) => stops.map(({ vantage }) => vantage)));
    this.#vantages = (this.incident.timeline?.vantages ?? []).filter(({ index }) => used.has(index));
    this.#marked = this.#findMarked();
    this.#refold();
    if (wasEmpty) this.#begin();
  }

  /** The selected packet, else what the window of time shows first. */
  #begin(): void {
    if (this.#journeys.length === 0) return;
    const selected = this.#selected();
    this.#show(selected >= 0 ? selected : this.#firstInView(), selected >= 0);
  }

  #firstInView(): number {
    const { from } = viewport.get();
    return Math.max(
      0,
      this.#journeys.findIndex(({ time }) => time >= from),
    );
  }

  #selected(): number {
    const chosen = selection.get();
    return chosen.kind === 'frame' ? this.#indexOf(chosen.frame) : -1;
  }

  #indexOf(ref: FrameRef): number {
    return this.#journeys.findIndex(({ stops }) => stops.some(({ frame }) => sameFrame(frame ?? null, ref)));
  }

  #findMarked(): ReadonlySet<number> {
    const chosen = selection.get();
    const refs = [...lit.get(), ...(chosen.kind === 'frame' ? [chosen.frame] : [])];
    return new Set(refs.map((ref) => this.#indexOf(ref)).filter((index) => index >= 0));
  }

  #mark(follow: boolean): void {
    const marked = this.#findMarked();
    if ([...marked].some((index) => this.#rows.rows[rowOfJourney(this.#rows, index)]?.kind === 'fold')) {
      this.#marked = marked;
      this.#refold();
    }
    const selected = this.#selected();
    if (follow && selected >= 0) this.#show(selected, true);
    this.#redrawOverlay();
  }

  #refold(): void {
    const anchor = rowAt(this.#rows, this.#top);
    const row = this.#rows.rows[anchor];
    const shown = row?.kind === 'journey' ? row.index : row?.kind === 'fold' ? row.first : -1;
    const inside = this.#top - (this.#rows.tops[Math.max(0, anchor)] ?? 0);
    this.#rows = ladderRows(this.#journeys, this.edges(), { expanded: this.#expanded, kept: this.#marked });
    this.#redraw();
    // What was at the top stays there.
    if (shown >= 0 && this.#top > 0)
      this.#scroll(this.#rows.tops[Math.max(0, rowOfJourney(this.#rows, shown))]! + inside);
  }

  #expand(first: number): void {
    this.#expanded.add(first);
    this.#refold();
  }

  /** Scrolls only where the row is not to be seen; `centred`: it then stands in the middle. */
  #show(index: number, centred: boolean): void {
    const row = rowOfJourney(this.#rows, index);
    if (row < 0) return;
    const [top, bottom] = [this.#rows.tops[row]!, this.#rows.tops[row + 1]!];
    const view = Math.max(100, this.#size.height - LADDER_HEAD);
    if (top >= this.#top && bottom <= this.#top + view) return;
    this.#scroll(Math.max(0, centred ? top - view / 2 : top));
  }

  #ring(painter: Painter, ref: FrameRef, kind: 'lit' | 'hover' | 'selected'): void {
    const index = this.#indexOf(ref);
    const row = rowOfJourney(this.#rows, index);
    const journey = this.#journeys[index];
    if (row < 0 || journey === undefined) return;
    const { ctx, colors } = painter;
    const y = LADDER_HEAD + this.#rows.tops[row]! - this.#top;
    const height = this.#rows.tops[row + 1]! - this.#rows.tops[row]!;
    ctx.fillStyle = kind === 'hover' ? colors.muted : colors.selected;
    ctx.globalAlpha = kind === 'hover' ? 0.08 : 0.13;
    ctx.fillRect(0, y, painter.width, height);
    ctx.globalAlpha = 1;
    if (kind === 'selected') ctx.fillRect(0, y, 3, height);
    const stop = journey.stops.find(({ frame }) => sameFrame(frame ?? null, ref));
    if (stop === undefined || this.#rows.rows[row]?.kind !== 'journey') return;
    ctx.strokeStyle = kind === 'hover' ? colors.muted : colors.selected;
    ctx.lineWidth = kind === 'selected' ? 2 : 1.5;
    ctx.setLineDash(kind === 'lit' ? [3, 2] : []);
    ctx.beginPath();
    ctx.roundRect(stopX(painter, this.#picture(), journey, stop) - 6, y + 8, 13, height - 10, 3);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}
