/**
 * The keys of a timeline: from event to event in a lane, to the next problem in any lane, to the same packet at
 * the next vantage. What is reached is selected, spoken and brought into view.
 * The trap: frames may share a time; the next one is the one after it in the lane, not the next time.
 */
import { FIRST_PROBLEM, type FrameRef, type Journey, type LaneFrame } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { getFrame, getLaneFrames } from '../data/api.ts';
import { type FrameFinder, type Located, sameFrame } from '../data/located.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import { idleCompressed, ruler, swapped } from '../state/incident.ts';
import { onCommands } from '../state/keymap.ts';
import { hover, selection, spoken } from '../state/selection.ts';
import { centre, fit, pan, previousZoom, show, viewport, zoom } from '../state/viewport.ts';
import { speakFrame } from './bucket-words.ts';
import { vantageOf } from './sources.ts';

export interface Navigated {
  /** Its lanes change when sides are swapped. */
  readonly scene: {
    readonly incident: IncidentDetail;
    readonly finder: FrameFinder;
    readonly specs: readonly LaneSpec[];
  };
  /** Packets that are known, to say where one was not seen. */
  journeys(): readonly Journey[];
}

const PAGE = 100;

interface Found {
  readonly row: LaneFrame;
  readonly lane: number;
}

/** @returns what ends that */
export function listenForCommands(on: Navigated, isFlow: boolean): () => void {
  const run = (what: () => Promise<void>) => (): void => {
    what().catch(() => spoken.set('The server does not answer.'));
  };
  const ends = [
    onCommands({
      'zoom-in': () => zoom(0.7, cursorTime(on)),
      'zoom-out': () => zoom(1 / 0.7, cursorTime(on)),
      'pan-left': () => pan(-0.12),
      'pan-right': () => pan(0.12),
      'pan-left-far': () => pan(-1),
      'pan-right-far': () => pan(1),
      fit,
      centre: () => centreSelection(on),
      'previous-zoom': previousZoom,
      'next-event': run(() => stepInLane(on, 1)),
      'previous-event': run(() => stepInLane(on, -1)),
      'next-vantage': run(() => stepVantage(on, 1)),
      'previous-vantage': run(() => stepVantage(on, -1)),
      'next-problem': run(() => nextProblem(on)),
      idle: () => idleCompressed.update((value) => !value),
      ruler: () => ruler.update((value) => !value),
    }),
    ...(isFlow ? [onCommands({ swap: () => swapped.update((value) => !value) })] : []),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function selectedFrame(): FrameRef | null {
  const chosen = selection.get();
  return chosen.kind === 'frame' ? chosen.frame : null;
}

function isInView(time: number): boolean {
  const { from, to } = viewport.get();
  return time >= from && time <= to;
}

/** Where zooming stays: under the pointer, at the selection, in the middle. */
function cursorTime({ scene: { finder } }: Navigated): number {
  const { time } = hover.get();
  if (time !== null) return time;
  const frame = selectedFrame();
  const known = frame === null ? undefined : finder.known(frame);
  if (known !== undefined && isInView(known.time)) return known.time;
  const { from, to } = viewport.get();
  return (from + to) / 2;
}

/** Part of the window that a single frame is zoomed into. */
const FRAME_ZOOM = 1 / 64;

function centreSelection({ scene: { finder } }: Navigated): boolean {
  const chosen = selection.get();
  const { from, to } = viewport.get();
  if (chosen.kind === 'range') {
    const middle = (chosen.from + chosen.to) / 2;
    if (isCentred(middle)) show(chosen);
    else centre(middle);
    return true;
  }
  const known = chosen.kind === 'frame' ? finder.known(chosen.frame) : undefined;
  if (known === undefined) return false;
  const half = ((to - from) * FRAME_ZOOM) / 2;
  if (isCentred(known.time)) show({ from: known.time - half, to: known.time + half });
  else centre(known.time);
  return true;
}

function isCentred(time: number): boolean {
  const { from, to } = viewport.get();
  return Math.abs((from + to) / 2 - time) < (to - from) / 1000;
}

async function stepInLane(on: Navigated, direction: 1 | -1): Promise<void> {
  const current = await currentFrame(on);
  const lane = Math.max(0, laneOf(on.scene.specs, current));
  const spec = on.scene.specs[lane];
  if (spec === undefined) return;
  const frames = await framesFrom(on, spec.lane, startTime(current, direction), direction, 0);
  const row = after(frames, current, direction);
  if (row !== undefined) reach(on, { row, lane });
  else spoken.set(direction > 0 ? 'No later event in this lane.' : 'No earlier event in this lane.');
}

async function nextProblem(on: Navigated): Promise<void> {
  const current = await currentFrame(on);
  const from = startTime(current, 1);
  const lanes = await Promise.all(
    on.scene.specs.map(({ lane }) => framesFrom(on, lane, from, 1, FIRST_PROBLEM)),
  );
  const here = current === null ? -1 : laneOf(on.scene.specs, current);
  let best: Found | null = null;
  for (const [lane, frames] of lanes.entries()) {
    // At the same time lanes are gone through from top to bottom.
    const row = frames.find(
      (frame) => frame.time > from || (frame.time === from && lane > here && !isSame(frame, current)),
    );
    const own = lane === here ? after(frames, current, 1) : row;
    if (own !== undefined && (best === null || own.time < best.row.time)) best = { row: own, lane };
  }
  if (best === null) spoken.set('No later problem.');
  else reach(on, best);
}

const isSame = (row: LaneFrame, current: Located | null): boolean =>
  sameFrame(row.frame, current?.frame ?? null);

/** The frame after `current` in the direction of `frames`. */
function after(
  frames: readonly LaneFrame[],
  current: Located | null,
  direction: 1 | -1,
): LaneFrame | undefined {
  const at = frames.findIndex((row) => isSame(row, current));
  if (at >= 0) return frames[at + 1];
  if (current === null) return frames[0];
  return frames.find(({ time }) => direction * (time - current.time) >= 0);
}

function startTime(current: Located | null, direction: 1 | -1): number {
  const { from, to } = viewport.get();
  return current?.time ?? (direction > 0 ? from : to);
}

async function framesFrom(
  { scene: { incident } }: Navigated,
  lane: string,
  time: number,
  direction: 1 | -1,
  least: number,
): Promise<readonly LaneFrame[]> {
  const all = incident.timeline ?? { from: 0, to: 0 };
  const query =
    direction > 0
      ? { from: time, to: all.to + 1, limit: PAGE, least, order: 'asc' as const }
      : { from: all.from, to: time + 1, limit: PAGE, least, order: 'desc' as const };
  return (await getLaneFrames(incident.id, lane, query)).frames;
}

async function currentFrame({ scene: { finder } }: Navigated): Promise<Located | null> {
  const frame = selectedFrame();
  if (frame === null) return null;
  return finder.known(frame) ?? finder.find(frame);
}

/** Its place among the lanes; -1: it is in none of them. */
export function laneOf(specs: readonly LaneSpec[], located: Located | null): number {
  if (located === null) return -1;
  return specs.findIndex(
    ({ vantage, from }) =>
      vantage === located.vantage && (from === null || located.from === null || from === located.from),
  );
}

async function stepVantage(on: Navigated, direction: 1 | -1): Promise<void> {
  const frame = selectedFrame();
  if (frame === null) return spoken.set('Select a frame first.');
  const { sightings } = await getFrame(on.scene.incident.id, frame);
  const sorted = [...sightings].sort((a, b) => a.vantage - b.vantage || Number(a.time) - Number(b.time));
  const at = sorted.findIndex((one) => sameFrame(one.frame, frame));
  const next = sorted[at + direction];
  const found = next === undefined ? null : await on.scene.finder.find(next.frame);
  if (found?.row == null) {
    const lost = missingAt(on, frame).map((index) => `Not seen at ${vantageOf(on.scene.incident, index)}.`);
    spoken.set([`No ${direction > 0 ? 'later' : 'earlier'} vantage saw this packet.`, ...lost].join(' '));
    return;
  }
  reach(on, { row: found.row, lane: Math.max(0, laneOf(on.scene.specs, found)) });
}

function missingAt({ journeys }: Navigated, frame: FrameRef): number[] {
  const journey = journeys().find(({ stops }) => stops.some((stop) => sameFrame(stop.frame ?? null, frame)));
  return journey?.stops.filter(({ seen }) => seen === 'missing').map(({ vantage }) => vantage) ?? [];
}

function reach(on: Navigated, { row, lane }: Found): void {
  const { vantage } = on.scene.specs[lane]!;
  on.scene.finder.keep({ frame: row.frame, vantage, time: row.time, from: row.from, row });
  selection.set({ kind: 'frame', frame: row.frame });
  spoken.set(speakFrame(on.scene.incident, row, vantage, missingAt(on, row.frame)));
  if (!isInView(row.time)) centre(row.time);
}
