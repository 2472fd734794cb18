/**
 * The one owner of `requestAnimationFrame`: whoever has something to draw says so, and all is drawn once,
 * in the next frame. Keeps its own statistics, which `window.stallscopeFrames` shows to benchmarks.
 * The trap: a painter that fails must not keep the others from painting.
 */

export interface FrameStatistics {
  /** ms between two frames in a row that both drew, and ms that drawing took; the latest 4,096. */
  readonly intervals: number[];
  readonly costs: number[];
  /** `performance.now()` of the first frame that drew all that its view wanted. */
  firstPicture: number | null;
  reset(): void;
}

const KEPT = 4096;
/** Frames further apart had nothing to draw between them. */
const IN_A_ROW = 250;

export const statistics: FrameStatistics = {
  intervals: [],
  costs: [],
  firstPicture: null,
  reset() {
    statistics.intervals.length = 0;
    statistics.costs.length = 0;
  },
};

declare global {
  interface Window {
    stallscopeFrames?: FrameStatistics;
  }
}

const waiting = new Set<() => void>();
let asked = false;
let before = 0;

/** Calls `paint` in the next frame, once, however often it is asked for. */
export function requestFrame(paint: () => void): void {
  waiting.add(paint);
  if (asked) return;
  asked = true;
  window.stallscopeFrames ??= statistics;
  requestAnimationFrame(run);
}

export function cancelFrame(paint: () => void): void {
  waiting.delete(paint);
}

export function notePicture(): void {
  statistics.firstPicture ??= performance.now();
}

function run(now: number): void {
  asked = false;
  const painters = [...waiting];
  waiting.clear();
  const began = performance.now();
  for (const paint of painters) {
    try {
      paint();
    } catch (error) {
      reportError(error);
    }
  }
  if (painters.length === 0) return;
  keep(statistics.costs, performance.now() - began);
  if (now - before < IN_A_ROW) keep(statistics.intervals, now - before);
  before = now;
}

function keep(list: number[], value: number): void {
  list.push(value);
  if (list.length > KEPT) list.shift();
}
