/**
 * For tests: two captures with clocks of their own, and packets that pass both.
 * A shows the true time but for its steps; B drifts and is off.
 */
import type { Nanos } from '../../packet/time.ts';
import type { ClockLine, ClockPair } from './clock-fit.ts';
import { toOther } from './clock-line.ts';

export interface Step {
  /** True time. */
  readonly at: Nanos;
  readonly clock: 'a' | 'b';
  readonly by: Nanos;
}

export interface TwoClocks {
  /** B minus A at the true time 0. */
  readonly offset: Nanos;
  readonly drift: number;
  /** The least a packet takes from A to B, and from B to A. */
  readonly there: Nanos;
  readonly back: Nanos;
  readonly steps?: readonly Step[];
}

export interface Crossing {
  /** True time at which the packet passes the first of the two. */
  readonly at: Nanos;
  readonly way: 1 | -1;
  /** Delay on top of the least. */
  readonly queued: Nanos;
}

/** What a clock shows at a true time, to the ns. */
export function show(world: TwoClocks, clock: 'a' | 'b', t: Nanos): Nanos {
  const runs = clock === 'a' ? t : t * (1 + world.drift) + world.offset;
  return (world.steps ?? []).reduce((sum, s) => (s.clock === clock && s.at <= t ? sum + s.by : sum), runs);
}

/** Both captures of a packet, in whole µs, as pcap keeps them. */
export function capture(world: TwoClocks, { at, way, queued }: Crossing): ClockPair {
  const arrival = at + queued + (way === 1 ? world.there : world.back);
  const [atA, atB] = way === 1 ? [at, arrival] : [arrival, at];
  return { a: micros(show(world, 'a', atA)), b: micros(show(world, 'b', atB)), way };
}

const micros = (t: Nanos): Nanos => Math.floor(t / 1000) * 1000;

/** ns by which a line is off at a true time: it turns B's time into one that A does not show. */
export const wrongBy = (world: TwoClocks, line: ClockLine, t: Nanos): number =>
  Math.abs(toOther(line, show(world, 'b', t)) - show(world, 'a', t));

/** The true time at which B shows `b`, in the time after so many steps. */
export function trueTime(world: TwoClocks, b: Nanos, after: number): Nanos {
  const steps = (world.steps ?? []).slice(0, after).filter((s) => s.clock === 'b');
  return (b - world.offset - steps.reduce((sum, s) => sum + s.by, 0)) / (1 + world.drift);
}
