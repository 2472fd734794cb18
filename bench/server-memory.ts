/**
 * Whether a server's memory grows under load that stays the same.
 * The trap: memory that grows to its working size first is no leak, and single samples swing with the garbage collector. So the
 * first fifth of the run is left out, and medians of fifths are compared, not samples.
 */
import { median } from './measure.ts';

/** As many times the median of the second fifth as that of the last may be. */
export const MOST_GROWTH = 1.1;
/** In all: in a shorter run the second fifth still belongs to what grows to its working size. */
export const LEAST_SAMPLES = 150;

export interface MemoryVerdict {
  /** Medians of the second and the last fifth, in the unit of the samples. */
  readonly medians: readonly [second: number, last: number];
  readonly isFlat: boolean;
}

/** `samples`: one a second, in the order of time. Null: the run was too short to judge. */
export function judgeMemory(samples: readonly number[]): MemoryVerdict | null {
  if (samples.length < LEAST_SAMPLES) return null;
  const fifth = Math.floor(samples.length / 5);
  const [second, last] = [median(samples.slice(fifth, 2 * fifth)), median(samples.slice(-fifth))];
  return { medians: [second, last], isFlat: last <= second * MOST_GROWTH };
}
