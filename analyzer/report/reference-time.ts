/**
 * A time of one capture's clock by the clock of the report, from what the report itself says of the
 * clocks. For frames that the report does not mention: those that it does have their time already.
 * The trap: a clock that was set has an entry for each stretch.
 */
import type { Clock, NanosString } from './report.ts';

/** A capture of which the report says nothing is taken as it is. */
export function toReferenceTime(clocks: readonly Clock[], capture: string, time: NanosString): NanosString {
  const own = BigInt(time);
  const clock = stretchAt(
    clocks.filter((one) => one.capture === capture),
    own,
  );
  if (clock === null) return time;
  const since = clock.at === undefined ? 0 : Number(own - BigInt(clock.at));
  const ahead = clock.offset * 1e9 + (clock.skewPpm * since) / 1e6;
  return String(own - BigInt(Math.round(ahead)));
}

/** The stretch that the time is in, else the nearest. */
function stretchAt(stretches: readonly Clock[], time: bigint): Clock | null {
  let nearest: Clock | null = null;
  let least: bigint | null = null;
  for (const clock of stretches) {
    const distance = distanceFrom(clock, time);
    if (least !== null && distance >= least) continue;
    nearest = clock;
    least = distance;
  }
  return nearest;
}

function distanceFrom({ from, until }: Clock, time: bigint): bigint {
  if (from !== undefined && time < BigInt(from)) return BigInt(from) - time;
  if (until !== undefined && time > BigInt(until)) return time - BigInt(until);
  return 0n;
}
