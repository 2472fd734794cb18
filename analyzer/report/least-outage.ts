/** How short an outage may have been: both its edges may be off. For whoever writes it down as a range. */
import type { Failover } from './report.ts';

/** In seconds: equal to `outage` where the edges are exact, 0 where only its end's latest time is known; null where it has none. */
export function leastOutage({
  outage,
  restoredBy,
  lostWithin = 0,
  restoredWithin = 0,
}: Failover): number | null {
  if (outage === null) return null;
  return restoredBy === 'bound' && restoredWithin === 0
    ? 0
    : Math.max(0, outage - lostWithin - restoredWithin);
}
