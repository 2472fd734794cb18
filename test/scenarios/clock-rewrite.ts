/**
 * Captures as hosts with other clocks would have written them: shifted by
 * milliseconds to hours, and drifting. Written in ns, so that nothing is lost
 * to rounding.
 * The trap: an offset of hours makes `the offset at time t` ambiguous by the
 * drift over those hours; all drifts here count from one moment of true time.
 */
import type { PcapFile, WrittenRecord } from './pcap-records.ts';

/** What a clock shows: true time, plus `offset`, plus the drift since `since`. */
export interface SetClock {
  /** ns. */
  readonly offset: bigint;
  /** Parts per million by which it runs fast. */
  readonly skewPpm: number;
  /** True time, ns since the epoch. */
  readonly since: bigint;
}

export const TRUE_CLOCK: SetClock = { offset: 0n, skewPpm: 0, since: 0n };

/** Offset in ns and drift in ppm, by the index of the capture in its scenario: none like another, one pair hours apart. */
const SETTINGS: readonly (readonly [offset: bigint, skewPpm: number])[] = [
  [-12_500_000_000n, 50],
  [37_204_113n, -80],
  [3_600_250_000_000n, 80],
  [-7_200_000_731_000n, -35],
  [90_000_000_000n, 62],
  [-803_000n, -64],
];

/** The clock that the capture with this index is given. */
export function clockFor(index: number, since: bigint): SetClock {
  const setting = SETTINGS[index];
  if (setting === undefined) throw new Error(`no clock is set for capture ${index}`);
  return { offset: setting[0], skewPpm: setting[1], since };
}

/** What the clock shows at a true time. */
export const clockShows = (clock: SetClock, time: bigint): bigint =>
  time + clock.offset + BigInt(Math.round(Number(time - clock.since) * clock.skewPpm * 1e-6));

/** The true time at which the clock shows this. */
export function trueTime(clock: SetClock, shown: bigint): bigint {
  const elapsed = Number(shown - clock.offset - clock.since);
  return clock.since + BigInt(Math.round(elapsed / (1 + clock.skewPpm * 1e-6)));
}

/** The same frames, with the times of that clock. */
export const moveClock = (file: PcapFile, clock: SetClock): WrittenRecord[] =>
  file.records.map((record) => ({ ...record, time: clockShows(clock, record.time) }));
