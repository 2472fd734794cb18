/**
 * The time of this host in ns since the epoch, to about a microsecond: `Date.now()` is cut to whole milliseconds, and the
 * precise clock of Node (CLOCK_MONOTONIC) has another zero.
 * The trap: their distance is constant only until somebody sets the clock. Each reading of both bounds the distance to
 * less than a millisecond; a reading that contradicts the bounds says that the clock was set, and all begins anew.
 */

const MS = 1_000_000n;
/** Once, at the first reading and after the clock was set: until the next whole millisecond. */
const PRECISE = 20_000n;

export interface ClockSource {
  /** Whole ms since the epoch. */
  readonly now: () => number;
  /** ns, monotonic. */
  readonly monotonic: () => bigint;
}

const HOST: ClockSource = { now: Date.now, monotonic: process.hrtime.bigint };

/** @returns what reads the clock: ns since the epoch */
export function createWallClock({ now, monotonic }: ClockSource = HOST): () => bigint {
  /** The distance lies between them. */
  let least = 0n;
  let most = -1n;
  const read = (): bigint => {
    const before = monotonic();
    const ms = BigInt(now()) * MS;
    const after = monotonic();
    const [from, to] = [ms - after, ms + MS - before];
    if (from > most || to < least) [least, most] = [from, to];
    else [least, most] = [from > least ? from : least, to < most ? to : most];
    return after;
  };
  return () => {
    let at = read();
    // A clock that is set over and over must not keep us here.
    const deadline = at + 3n * MS;
    while (most - least > PRECISE && at < deadline) at = read();
    return at + (least + most) / 2n;
  };
}

/** Of this host. */
export const wallClock: () => bigint = createWallClock();
