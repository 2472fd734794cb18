/**
 * What each node's captures show of one connection beside its packets: the
 * tuple on the outer side, a shift of its sequence numbers, how many segments
 * came and left.
 */
import type { Nanos } from '../packet/time.ts';
import type { Correlation, FlowView, JoinedLeg } from './correlate.ts';
import { type CrossVantage, hasGapIn, ONE_PASSAGE, type Sender, type Span } from './failover/crossing.ts';
import { type FrameId, NO_FRAME } from './flow/frame-id.ts';
import type { NodeSeen, NodeShift, OuterTaken, OuterTuple } from './verdict/hops.ts';

/** Every node with the sides that were captured. `during`: what is asked about, by the reference's clock. */
export function nodesSeen(leg: JoinedLeg, correlation: Correlation, during: Span): NodeSeen[] {
  const { stations } = correlation;
  const nodes = [...new Set(stations.filter((s) => s.place === 'node').map((s) => s.node))].filter(
    (n) => n >= 0,
  );
  const asked = whileSent(leg, correlation, during);
  return nodes
    .sort((a, b) => a - b)
    .map((node) => {
      const own = stations.filter((s) => s.place === 'node' && s.node === node);
      const has = (side: 'in' | 'out'): boolean => own.some((s) => s.side === undefined || s.side === side);
      const at = (side: 'in' | 'out'): FlowView[] => viewsAt(leg, node, side, correlation);
      return {
        node,
        host: own[0]?.host ?? '',
        in: has('in'),
        out: has('out'),
        worn: isWorn(node, correlation, asked),
        outer: outerOf(at('out')),
        outerTaken: (client) => takenBy(client, leg, node, correlation),
        shifts: shiftOf(at('in'), at('out')),
        totals: totalsOf(leg, node, correlation),
        tooBig: tooBigAt([...at('in'), ...at('out')]),
      };
    });
}

/** Views of a connection on one side of a node; on a cooked capture a translated connection is two. */
function viewsAt(
  leg: JoinedLeg,
  node: number,
  side: 'in' | 'out',
  { stations, vantages }: Correlation,
): FlowView[] {
  const own = leg.views.filter(
    (v) => stations[v.vantage]?.place === 'node' && stations[v.vantage]?.node === node,
  );
  return own.filter((v) => {
    const station = stations[v.vantage];
    if (station?.side !== undefined) return station.side === side;
    if (own.filter((o) => o.vantage === v.vantage).length < 2) return true;
    // Of two tuples in one capture, the outer one is that whose client's segments leave the host.
    const { flow } = v.watch.connection;
    const first = vantages[v.vantage]?.trails.of(flow.index).find((r) => r.sender === flow.client);
    return first !== undefined && (first.packetType === OUTGOING) === (side === 'out');
  });
}

/** `PacketType.Outgoing`. */
const OUTGOING = 4;

const clientOf = ({ watch }: FlowView): string => {
  const { flow } = watch.connection;
  return `${flow.addressOf(flow.client)}:${flow.port[flow.client]}`;
};

const serverOf = ({ watch }: FlowView): string => {
  const { flow } = watch.connection;
  return `${flow.addressOf(flow.server)}:${flow.port[flow.server]}`;
};

function outerOf(views: readonly FlowView[]): OuterTuple | null {
  // The one that the client's own segments were sent under; another may hold only what came back.
  const [best] = [...views].sort((a, b) => sentOf(b) - sentOf(a));
  if (best === undefined) return null;
  return { client: clientOf(best), frame: best.watch.connection.flow.firstFrame };
}

function sentOf({ watch }: FlowView): number {
  const { flow, sides } = watch.connection;
  return sides[flow.client].segments;
}

/** Tuples of the client by the server's own capture, oldest first. */
export function farTuples(leg: JoinedLeg, { stations }: Correlation): OuterTuple[] {
  const found = new Map<string, OuterTuple & { time: number }>();
  for (const view of leg.views) {
    if (stations[view.vantage]?.place !== 'server') continue;
    const { flow } = view.watch.connection;
    const known = found.get(clientOf(view));
    if (known === undefined || flow.firstTime < known.time) {
      found.set(clientOf(view), { client: clientOf(view), frame: flow.firstFrame, time: flow.firstTime });
    }
  }
  return [...found.values()].sort((a, b) => a.time - b.time).map(({ client, frame }) => ({ client, frame }));
}

/** One to the same server counts first: many nodes let connections to two servers share a port, some do not. */
function takenBy(client: string, leg: JoinedLeg, node: number, correlation: Correlation): OuterTaken | null {
  const servers = new Set(leg.views.map(serverOf));
  let found: OuterTaken | null = null;
  for (const { legs } of correlation.flows) {
    for (const other of legs) {
      if (other === leg) continue;
      for (const view of viewsAt(other, node, 'out', correlation)) {
        if (clientOf(view) !== client) continue;
        const frame = view.watch.connection.flow.firstFrame;
        if (servers.has(serverOf(view))) return { frame, sameServer: true };
        found ??= { frame, sameServer: false };
      }
    }
  }
  return found;
}

function shiftOf(inner: readonly FlowView[], outer: readonly FlowView[]): NodeShift | null {
  const [a, b] = [inner[0], outer[0]];
  if (a === undefined || b === undefined) return null;
  const of = (v: FlowView): number => v.shift[v.watch.connection.flow.client];
  const other = (v: FlowView): number => v.shift[v.watch.connection.flow.server];
  const by = (of(a) - of(b)) | 0;
  const frames = [a, b].map((v) => v.watch.connection.flow.firstFrame).filter((f) => f !== NO_FRAME);
  return { shifted: by !== 0 || other(a) !== other(b), by, frames };
}

/** "Fragmentation needed" (RFC 1191), "packet too big" (RFC 4443, 3.2), in `type * 256 + code`. */
const TOO_BIG = new Set([0x304, 0x200]);

function tooBigAt(views: readonly FlowView[]): FrameId[] {
  const events = views.flatMap((v) => v.watch.silences.flatMap((s) => s.events));
  return [...new Set(events.filter((e) => TOO_BIG.has(e.icmp)).map((e) => e.id))];
}

/** A capture of it lost frames, or did not run for a part of that time. */
const isWorn = (node: number, { vantages }: Correlation, during: Span): boolean =>
  vantages.some(
    (v) => v.station.place === 'node' && v.station.node === node && (v.lossy || hasGapIn(v, during)),
  );

/** Collectors stop one after the other: in the last moment there is always somebody who does not look. */
const STOPPING: Nanos = 500_000_000;

/**
 * Of that time, as long as an end may have sent something: where captures of both ends ran on, nothing more is on its way
 * after the last segment of either.
 */
function whileSent(leg: JoinedLeg, correlation: Correlation, { from, to }: Span): Span {
  const last = lifeOf(leg, correlation).to;
  const silent = { from: last, to: to - STOPPING };
  const looked = (end: 'client' | 'server'): boolean =>
    correlation.vantages.some((v) => v.station.place === end && !hasGapIn(v, silent));
  return looked('client') && looked('server')
    ? { from, to: Math.max(from, Math.min(to, last + ONE_PASSAGE)) }
    : { from, to };
}

/** From its first segment anywhere to its last, by the reference's clock. */
function lifeOf({ views }: JoinedLeg, { vantages }: Correlation): Span {
  const times = views.flatMap(({ vantage, watch: { connection } }) => {
    const { clock, shift } = vantages[vantage] as CrossVantage;
    const { firstTime, lastTime } = connection.flow;
    return [clock.toReference(firstTime + shift), clock.toReference(lastTime + shift)];
  });
  return { from: Math.min(...times), to: Math.max(...times) };
}

function totalsOf(leg: JoinedLeg, node: number, correlation: Correlation): NodeSeen['totals'] {
  // A cooked capture takes what is forwarded for a copy, and counts it once.
  const isSided = (v: FlowView): boolean => correlation.stations[v.vantage]?.side !== undefined;
  const count = (side: 'in' | 'out', from: Sender): number =>
    viewsAt(leg, node, side, correlation)
      .filter(isSided)
      .reduce((n, v) => {
        const { flow, sides } = v.watch.connection;
        return n + sides[from === 'client' ? flow.client : flow.server].segments;
      }, 0);
  const life = lifeOf(leg, correlation);
  const both = (from: Sender): { came: number; left: number } => {
    if (isWorn(node, correlation, life)) return { came: 0, left: 0 };
    const [near, far] = from === 'client' ? (['in', 'out'] as const) : (['out', 'in'] as const);
    return { came: count(near, from), left: count(far, from) };
  };
  return { client: both('client'), server: both('server') };
}

/** Segments of either end that the other end's own capture has; 0 where that was not captured. */
export function heardBy(leg: JoinedLeg, { stations }: Correlation): Record<Sender, number> {
  const of = (from: Sender): number =>
    leg.views
      .filter((v) => stations[v.vantage]?.place === (from === 'client' ? 'server' : 'client'))
      .reduce((n, { watch: { connection } }) => n + connection.sides[connection.flow[from]].segments, 0);
  return { client: of('client'), server: of('server') };
}
