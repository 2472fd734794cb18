/**
 * A packet that two captures hold, and what it says of their clocks: a point
 * that the line of the clock's offset passes below or above.
 * The trap: times of two captures are up to 10^18 ns apart from zero and
 * nearly equal; only their differences are small enough to reckon with.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Point } from './strip.ts';

/** The same packet at two captures. Times are ns since a common base, each by its own capture's clock. */
export interface ClockPair {
  readonly a: Nanos;
  readonly b: Nanos;
  /** 1: the packet passed A before B; -1: B before A. */
  readonly way: 1 | -1;
}

/** Time by one of the clocks and d = b - a, both counted from the first pair. Pairs are in the order of that clock. */
export function toPoints(pairs: readonly ClockPair[], clock: 'a' | 'b'): Point[] {
  const [first] = pairs;
  if (first === undefined) return [];
  return pairs.map((p) => ({ x: p[clock] - first[clock], y: p.b - first.b - (p.a - first.a), way: p.way }));
}

/** A copy in the order of one of the clocks. */
export const inOrder = <T extends { a: Nanos; b: Nanos }>(pairs: readonly T[], clock: 'a' | 'b'): T[] =>
  [...pairs].sort((p, q) => p[clock] - q[clock]);
