/**
 * Which tiles a window needs: resolution is the ns of a pixel rounded down to a power of two, so that a
 * bucket is never wider than a pixel and keys stay the same while the view moves.
 * The trap: 2^resolution goes beyond 32 bits; no shifts, only division.
 */
import { BUCKETS, GREATEST_RESOLUTION, LEAST_RESOLUTION } from '../../analyzer/index.ts';
import type { Window } from '../state/viewport.ts';

export function resolutionFor(nanosPerPixel: number): number {
  if (!(nanosPerPixel >= 1)) return LEAST_RESOLUTION;
  const rounded = Math.floor(Math.log2(nanosPerPixel));
  return Math.min(Math.max(rounded, LEAST_RESOLUTION), GREATEST_RESOLUTION);
}

/** ns that a tile covers. */
export const tileWidth = (resolution: number): number => BUCKETS * 2 ** resolution;

export const tileIndex = (time: number, resolution: number): number =>
  Math.floor(time / tileWidth(resolution));

/** Indices of the tiles that hold any of `window`, of which `limits` says where there can be frames at all. */
export function tileRange(
  window: Window,
  resolution: number,
  limits: Window,
): { first: number; last: number } | null {
  const from = Math.max(window.from, limits.from);
  const to = Math.min(window.to, limits.to);
  if (!(from <= to)) return null;
  return { first: tileIndex(from, resolution), last: tileIndex(to, resolution) };
}

/** The finest resolution at which one or two tiles hold all of `limits`: what stands in while finer ones are on their way. */
export function rootResolution(limits: Window): number {
  return resolutionFor(Math.max(1, (2 * (limits.to - limits.from)) / BUCKETS));
}

/** `window` with as much again at both sides: panning never waits. */
export function withMargins({ from, to }: Window): Window {
  return { from: from - (to - from), to: to + (to - from) };
}
