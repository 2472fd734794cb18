/**
 * What is drawn on a canvas: how many of its pixels have a colour, and where the first of them is.
 * The trap: a canvas has more pixels than the page where the screen is fine; places are in pixels of the page.
 */
import type { Locator } from 'playwright-core';

export interface Drawn {
  /** Pixels that differ from the one at the canvas's corner. */
  readonly inked: number;
  /** Pixels of the colour. */
  readonly found: number;
  /** Where they are, in pixels of the page from the canvas's corner; columns without repetition, ascending. */
  readonly columns: readonly number[];
  /** The middle of those in the first column. */
  readonly first: { readonly x: number; readonly y: number } | null;
}

/** `color`: such as `#b03509`. `within`: only between these columns (pixels of the page). */
export function readCanvas(
  canvas: Locator,
  color: string,
  within: { from: number; to: number } = { from: 0, to: Number.POSITIVE_INFINITY },
): Promise<Drawn> {
  const bits = Number.parseInt(color.slice(1), 16);
  const wanted = [bits >> 16, (bits >> 8) & 255, bits & 255];
  return canvas.evaluate(look, { wanted, from: within.from, to: Math.min(within.to, 1e9) });
}

interface Question {
  wanted: number[];
  from: number;
  to: number;
}

/** Runs in the page. */
function look(element: Element, { wanted, from, to }: Question): Drawn {
  const canvas = element as HTMLCanvasElement;
  const { width, height } = canvas;
  const scale = width / canvas.getBoundingClientRect().width;
  // A copy, so that the page's own canvas is as fast as it was.
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const is = (at: number, color: ArrayLike<number>): boolean =>
    data[at] === color[0] && data[at + 1] === color[1] && data[at + 2] === color[2];
  const corner = data.slice(0, 3);
  const columns = new Map<number, number[]>();
  let inked = 0;
  let found = 0;
  for (let x = Math.max(0, Math.floor(from * scale)); x < Math.min(width, to * scale); x++) {
    for (let y = 0; y < height; y++) {
      const at = 4 * (y * width + x);
      if (!is(at, corner)) inked++;
      if (data[at + 3] !== 255 || !is(at, wanted)) continue;
      found++;
      const column = Math.floor(x / scale);
      columns.set(column, [...(columns.get(column) ?? []), y / scale]);
    }
  }
  const sorted = [...columns.keys()].sort((a, b) => a - b);
  const rows = columns.get(sorted[0] ?? -1) ?? [];
  const middle = rows[rows.length >> 1];
  return {
    inked,
    found,
    columns: sorted,
    first: middle === undefined ? null : { x: sorted[0]! + 0.5, y: middle },
  };
}
