/**
 * What became of a connection's segments on their way, from the moment a stall
 * began: which the nodes took in, passed on, kept or made themselves, and which
 * reached no node at all. Facts for the rules; every list holds the packets
 * that prove it.
 * The trap: a list is empty also where nobody could have seen anything. Ask
 * `captured` before an absence is made to mean something.
 */
import type { Nanos } from '../../packet/time.ts';
import { PacketType } from '../../packet/wire/frame.ts';
import type { Crossing, CrossPacket, Point, Sender } from '../failover/crossing.ts';
import type { LinkFacts } from '../failover/link-facts.ts';
import { isHearsay, isSurelyHearsay, type Takeover } from '../failover/takeover.ts';
import type { FrameId } from '../flow/frame-id.ts';

/** Bytes of payload: a smaller one fits any path. */
export const LARGE = 1000;

export type BySender<T> = Readonly<Record<Sender, readonly T[]>>;

/** One node's part in it, since the stall began. */
export interface NodeWay {
  readonly node: number;
  readonly host: string;
  /** Which of its sides were captured. */
  readonly captured: { readonly in: boolean; readonly out: boolean };
  /** A capture of it lost frames: what is in no list may be there all the same. */
  readonly worn: boolean;
  /** Came to the node from an end. */
  readonly arrived: BySender<CrossPacket>;
  /** Left it on the other side. */
  readonly passed: BySender<CrossPacket>;
  /** Seen on its link, but sent to a MAC that is not its own: it never took them in. */
  readonly flooded: BySender<CrossPacket>;
  /** Seen on its link before it did anything itself, and not passed on: a switch may have flooded them. */
  readonly hearsay: BySender<CrossPacket>;
  /** Came in, and demonstrably did not leave it. */
  readonly swallowed: BySender<CrossPacket>;
  /** Left it in the name of that end, though it had not come in. */
  readonly made: BySender<CrossPacket>;
  /** Both ends saw these, and the node that carried the connection then shows neither: its capture does not see all that passes. */
  readonly unseen: readonly CrossPacket[];
  /** ICMP errors that say that a packet of the connection was too big, at the node. */
  readonly tooBig: readonly FrameId[];
  /** The connection's tuple on the node's outer side; null where it was not seen there. */
  readonly outer: OuterTuple | null;
  /** Another connection that has this client tuple on the node's outer side; null where none has. */
  outerTaken(client: string): OuterTaken | null;
  /** Sequence numbers on its outer side against its inner one; null where not both were seen. */
  readonly shifts: NodeShift | null;
  /** All segments that came to the node and that left it, by the end that sent them; 0 where a side was not captured, or its capture lost frames. */
  readonly totals: Readonly<Record<Sender, { readonly came: number; readonly left: number }>>;
}

export interface OuterTuple {
  /** `address:port` of the client, as the server knows it. */
  readonly client: string;
  readonly frame: FrameId;
}

export interface OuterTaken {
  readonly frame: FrameId;
  /** It leads to the server that the connection led to: no node can give both the same tuple. */
  readonly sameServer: boolean;
}

export interface NodeShift {
  readonly shifted: boolean;
  /** Of the client's numbers. */
  readonly by: number;
  readonly frames: readonly FrameId[];
}

/** What is known of a node's part in a connection beside the packets that were followed. */
export interface NodeSeen {
  readonly node: number;
  readonly host: string;
  readonly in: boolean;
  readonly out: boolean;
  readonly worn: boolean;
  readonly outer: OuterTuple | null;
  outerTaken(client: string): OuterTaken | null;
  readonly shifts: NodeShift | null;
  readonly totals: NodeWay['totals'];
  readonly tooBig: readonly FrameId[];
}

export interface Hops {
  readonly crossing: Crossing;
  /** The takeover that the stall lies in; null where the nodes' captures show none. */
  readonly takeover: Takeover | null;
  /** Takeovers before that one. */
  readonly earlier: readonly Takeover[];
  /** And after it, also after the end of the stall. */
  readonly later: readonly Takeover[];
  readonly nodes: readonly NodeWay[];
  /** The node that segments went to once the path was back; null where none is known. */
  readonly newNode: NodeWay | null;
  readonly oldNode: NodeWay | null;
  /** Sent by that end, by its own capture, since the stall began. */
  readonly sent: BySender<CrossPacket>;
  /** Of those, what reached no node though both... every node's side toward that end was captured. */
  readonly unreached: BySender<CrossPacket>;
  readonly ends: { readonly client: boolean; readonly server: boolean };
  /** Those of them of which more than their own traffic says that they are. */
  readonly sure: { readonly client: boolean; readonly server: boolean };
  /** Another view of the connection has acknowledgements beyond the last of this one: it did not end here. */
  readonly wentOnElsewhere: boolean;
  /** A FIN or RST of the connection was seen by a capture of which nobody knows where it was taken. */
  readonly closedSomewhere: boolean;
  /** All segments of either end that the other end's own capture has; 0 where that was not captured. */
  readonly heard: Readonly<Record<Sender, number>>;
  /** Tuples under which the server's own capture saw the connection, oldest first. */
  readonly farTuples: readonly OuterTuple[];
  /** ns since the common base, by the reference's clock. */
  readonly since: Nanos;
  readonly until: Nanos;
}

export interface HopsInput {
  readonly crossing: Crossing;
  readonly takeovers: readonly Takeover[];
  /** When each node first did anything itself. */
  readonly firstActs: ReadonlyMap<number, Nanos>;
  /** Of the stall, by the reference's clock; `until` is the end of what is covered where it has not ended. */
  readonly since: Nanos;
  readonly until: Nanos;
  readonly nodes: readonly NodeSeen[];
  readonly ends: Hops['ends'];
  readonly sure: Hops['sure'];
  readonly closedSomewhere: boolean;
  readonly wentOnElsewhere: boolean;
  readonly heard: Hops['heard'];
  readonly farTuples: readonly OuterTuple[];
  readonly links: LinkFacts;
}

const NEAR: Nanos = 1_000_000_000;

export function deriveHops(input: HopsInput): Hops {
  const { crossing, takeovers, since, until } = input;
  const own = crossing.packets.filter((p) => p.time > since);
  const nodes = input.nodes.map((n) => wayOf(n, own, input));
  const touching = takeovers.filter((t) => (t.restored ?? until) >= since - NEAR && t.lost <= until);
  const takeover = pickTakeover(touching, since);
  const earlier = takeovers.filter((t) => t.lost < (takeover?.lost ?? since));
  const later = takeovers.filter((t) => t.lost > (takeover?.lost ?? until));
  const named = (node: number): NodeWay | null => nodes.find((n) => n.node === node) ?? null;
  const sent = bySender((from) => own.filter((p) => p.from === from && crossing.at(p, end(from)) !== null));
  return {
    crossing,
    takeover,
    earlier,
    later,
    nodes,
    newNode: takeover === null ? taker(nodes, takeovers, since, crossing) : named(takeover.to),
    oldNode: takeover === null ? null : named(takeover.from),
    sent,
    unreached: bySender((from) => sent[from].filter((p) => reachedNone(p, nodes, input))),
    ends: input.ends,
    sure: input.sure,
    closedSomewhere: input.closedSomewhere,
    wentOnElsewhere: input.wentOnElsewhere,
    heard: input.heard,
    farTuples: input.farTuples,
    since,
    until,
  };
}

/** The one that the stall began in, else the first that came in it. */
function pickTakeover(touching: readonly Takeover[], since: Nanos): Takeover | null {
  return touching.find((t) => t.lost >= since - NEAR) ?? touching.at(-1) ?? null;
}

/**
 * Without a takeover in the captures: the only node that segments came to since.
 * Not the one that had carried the connection: that is the old node, whose
 * successor nobody captured.
 */
function taker(
  nodes: readonly NodeWay[],
  takeovers: readonly Takeover[],
  since: Nanos,
  crossing: Crossing,
): NodeWay | null {
  const last = takeovers.filter((t) => t.lost < since).at(-1);
  if (last !== undefined) return nodes.find((n) => n.node === last.to) ?? null;
  const carried = (n: NodeWay): boolean =>
    crossing.packets.some((p) => p.time < since && crossing.at(p, egress(n.node, p.from)) !== null);
  const busy = nodes.filter((n) => count(n.arrived) + count(n.made) > 0 && !carried(n));
  return busy.length === 1 ? (busy[0] as NodeWay) : null;
}

export const count = (lists: BySender<unknown>): number => lists.client.length + lists.server.length;
export const both = <T>(lists: BySender<T>): T[] => [...lists.client, ...lists.server];

export const end = (at: Sender): Point => ({ at, node: -1 });
export const ingress = (node: number, from: Sender): Point => ({
  at: from === 'client' ? 'in' : 'out',
  node,
});
export const egress = (node: number, from: Sender): Point => ({ at: from === 'client' ? 'out' : 'in', node });

const bySender = <T>(of: (from: Sender) => T): Record<Sender, T> => ({
  client: of('client'),
  server: of('server'),
});

function wayOf(n: NodeSeen, own: readonly CrossPacket[], input: HopsInput): NodeWay {
  const { crossing, links, since, takeovers } = input;
  const macs = { in: links.ownMacs(n.node, 'in'), out: links.ownMacs(n.node, 'out') };
  const isFlooded = (p: CrossPacket): boolean => {
    const seen = crossing.at(p, ingress(n.node, p.from));
    if (seen === null) return false;
    if (seen.row.packetType === PacketType.OtherHost) return true;
    const mac = links.macAt(seen.vantage, seen.row.macDestination);
    const known = macs[p.from === 'client' ? 'in' : 'out'];
    return mac >= 0 && known.size > 0 && !known.has(mac);
  };
  const of = (test: (p: CrossPacket) => boolean): BySender<CrossPacket> =>
    bySender((from) => own.filter((p) => p.from === from && test(p)));
  const left = (p: CrossPacket): boolean => crossing.at(p, egress(n.node, p.from)) !== null;
  const came = (p: CrossPacket): boolean => crossing.at(p, ingress(n.node, p.from)) !== null && !isFlooded(p);
  const overhearing = overhearsUntil(n.node, input);
  const isDoubted = (p: CrossPacket): boolean =>
    !left(p) && (p.time < overhearing || takeovers.some((t) => isHearsay(t, n.node, p.time)));
  const inside = (p: CrossPacket): boolean => came(p) && !isDoubted(p);
  return {
    node: n.node,
    host: n.host,
    captured: { in: n.in, out: n.out },
    worn: n.worn,
    arrived: of(inside),
    flooded: of(isFlooded),
    hearsay: of((p) => came(p) && isDoubted(p)),
    passed: of((p) => left(p) && (inside(p) || !isMade(p, n.node, crossing))),
    swallowed: of((p) => inside(p) && crossing.look(p, egress(n.node, p.from)) === 'missing'),
    made: of((p) => left(p) && isMade(p, n.node, crossing)),
    unseen: crossing.packets.filter((p) => p.time < since && isUnseen(p, n.node, crossing)),
    tooBig: n.tooBig,
    outer: n.outer,
    outerTaken: (client) => n.outerTaken(client),
    shifts: n.shifts,
    totals: n.totals,
  };
}

/**
 * A node that did nothing yet heard the connection before it stalled, or as soon as it did: a switch floods what it
 * does not know the way of. One that took over after an outage hears nothing of that.
 */
function overhearsUntil(node: number, { firstActs, takeovers, crossing, since }: HopsInput): Nanos {
  if (takeovers.some((t) => t.to === node)) return Number.NEGATIVE_INFINITY;
  const early = crossing.packets.filter(
    (p) => p.time < since + NEAR && crossing.at(p, ingress(node, p.from)) !== null,
  );
  if (early.length < SEVERAL) return Number.NEGATIVE_INFINITY;
  return firstActs.get(node) ?? Number.POSITIVE_INFINITY;
}

/** By the node's own capture alone the first that it heard is where the stall begins. */
const SEVERAL = 2;

function isUnseen(p: CrossPacket, node: number, crossing: Crossing): boolean {
  if (crossing.at(p, end('client')) === null || crossing.at(p, end('server')) === null) return false;
  // A capture that began later has nothing to say of what was before.
  const begun = crossing.packets.some((o) => o.time < p.time && o.seen.some((s) => s.point.node === node));
  return (
    begun &&
    crossing.look(p, ingress(node, p.from)) === 'missing' &&
    crossing.look(p, egress(node, p.from)) === 'missing'
  );
}

/** It did not come in, and the end in whose name it goes did not send it. */
function isMade(p: CrossPacket, node: number, crossing: Crossing): boolean {
  const cameIn = crossing.look(p, ingress(node, p.from));
  const sent = crossing.look(p, end(p.from));
  if (cameIn === 'seen' || sent === 'seen') return false;
  return cameIn === 'missing' || sent === 'missing' || isNearer(p, node, crossing);
}

/** It leaves the node with more hops left than the end's own segments have there: it began its way here. */
function isNearer(p: CrossPacket, node: number, crossing: Crossing): boolean {
  const side = p.from === 'client' ? 'out' : 'in';
  const own = crossing.at(p, { at: side, node });
  if (own === null || (p.flags & 0x04) === 0) return false;
  const far = p.from === 'client' ? 'server' : 'client';
  return crossing.packets.some(
    (o) =>
      o.from === p.from &&
      (o.flags & 0x04) === 0 &&
      o.seen.some(
        (s) =>
          (s.point.at === side || s.point.at === far) &&
          s.row.ttl < own.row.ttl &&
          s.row.ttl >= own.row.ttl - 2,
      ),
  );
}

function reachedNone(p: CrossPacket, nodes: readonly NodeWay[], { crossing, takeovers }: HopsInput): boolean {
  const isMissing = ({ node }: NodeWay): boolean =>
    crossing.look(p, ingress(node, p.from)) === 'missing' ||
    takeovers.some((t) => isSurelyHearsay(t, node, p.time));
  return nodes.length > 0 && nodes.every(isMissing);
}

/** Frames that prove a list: at the point where the packets were seen, or should have gone on from. */
export function framesAt(
  packets: readonly CrossPacket[],
  crossing: Crossing,
  point: (from: Sender) => Point,
): FrameId[] {
  return cited(packets).flatMap((p) => {
    const seen = crossing.at(p, point(p.from));
    return seen === null ? [] : [seen.row.id];
  });
}

/** The first and the newest of a long series. */
function cited(packets: readonly CrossPacket[]): readonly CrossPacket[] {
  return packets.length <= MOST_CITED ? packets : [...packets.slice(0, MOST_CITED - 2), ...packets.slice(-2)];
}

const MOST_CITED = 6;
