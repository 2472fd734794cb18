/**
 * Captures of one node have one clock, whatever they hold.
 * The trap: a node's sides may have been captured by two machines. So it counts only for captures that nothing else ties to
 * the reference: where packets do, they know better. The two sides of a proxy share no packet.
 */
import type { ClockLink } from './clock-align.ts';
import type { Station } from './stations.ts';

/** Pairs of captures to be tied, so that as many as can be reach the reference. `isEmpty`: it holds no frame. */
export function sameHosts(
  stations: readonly Station[],
  reference: number,
  links: readonly ClockLink[],
  isEmpty: (vantage: number) => boolean,
): number[][] {
  const islands = islandsOf(stations.length, links);
  const reached = new Set([islands[reference]]);
  const isIn = (i: number): boolean => reached.has(islands[i]);
  const ties: number[][] = [];
  for (let tie = tieOf(stations, isIn, isEmpty); tie !== null; tie = tieOf(stations, isIn, isEmpty)) {
    ties.push(tie);
    reached.add(islands[tie[1] as number]);
  }
  return ties;
}

/** Two captures of one node, of which only the first is reached. */
function tieOf(
  stations: readonly Station[],
  isReached: (vantage: number) => boolean,
  isEmpty: (vantage: number) => boolean,
): number[] | null {
  for (const [i, one] of stations.entries()) {
    if (one.place !== 'node' || one.node < 0 || !isReached(i) || isEmpty(i)) continue;
    const other = stations.findIndex(
      ({ place, node }, j) => place === 'node' && node === one.node && !isReached(j) && !isEmpty(j),
    );
    if (other >= 0) return [i, other];
  }
  return null;
}

/** By vantage: the least of those that chains of links tie it to. */
function islandsOf(vantages: number, links: readonly ClockLink[]): number[] {
  const islands = Array.from({ length: vantages }, (_, i) => i);
  for (const { a, b, fits } of links) {
    const [x, y] = [islands[a] as number, islands[b] as number];
    if (fits.length === 0 || x === y) continue;
    for (let i = 0; i < vantages; i++) if (islands[i] === x || islands[i] === y) islands[i] = Math.min(x, y);
  }
  return islands;
}
