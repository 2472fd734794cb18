/**
 * The order in which vantages are drawn, from the client to the server; a
 * vantage's position in it is `TimelineVantage.index`.
 * The trap: nodes stand beside each other on the path, but each node's two
 * sides belong together; and captures whose place nobody knows come last.
 */
import type { Station } from '../vantage/stations.ts';

/** Indices of `stations` in the order of the path. */
export function pathOrder(stations: readonly Station[]): number[] {
  return stations
    .map((_, i) => i)
    .sort((a, b) => compare(stations[a] as Station, stations[b] as Station) || a - b);
}

/** By index of a station, its position in the order of the path. */
export function pathPositions(stations: readonly Station[]): number[] {
  const positions = new Array<number>(stations.length).fill(0);
  for (const [position, index] of pathOrder(stations).entries()) positions[index] = position;
  return positions;
}

function compare(a: Station, b: Station): number {
  return PLACES.indexOf(a.place) - PLACES.indexOf(b.place) || a.node - b.node || sideOf(a) - sideOf(b);
}

const PLACES: readonly Station['place'][] = ['client', 'node', 'server', 'unknown'];

const sideOf = ({ side }: Station): number => (side === 'in' ? 0 : side === undefined ? 1 : 2);
