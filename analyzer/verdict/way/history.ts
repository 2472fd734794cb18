/**
 * Faults that only the order of things shows: two nodes in service at once, the
 * way back to a node that remembers the connection as it was, a node that tears
 * down what it holds as it goes, a connection that slept through the failover.
 * The trap: what one of them looks like from the ends is what all of them do.
 */
import type { CrossPacket } from '../../failover/crossing.ts';
import { NO_OUTAGE, type Takeover } from '../../failover/takeover.ts';
import type { Case } from '../case.ts';
import { isHandshake } from '../gates.ts';
import { both, egress, framesAt } from '../hops.ts';
import { found, inferred, type Judgement, out, possible } from '../rule.ts';
import { plural, seconds } from '../words.ts';
import {
  closedBeforeReturn,
  kept,
  keptClaims,
  pathClaim,
  resetsBy,
  shown,
  type Way,
  wayOf,
  wentOn,
} from './way.ts';

/** Shorter than any failure detection and takeover; the path changed hands while both were up. */
const AT_ONCE = 500_000_000;

/** Beside what is proved of a node that keeps or resets, for which two active nodes may be the reason. */
const OPEN_SPLIT = 140;

export function splitBrain(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const takeover = way.hops.takeover;
  if (takeover === null || takeover.restored === null) return null;
  // Whether there was an outage at all is not known.
  if (!takeover.tied) return possible(OPEN_SPLIT);
  const gap = takeover.restored - takeover.lost;
  if (gap >= NO_OUTAGE)
    return out(
      `${seconds(gap)} lay between the last of the old node and the first of the new one: they did not act at once`,
    );
  const before = way.hops.earlier.at(-1);
  const node = way.newNode;
  if (
    node === null ||
    kept(node).length + resetsBy(node, 'client').length + resetsBy(node, 'server').length === 0
  )
    return null;
  const claims = [
    pathClaim(way, `the last that ${way.oldNode?.host ?? 'the old node'} passed on`, takeover.lostFrame),
    pathClaim(
      way,
      `${seconds(gap)} later the path led to ${node.host}`,
      takeover.restoredFrame ?? takeover.lostFrame,
      takeover.announced,
    ),
    ...keptClaims(way, node, kept(node)),
  ];
  if (
    before !== undefined &&
    isWayBack(before, takeover) &&
    (before.restored ?? Number.POSITIVE_INFINITY) - before.lost < NO_OUTAGE
  ) {
    return found(
      'high',
      ...claims,
      inferred('the path went to and fro between the nodes without any outage: both were in service at once'),
    );
  }
  if (gap >= AT_ONCE) return null;
  return found(
    'medium',
    ...claims,
    inferred(
      'the path changed hands without any outage: the old node was in service until the new one took the traffic',
    ),
  );
}

/** The node that gets the path now is the one that had it first. */
const isWayBack = (before: Takeover, now: Takeover): boolean => before.from === now.to;

export function staleFailback(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c)) return null;
  if (way.cross.kind === 'terminated')
    return out('the gateway is a proxy: it holds sockets, no state of connections that pass');
  const takeover = way.hops.takeover;
  const node = way.newNode;
  if (takeover === null || node === null) return null;
  const before = way.hops.earlier.find((t) => t.from === takeover.to);
  if (before === undefined) {
    return way.hops.nodes.length > 1
      ? out(`${node.host} had not had the path before, as far as the captures reach`)
      : null;
  }
  const { crossing } = way.hops;
  const had = crossing.packets.some(
    (p) => p.time <= before.lost && crossing.at(p, egress(node.node, p.from)) !== null,
  );
  if (!had) return out(`${node.host} had not had this connection before`);
  const own = kept(node);
  if (own.length === 0) return null;
  const between = takeover.lost - (before.restored ?? before.lost);
  return found(
    'high',
    pathClaim(way, `${node.host} had the path before`, before.lostFrame),
    inferred(
      `for ${seconds(between)} the connection went on through ${way.oldNode?.host ?? 'the other node'}`,
    ),
    ...keptClaims(way, node, own),
    inferred(`what ${node.host} remembers of the connection is from before that`),
  );
}

export function delayedVictim(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c) || c.main === null) return null;
  if (closedBeforeReturn(way)) return out('it was closed before the path was back');
  const { takeover, newNode: node } = way;
  if (takeover === null || node === null) return null;
  const { stall } = c.main;
  const used = way.cross.toReference(stall.start);
  const rested =
    stall.what === 'probe-answer' ||
    (used > (takeover.restored ?? takeover.lost) && used - stall.silence.idleBefore <= takeover.lost);
  if (!rested) return out('bytes were outstanding when the path was lost');
  const sent = sentWhileLost(way);
  if (sent > 0)
    return out(
      `${plural(sent, 'segment')} of the connection ${sent === 1 ? 'was' : 'were'} sent while the path was gone: it was in use`,
    );
  const made = [...resetsBy(node, 'client'), ...resetsBy(node, 'server')];
  if (kept(node).length + made.length === 0) return null;
  return found(
    'high',
    inferred('nothing was outstanding when the path was lost: the connection was idle'),
    ...keptClaims(way, node, kept(node)),
    ...(made.length === 0
      ? []
      : [
          shown(
            `${node.host} refused the connection at its next use`,
            framesAt(made, way.hops.crossing, (s) => ({
              at: s === 'client' ? 'out' : 'in',
              node: node.node,
            })),
            (made[0] as CrossPacket).from,
            'rst',
          ),
        ]),
  );
}

/** Segments with data, from the last that the old node passed on to the first sign of the new one. A probe has none, or one old byte. */
function sentWhileLost({ hops, takeover }: Way): number {
  if (takeover === null || takeover.restored === null) return 0;
  const { lost, restored } = takeover;
  return hops.crossing.packets.filter((p) => p.length > 1 && p.time > lost && p.time < restored).length;
}

export function tornDownByOldNode(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const node =
    way.oldNode ??
    way.hops.nodes.find((n) => n.made.client.length + n.made.server.length > 0 && n !== way.newNode) ??
    null;
  if (node === null) {
    const { newNode } = way;
    const isNew = newNode !== null && both(newNode.made).some((p) => (p.flags & 0x04) !== 0);
    return isNew ? out(`${newNode.host} made the RST, which had not carried the connection before`) : null;
  }
  const closing = both(node.made).filter((p) => (p.flags & 0x05) !== 0);
  const restored = way.hops.takeover?.restored ?? Number.POSITIVE_INFINITY;
  const early = closing.filter((p) => p.time < restored);
  if (early.length === 0)
    return way.hops.nodes.length > 1 ? out(`${node.host} sent no RST or FIN of its own`) : null;
  if (way.cross.kind === 'terminated') return possible(130);
  const first = early[0] as CrossPacket;
  return found(
    'high',
    shown(
      `${node.host} itself sent ${plural(early.length, (first.flags & 0x04) !== 0 ? 'RST' : 'FIN')} as it went: nothing of the kind had come to it`,
      framesAt(early, way.hops.crossing, (s) => ({ at: s === 'client' ? 'out' : 'in', node: node.node })),
      first.from,
      (first.flags & 0x04) !== 0 ? 'rst' : 'fin',
    ),
  );
}
