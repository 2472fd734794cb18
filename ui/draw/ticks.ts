/**
 * Where the time axis has its ticks: round steps from the zero of the time mode, at least a label apart,
 * and none inside of a tear.
 * The trap: in UTC the zero is the epoch, which no number reaches exactly; only its phase within a step counts.
 */
import type { TimeBase, TimeMode } from '../state/time.ts';
import type { TimeScale } from './scale.ts';

export interface Tick {
  readonly time: number;
  readonly x: number;
}

export interface Ticks {
  readonly ticks: readonly Tick[];
  /** ns. */
  readonly step: number;
  /** Decimals of a second that a label needs. */
  readonly decimals: number;
}

const SECOND = 1e9;
const LONG_STEPS = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400].map((seconds) => seconds * SECOND);

/** The least of 1, 2, 5, 10, … ns (beyond half a minute: round minutes and hours) that is not below `least`. */
export function roundStep(least: number): number {
  if (least > 50 * SECOND) return LONG_STEPS.find((step) => step >= least) ?? least;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999999) ?? least;
}

/** A time that has a tick, whatever the step. */
export function zeroOf(mode: TimeMode, { origin, zero, flow }: TimeBase, step: number): number {
  if (mode === 'utc') return -Number(origin % BigInt(Math.max(1, Math.round(step))));
  return (mode === 'flow' ? flow : zero) ?? 0;
}

export function axisTicks(scale: TimeScale, mode: TimeMode, base: TimeBase, apart = 110): Ticks {
  const step = roundStep(apart * scale.nanosPerPixel);
  const zero = zeroOf(mode, base, step);
  const ticks: Tick[] = [];
  let from = scale.from;
  for (const tear of [...scale.tears, { from: scale.to, to: scale.to, x: scale.width }]) {
    for (let k = Math.ceil((from - zero) / step); zero + k * step <= tear.from; k++) {
      const time = zero + k * step;
      const x = scale.x(time);
      const previous = ticks.at(-1);
      if (previous === undefined || x - previous.x >= apart * 0.8) ticks.push({ time, x });
    }
    from = tear.to;
  }
  return { ticks, step, decimals: Math.min(9, Math.max(0, 9 - Math.floor(Math.log10(step) + 1e-9))) };
}
