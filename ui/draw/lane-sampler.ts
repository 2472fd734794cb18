/**
 * From a window of time to what is drawn of some lanes: the scale, the resolution, the tiles that are there, and
 * the wish for those that are not: the coarsest first (so that there is always something), then what is visible
 * from the middle outwards, then as much again at both sides.
 * The trap: it runs in every frame; the wish is only said again when it changed.
 */
import type { TileCache, TileKey } from '../data/tiles.ts';
import type { Window } from '../state/viewport.ts';
import { resolutionFor, rootResolution, tileRange, withMargins } from './resolution.ts';
import { linearScale, TEAR_PIXELS, type TimeScale, tornScale } from './scale.ts';
import { idleGaps, type LaneData, pickSlices } from './slices.ts';

export interface Sampled {
  readonly scale: TimeScale;
  /** As the lanes. */
  readonly data: readonly LaneData[];
  /** Nothing is missing, nothing provisional. */
  readonly complete: boolean;
}

/** More tiles than that of one lane would be in view only where much is torn out. */
const MOST_VISIBLE = 48;

export class LaneSampler {
  readonly #tiles: TileCache;
  readonly #lanes: readonly string[];
  readonly #limits: Window;
  #wish = '';

  /** `limits`: between these the lanes have their frames. */
  constructor(tiles: TileCache, lanes: readonly string[], limits: Window) {
    this.#tiles = tiles;
    this.#lanes = lanes;
    this.#limits = limits;
  }

  sample(window: Window, width: number, torn: boolean): Sampled {
    const linear = linearScale(window, width);
    const resolution = resolutionFor(linear.nanosPerPixel);
    const data = this.#pick([window], resolution);
    if (!torn) return this.#finish(linear, data, [window], resolution);
    const gaps = idleGaps(data, window, 3 * TEAR_PIXELS * linear.nanosPerPixel);
    const scale = tornScale(window, width, gaps);
    const windows = between(window, scale);
    const finer = this.#affordable(resolutionFor(scale.nanosPerPixel), windows, resolution);
    return this.#finish(scale, finer === resolution ? data : this.#pick(windows, finer), windows, finer);
  }

  failure(): Error | null {
    return this.#tiles.failure(this);
  }

  dispose(): void {
    this.#tiles.want(this, []);
  }

  #pick(windows: readonly Window[], resolution: number): LaneData[] {
    const root = rootResolution(this.#limits);
    return this.#lanes.map((lane) =>
      pickSlices(
        (r, index) => this.#tiles.get(lane, r, index),
        windows,
        resolution,
        this.#limits,
        Math.max(root, resolution),
      ),
    );
  }

  #affordable(resolution: number, windows: readonly Window[], coarsest: number): number {
    for (let r = resolution; r < coarsest; r++) {
      let tiles = 0;
      for (const window of windows) {
        const range = tileRange(window, r, this.#limits);
        if (range !== null) tiles += range.last - range.first + 1;
      }
      if (tiles <= MOST_VISIBLE) return r;
    }
    return coarsest;
  }

  #finish(
    scale: TimeScale,
    data: readonly LaneData[],
    windows: readonly Window[],
    resolution: number,
  ): Sampled {
    this.#want(windows, resolution);
    const complete = data.every(
      ({ slices, holes }) => holes.length === 0 && slices.every(({ provisional }) => !provisional),
    );
    return { scale, data, complete };
  }

  #want(windows: readonly Window[], resolution: number): void {
    const visible = indices(windows, resolution, this.#limits);
    const around = indices(windows.map(withMargins), resolution, this.#limits);
    const wish = `${resolution} ${visible.join()} ${around.at(0)} ${around.at(-1)} ${around.length}`;
    if (wish === this.#wish) return;
    this.#wish = wish;
    const shown = new Set(visible);
    const root = Math.max(rootResolution(this.#limits), resolution);
    const keys: TileKey[] = [];
    const push = (r: number, list: readonly number[]): void => {
      for (const index of list) for (const lane of this.#lanes) keys.push({ lane, resolution: r, index });
    };
    if (root > resolution) push(root, indices([this.#limits], root, this.#limits));
    push(resolution, fromMiddle(visible));
    push(
      resolution,
      fromMiddle(around).filter((index) => !shown.has(index)),
    );
    this.#tiles.want(this, keys);
  }
}

/** What is not torn out. */
function between(window: Window, scale: TimeScale): Window[] {
  const windows: Window[] = [];
  let from = window.from;
  for (const tear of scale.tears) {
    if (tear.from > from) windows.push({ from, to: tear.from });
    from = tear.to;
  }
  if (window.to > from) windows.push({ from, to: window.to });
  return windows;
}

function indices(windows: readonly Window[], resolution: number, limits: Window): number[] {
  const found = new Set<number>();
  for (const window of windows) {
    const range = tileRange(window, resolution, limits);
    if (range === null) continue;
    for (let index = range.first; index <= range.last && found.size < 4 * MOST_VISIBLE; index++)
      found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

function fromMiddle(list: readonly number[]): number[] {
  const middle = ((list[0] ?? 0) + (list.at(-1) ?? 0)) / 2;
  return [...list].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
}
