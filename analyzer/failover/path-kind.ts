/**
 * Whether what lies between the ends is a router, a NAT, a firewall that shifts
 * sequence numbers, or a proxy: by the same connection on both of its sides.
 * The trap: seen on one side only, all of them look the same.
 */
import type { PathKind } from '../report/report.ts';
import type { FlowView } from '../vantage/join.ts';
import type { JoinedFlow } from '../vantage/legs.ts';
import type { Station } from '../vantage/stations.ts';

interface Placed {
  readonly station: Station;
}

export function pathKindOf(joined: JoinedFlow, vantages: readonly Placed[]): PathKind {
  if (joined.legs.length > 1) return 'terminated';
  const views = joined.legs[0]?.views ?? [];
  if (views.some((v) => v.shift[0] !== 0 || v.shift[1] !== 0)) return 'sequence-shifted';
  if (views.length > 1 && new Set(views.map(tupleOf)).size > 1) return 'translated';
  return isOnBothSides(views, vantages) ? 'forwarded' : 'unknown';
}

/** Addresses and ports by role, so that order does not matter. */
export function tupleOf({ watch }: FlowView): string {
  const { flow } = watch.connection;
  // An IPv6 address in brackets (RFC 5952, 6): without them its port could be a part of it.
  const host = (end: 0 | 1): string =>
    flow.ipVersion === 6 ? `[${flow.addressOf(end)}]` : flow.addressOf(end);
  const at = (end: 0 | 1): string => `${host(end)}:${flow.port[end]}`;
  return `${at(flow.client)} -> ${at(flow.server)}`;
}

function isOnBothSides(views: readonly FlowView[], vantages: readonly Placed[]): boolean {
  const isSeenOn = (side: ReturnType<typeof sideOf>): boolean =>
    views.some((v) => sideOf(vantages[v.vantage]?.station) === side);
  return isSeenOn('both') || (isSeenOn('client') && isSeenOn('server'));
}

/** Which side of the gateway a station is on. */
export function sideOf(station: Station | undefined): 'client' | 'server' | 'both' | 'unknown' {
  if (station === undefined || station.place === 'unknown') return 'unknown';
  if (station.place !== 'node') return station.place;
  if (station.side === undefined) return 'both';
  return station.side === 'in' ? 'client' : 'server';
}
