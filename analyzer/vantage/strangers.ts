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

/** What is asked of a vantage here. */
interface Held {
  readonly watches: readonly unknown[];
  /** Frames of any protocol. */
  readonly frames: number;
  /** False where no file of it is a capture at all. */
  readonly readable: boolean;
}

/** For each vantage, whether it holds connections and no other holds any of them. */
export function loners(flows: readonly JoinedFlow[], held: readonly Held[]): boolean[] {
  const alone = held.map((h) => h.watches.length > 0);
  // Alone there is nobody to have one in common with.
  if (held.length < 2) return alone;
  for (const { legs } of flows) {
    const here = new Set(legs.flatMap((l) => l.views.map((v) => v.vantage)));
    if (here.size > 1) for (const vantage of here) alone[vantage] = false;
  }
  return alone;
}

/**
 * The loners that are no node of the incident (the reference is what the others are strangers to), and nodes that
 * nothing shows: without a frame the other node of a pair was there and got nothing, but no third one was.
 */
export function strangersOf(
  alone: readonly boolean[],
  stations: readonly Station[],
  reference: number,
  held: readonly Held[],
): ReadonlySet<number> {
  const nodesWith = (has: (h: Held) => boolean): Set<string> =>
    new Set(stations.filter((s, i) => s.place === 'node' && has(held[i] as Held)).map((s) => s.host));
  const active = nodesWith((h) => h.frames > 0);
  const there = active.size < PAIR ? nodesWith((h) => h.readable) : active;
  const isStranger = ({ place, host }: Station, i: number): boolean =>
    place === 'node' ? !there.has(host) : alone[i] === true && i !== reference;
  return new Set(stations.flatMap((s, i) => (isStranger(s, i) ? [i] : [])));
}

/** Nodes of a gateway. */
const PAIR = 2;
