/** Payload of a lane between two times, for the ruler: exact to the buckets that are loaded. */
import { type LaneData, lowerBound } from './slices.ts';

export function bytesBetween({ slices }: LaneData, one: number, other: number): number {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  let sum = 0;
  for (const { tile, first, last, ...slice } of slices) {
    const low = Math.max(first, lowerBound(tile.start, Math.max(from, slice.from)));
    const high = Math.min(last, lowerBound(tile.start, Math.min(to, slice.to)));
    for (let row = low; row < high; row++) sum += tile.bytes[row]!;
  }
  return sum;
}
