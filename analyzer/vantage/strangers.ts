/**
 * Captures that have no connection in common with any other: of another
 * incident, as far as anybody can tell, or of hosts that the others say nothing
 * of. Each speaks for itself: it says nothing of where the others were taken,
 * to when they ran, or what is missing in them.
 * The trap: a node that let nothing through shares nothing either, and what it
 * kept is the finding; so does a capture in which nothing was sent.
 */
import type { JoinedFlow } from './legs.ts';
import type { Station } from './stations.ts';

/** For each vantage, whether it holds connections and no other holds any of them. */
export function loners(flows: readonly JoinedFlow[], connections: readonly number[]): boolean[] {
  const alone = connections.map((n) => n > 0);
  for (const { legs } of flows) {
    const here = new Set(legs.flatMap((l) => l.views.map((v) => v.vantage)));
    if (here.size > 1) for (const vantage of here) alone[vantage] = false;
  }
  return alone;
}

/** The loners that are no node of the incident; the reference is what the others are strangers to. */
export const strangersOf = (
  alone: readonly boolean[],
  stations: readonly Station[],
  reference: number,
): ReadonlySet<number> =>
  new Set(stations.flatMap(({ place }, i) => (alone[i] && i !== reference && place !== 'node' ? [i] : [])));
