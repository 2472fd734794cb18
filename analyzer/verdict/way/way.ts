/**
 * What rules ask of a connection's way through the nodes, in the words of the
 * catalogue, and the claims that say so.
 */

import { isGroup } from '../../../packet/address.ts';
import type { CrossPacket, Sender } from '../../failover/crossing.ts';
import type { UnansweredQuestion } from '../../failover/link-facts.ts';
import type { Takeover } from '../../failover/takeover.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import type { Shows } from '../../report/report.ts';
import type { Case, Cross } from '../case.ts';
import { both, egress, end, framesAt, type Hops, ingress, LARGE, type NodeWay } from '../hops.ts';
import { observed, type VerdictClaim } from '../rule.ts';
import { plural } from '../words.ts';

export interface Way {
  readonly c: Case;
  readonly cross: Cross;
  readonly hops: Hops;
  /** The hops of all legs: one, or the client's and the server's of a proxied flow. */
  readonly legs: readonly Hops[];
  readonly newNode: NodeWay | null;
  readonly oldNode: NodeWay | null;
  /** The takeover of this stall, else the newest one before it. */
  readonly takeover: Takeover | null;
}

/** Null where no other vantage shows anything of the way, or nothing stalled. */
export function wayOf(c: Case): Way | null {
  const { cross } = c;
  if (cross === null || c.main === null) return null;
  const { hops, otherLeg } = cross;
  if (hops.nodes.length === 0 && !(hops.ends.client && hops.ends.server)) return null;
  return {
    c,
    cross,
    hops,
    legs: otherLeg === null ? [hops] : [hops, otherLeg],
    newNode: hops.newNode,
    oldNode: hops.oldNode,
    takeover: hops.takeover ?? hops.earlier.at(-1) ?? null,
  };
}

export const wentOn = (c: Case): boolean =>
  c.outcome === 'resumed' || c.outcome === 'connect-delayed' || c.outcome === 'cut-short';

export const isRst = (p: CrossPacket): boolean => (p.flags & 0x04) !== 0;
export const isFin = (p: CrossPacket): boolean => (p.flags & 0x01) !== 0;

/** A frame that shows a node in the path, of this connection or another; or its announcement. */
export function pathClaim(way: Way, text: string, frame: FrameId, announced = false): VerdictClaim {
  const from = announced ? 'network' : senderOf(way, frame);
  return observed(text, [frame], { from: from ?? 'other-flow', what: 'segment' });
}

/** Who sent it, of this connection; null where it is not of this connection. */
function senderOf({ legs }: Way, frame: FrameId): Sender | null {
  for (const { crossing } of legs) {
    const packet = crossing.packets.find((p) => p.seen.some((s) => s.row.id === frame));
    if (packet !== undefined) return packet.from;
  }
  return null;
}

/** Packets that the new node took in and kept, in both directions. */
export const kept = (node: NodeWay | null): CrossPacket[] => (node === null ? [] : both(node.swallowed));

/**
 * Questions whether somebody is still at the MAC that what the node seems to have kept was sent to, which nobody
 * answered there: none where the node is known to have a MAC on that side.
 */
export function askedInVain(way: Way, node: NodeWay, from: Sender): readonly UnansweredQuestion[] {
  const side = from === 'client' ? 'in' : 'out';
  const macs = [...node.swallowed[from], ...node.hearsay[from]].map((p) => {
    const seen = way.hops.crossing.at(p, ingress(node.node, from));
    return seen === null ? -1 : way.cross.links.macAt(seen.vantage, seen.row.macDestination);
  });
  if (macs.some((m) => m < 0) || way.cross.links.ownMacs(node.node, side).size > 0) return [];
  const questions = way.cross.links.unanswered(node.node, side, way.hops.since, way.hops.until);
  // Nobody answers a question to all either: then no node has the address, and there is none to steer to.
  return questions.some((q) => isGroup(q.to)) ? [] : questions.filter((q) => macs.includes(q.to));
}

/** RSTs that a node made, by the end in whose name they go. */
export const resetsBy = (node: NodeWay | null, from: Sender): CrossPacket[] =>
  node === null ? [] : node.made[from].filter(isRst);

export const otherSender = (from: Sender): Sender => (from === 'client' ? 'server' : 'client');

/** When the connection was closed, by the reference's clock; null where it was not. */
export function closedAt({ c, cross }: Way): number | null {
  const closing = c.facts.closing;
  return closing === null ? null : cross.toReference(closing.time);
}

/**
 * An end closed before anything showed the path to be back: what it had sent
 * reached no node. Its timer is the cause then, whatever the node would have done.
 */
export function closedBeforeReturn(way: Way): boolean {
  const closed = closedAt(way);
  if (closed === null || way.c.outcome !== 'gave-up') return false;
  if (way.legs.some((l) => reachedNewNode(l, closed).length > 0)) return false;
  const restored = way.takeover?.restored ?? null;
  const side = closerOf(way) === 'client' ? 'in' : 'out';
  // By the other side alone the node may have been in the path before, and kept what the closer sent.
  if (way.newNode !== null && !way.newNode.captured[side]) return false;
  // No order is claimed within the clocks' error: then what reached a node decides.
  const error = way.cross.clockError ?? Number.POSITIVE_INFINITY;
  if (restored !== null && Math.abs(restored - closed) > error) return restored > closed;
  if (restored !== null && restored <= closed) return false;
  const closer = closerOf(way);
  const own = way.hops.sent[closer];
  return (
    own.length > 0 && own.every((p) => way.hops.unreached[closer].includes(p)) && way.hops.nodes.length >= 2
  );
}

export const closerOf = ({ c }: Way): Sender =>
  c.facts.closing?.sender === c.flow.client ? 'client' : 'server';

/** Segments that had come to the new node before a moment. */
export const reachedNewNode = ({ newNode }: Hops, before: number): CrossPacket[] =>
  newNode === null ? [] : both(newNode.arrived).filter((p) => p.time < before);

/** The node took these in on one side, and they did not leave it on the other. */
export function keptClaims(way: Way, node: NodeWay, packets: readonly CrossPacket[]): VerdictClaim[] {
  return (['server', 'client'] as const).flatMap((from) => {
    const own = packets.filter((p) => p.from === from);
    if (own.length === 0) return [];
    const [near, far] = from === 'client' ? ['inner', 'outer'] : ['outer', 'inner'];
    const frames = framesAt(own, way.hops.crossing, (s) => ingress(node.node, s));
    const first = own[0] as CrossPacket;
    const last = own.at(-1) as CrossPacket;
    return [
      shown(
        `${plural(own.length, 'segment')} of the ${from} came to ${node.host} on its ${near} side`,
        frames,
        from,
      ),
      absentClaim(
        way,
        `${own.length === 1 ? 'it did not leave' : 'none of them left'} ${node.host} on its ${far} side`,
        first.time,
        last.time + HELD,
        `the ${far} side of ${node.host} was captured`,
      ),
    ];
  });
}

/** A router passes a packet on within this time, or not at all. */
const HELD = 1_000_000_000;

/** Packets that a node made itself, in the name of an end. */
export function madeClaim(
  hops: Hops,
  node: NodeWay,
  packets: readonly CrossPacket[],
  what: Shows['what'],
): VerdictClaim {
  const from = (packets[0] as CrossPacket).from;
  const frames = framesAt(packets, hops.crossing, (s) => egress(node.node, s));
  const noun = what === 'rst' ? 'RST' : what === 'fin' ? 'FIN' : 'segment';
  return observed(
    `${node.host} itself sent ${plural(packets.length, noun)} to the ${otherSender(from)} in the ${from}'s name: nothing of the kind had come to it`,
    frames,
    { from, what },
  );
}

/** Sent by an end, by its own capture, and seen at no node. */
export function unreachedClaims(way: Way, from: Sender, packets: readonly CrossPacket[]): VerdictClaim[] {
  if (packets.length === 0) return [];
  const frames = framesAt(packets, way.hops.crossing, (s) => end(s));
  const hosts = way.hops.nodes.map((n) => n.host).join(' nor ');
  return [
    shown(`the ${from} sent ${plural(packets.length, 'segment')}`, frames, from),
    absentClaim(
      way,
      `${packets.length === 1 ? 'it' : 'they'} came to ${way.hops.nodes.length > 1 ? `neither ${hosts}` : `no node (${hosts})`}`,
      (packets[0] as CrossPacket).time,
      (packets.at(-1) as CrossPacket).time + HELD,
      `the side of ${way.hops.nodes.map((n) => n.host).join(' and ')} toward the ${from} was captured`,
    ),
  ];
}

export const shown = (
  text: string,
  frames: readonly FrameId[],
  from: Sender,
  what: Shows['what'] = 'segment',
): VerdictClaim => observed(text, frames, { from, what });

/** Nothing was seen, where it would have been, as long as anything was captured: times by the reference's clock. */
export function absentClaim(
  { cross }: Way,
  text: string,
  from: number,
  to: number,
  why: string,
): VerdictClaim {
  return {
    kind: 'absent',
    text,
    frames: [],
    coverage: {
      from: cross.fromReference(from),
      to: cross.fromReference(Math.min(to, cross.coveredUntil)),
      why,
    },
  };
}

/** All that it kept is large, and the node keeps what is large, and only that, of another connection. */
export const fitsNowhere = ({ cross: { population } }: Way, own: readonly CrossPacket[]): boolean =>
  own.length > 0 &&
  own.every((p) => p.length >= LARGE) &&
  [...(population?.old ?? []), ...(population?.fresh ?? [])].some((m) => m.largeKept);
