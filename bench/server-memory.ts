/**
 * Whether a server's memory grows under load that stays the same.
 * The trap: memory that grows to its working size first is no leak, and single samples swing with the garbage collector. So the
 * first fifth of the run is left out, and medians of fifths are compared, not samples.
 */
import { median } from './measure.ts';

/** As many times the median of the second fifth as that of the last may be. */
export const MOST_GROWTH = 1.1;
/** Of each fifth: with fewer samples a median says nothing. */
const LEAST_SAMPLES = 10;

export interface MemoryVerdict {
  /** Medians of the second and the last fifth, in the unit of the samples; null: too few samples to judge. */
  readonly medians: readonly [second: number, last: number] | null;
  /** False also where it cannot be judged. */
  readonly isFlat: boolean;
}

/** `samples`: taken at equal distances, in the order of time. */
export function judgeMemory(samples: readonly number[]): MemoryVerdict {
  const fifth = Math.floor(samples.length / 5);
  if (fifth < LEAST_SAMPLES) return { medians: null, isFlat: false };
  const [second, last] = [median(samples.slice(fifth, 2 * fifth)), median(samples.slice(-fifth))];
  return { medians: [second, last], isFlat: last <= second * MOST_GROWTH };
}
