/**
 * Legs of a proxy that found no partner: of fifty alike, or where the proxy had not opened the other one yet. That the gateway
 * ended them shows all the same: they stand on one side of a node that demonstrably ended others, and whose other side was
 * captured.
 * The trap: a capture whose filter leaves out the other side shows the same. So that one has to hold connections to the same
 * service.
 */
import type { Nanos } from '../../packet/time.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { FlowView, JoinedLeg } from '../vantage/join.ts';
import type { JoinedFlow } from '../vantage/legs.ts';
import type { CrossVantage } from './crossing.ts';

type Seen = Pick<CrossVantage, 'station' | 'clock' | 'shift' | 'gaps'>;
type Side = 'in' | 'out';

/** Connections of one leg, seen on one side of a node, that the node ended as a proxy. */
export function loneLegs(flows: readonly JoinedFlow[], seen: readonly Seen[]): JoinedFlow[] {
  const proxies = new Set(flows.flatMap((f) => proxyOf(f, seen)));
  if (proxies.size === 0) return [];
  const held = new Set(flows.flatMap(({ legs }) => legs.flatMap((leg) => keysOf(leg, seen))));
  return flows.filter(({ legs }) => {
    const [leg] = legs;
    if (leg === undefined || legs.length > 1 || !wasAccepted(leg)) return false;
    const sides = sidesOf(leg, seen);
    const [only] = sides;
    if (only === undefined || sides.some((s) => s.side !== only.side)) return false;
    const service = serviceOf(leg.views[0] as FlowView);
    const far = other(only.side);
    return sides.some(
      ({ node }) =>
        proxies.has(node) && held.has(keyOf(node, far, service)) && wasCaptured(leg, node, far, seen),
    );
  });
}

/** The nodes that hold one leg of a pair on either side. */
function proxyOf({ legs }: JoinedFlow, seen: readonly Seen[]): number[] {
  const [inner, outer] = legs;
  if (inner === undefined || outer === undefined) return [];
  const far = sidesOf(outer, seen);
  return sidesOf(inner, seen).flatMap(({ node, side }) =>
    side === 'in' && far.some((o) => o.node === node && o.side === 'out') ? [node] : [],
  );
}

const other = (side: Side): Side => (side === 'in' ? 'out' : 'in');
const keyOf = (node: number, side: Side, service: string): string => `${node} ${side} ${service}`;
const keysOf = (leg: JoinedLeg, seen: readonly Seen[]): string[] =>
  sidesOf(leg, seen).map(({ node, side }) => keyOf(node, side, serviceOf(leg.views[0] as FlowView)));

/** A proxy in the path leaves the server's address and port as they are. */
function serviceOf({ watch }: FlowView): string {
  const { flow } = watch.connection;
  return `${flow.addressOf(flow.server)} ${flow.port[flow.server]}`;
}

/** The sides of nodes that a leg was seen on. */
function sidesOf({ views }: JoinedLeg, seen: readonly Seen[]): { node: number; side: Side }[] {
  return views.flatMap(({ vantage }) => {
    const station = seen[vantage]?.station;
    if (station?.place !== 'node' || station.side === undefined) return [];
    return [{ node: station.node, side: station.side }];
  });
}

/** The server's end took it: a router would have had to let that through from its other side. A refusal any node may send. */
const wasAccepted = ({ views }: JoinedLeg): boolean =>
  views.some(({ watch: { connection } }) => {
    const { syn, bytes } = connection.sides[connection.flow.server];
    return syn !== NO_FRAME || bytes > 0;
  });

/** The captures of that side ran in some of its life, and were there to see it. */
function wasCaptured({ views }: JoinedLeg, node: number, side: Side, seen: readonly Seen[]): boolean {
  const at = ({ vantage, watch }: FlowView): { from: Nanos; to: Nanos } => {
    const { clock, shift } = seen[vantage] as Seen;
    const { firstTime, lastTime } = watch.connection.flow;
    return { from: clock.toReference(firstTime + shift), to: clock.toReference(lastTime + shift) };
  };
  const lives = views.map(at);
  const from = Math.min(...lives.map((l) => l.from));
  const to = Math.max(...lives.map((l) => l.to));
  const there = seen.filter(({ station: s }) => s.place === 'node' && s.node === node && s.side === side);
  const isHidden = ({ gaps = [], clock }: Seen): boolean =>
    gaps.some((gap) => clock.toReference(gap.from) <= from && clock.toReference(gap.to) >= to);
  return there.length > 0 && there.every((s) => !isHidden(s));
}
