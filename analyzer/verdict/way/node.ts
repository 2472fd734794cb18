/**
 * Faults of the node that took over, by what came to it and what left it: it
 * keeps what it has no state for, refuses it, translates it otherwise, or was
 * a proxy.
 * The trap: whoever closed before the path was back met no node at all.
 */
import { grouped } from '../../../packet/grouped.ts';
import type { CrossPacket } from '../../failover/crossing.ts';
import { NO_OUTAGE } from '../../failover/takeover.ts';
import type { Case } from '../case.ts';
import { isHandshake } from '../gates.ts';
import { both, count, framesAt, ingress, type NodeWay, type OuterTuple } from '../hops.ts';
import { cleanSplit } from '../population.ts';
import { found, inferred, type Judgement, observed, out, possible, type VerdictClaim } from '../rule.ts';
import { plural, seconds } from '../words.ts';
import {
  askedInVain,
  closedAt,
  closedBeforeReturn,
  fitsNowhere,
  isRst,
  kept,
  keptClaims,
  madeClaim,
  otherSender,
  reachedNewNode,
  resetsBy,
  shown,
  type Way,
  wayOf,
  wentOn,
} from './way.ts';

const CLOSED_FIRST =
  'the connection was closed before the path was back: nothing of it had reached the new node';

/** What all faults of the new node have in common; null where they are not excluded. */
function excluded(way: Way): Judgement | null {
  if (wentOn(way.c)) return null;
  if (closedBeforeReturn(way)) return out(CLOSED_FIRST);
  // It may as well have closed in the outage: what the node did later with its farewell says nothing of why.
  const closed = way.newNode !== null && way.c.outcome === 'gave-up' ? closedAt(way) : null;
  if (closed !== null && way.legs.every((leg) => reachedNewNode(leg, closed).length === 0))
    return possible(96);
  if (way.cross.kind === 'terminated')
    return out(
      'the gateway is a proxy: its end of the connection was a socket, and no copied state carries that on',
    );
  const node = way.newNode;
  if (node === null || count(node.arrived) === 0) return null;
  if (node.passed.client.length > 0 && node.passed.server.length > 0 && kept(node).length === 0) {
    return out(`${node.host} passed on what came to it, in both directions`);
  }
  return null;
}

export function noStateDrop(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c)) return null;
  const gate = excluded(way);
  if (gate !== null) return gate;
  const node = way.newNode;
  if (node === null) return null;
  const own = kept(node);
  if (own.length === 0) {
    if (resetsBy(node, 'client').length + resetsBy(node, 'server').length > 0)
      return out(`${node.host} answered with an RST`);
    return null;
  }
  if (resetsBy(node, 'client').length + resetsBy(node, 'server').length > 0) return possible(40);
  // Of one direction it let some pass: it knows the connection, or came to know it.
  if (own.some((p) => node.passed[p.from].length > 0)) return possible(95);
  // It passes on what the other end sends: it keeps a direction, and what it has no state for it would keep of both.
  if (
    (['client', 'server'] as const).some(
      (from) => own.every((p) => p.from !== from) && node.passed[from].length > 0,
    )
  )
    return possible(94);
  // So it does with other connections.
  if ((way.cross.population?.old ?? []).some((m) => m.halfPassed)) return possible(93);
  // What did not fit on the way on looks the same where nothing small was sent.
  if (fitsNowhere(way, own)) return possible(92);
  // A path past the node's eyes may have carried the connection beyond what was copied.
  if ((way.oldNode?.unseen.length ?? 0) >= FEW) return possible(98);
  // It is no matter of state where connections that need none fare the same.
  const fresh = way.cross.population?.fresh ?? [];
  if (fresh.some((m) => m.refused)) return possible(fresh.some((m) => m.passed) ? 96 : 88);
  // Nobody answers for the MAC that they were sent to: they may never have been meant for this node.
  if (askedInVain(way, node, 'client').length + askedInVain(way, node, 'server').length > 0)
    return possible(97);
  // What it had in its table by then may have had this connection: a check of another kind drops the same.
  if (committedBefore(way, null) === 'first') return possible(91);
  // Without sight of the takeover, bare probes may be those of a connection that had been idle all along.
  if (way.takeover === null && way.c.near === null && own.every((p) => p.length === 0)) return possible(100);
  // Its table is not in a capture: where nothing else shows how it treats such packets, a check of its own may drop the same.
  const shownElse = fresh.some((m) => m.passed) || new Set(own.map((p) => p.from)).size > 1;
  return found(
    'medium',
    ...keptClaims(way, node, own),
    inferred(
      shownElse
        ? `${node.host} is in the path and drops this connection in silence: it does not know it`
        : `${node.host} is in the path and drops this connection in silence: most likely it does not know it; a rule or a return-path check of its own would look the same, and its drop counters tell them apart`,
    ),
  );
}

export function noStateReject(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c)) return null;
  const gate = excluded(way);
  if (gate !== null) return gate;
  const node = way.newNode;
  if (node === null) return null;
  const toClient = resetsBy(node, 'server');
  const toServer = resetsBy(node, 'client');
  if (toClient.length + toServer.length === 0) return null;
  // Nobody saw whether the old node translated, or ended the connection itself: then a mapping or a socket is lost.
  if (way.cross.kind === 'unknown') return null;
  // Without sight of the other node it may have been in service still, unless some time lay between.
  const gap = Math.min(...[...toClient, ...toServer].map((p) => p.time)) - way.hops.since;
  if (way.takeover === null && (way.cross.clockError === null || gap < NO_OUTAGE)) return possible(30);
  const claims = [toClient, toServer]
    .filter((l) => l.length > 0)
    .map((l) => madeClaim(way.hops, node, l, 'rst'));
  return found(
    'high',
    ...claims,
    inferred(`${node.host} is in the path and refuses this connection: it does not know it`),
  );
}

export function natMappingLost(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c)) return null;
  const changed = changedTuple(way);
  // Without sight of the new node's other connections the port may have been taken there.
  if (changed !== null && way.newNode === null) return possible(140);
  if (changed !== null) return found('high', ...changed);
  // Under which tuple the old node had sent it, nobody saw: to the peer it may be another connection now.
  const isTranslated = way.cross.kind === 'translated' || way.cross.kind === 'unknown';
  if (c.outcome === 'reset' && isTranslated && way.oldNode?.outer == null && way.hops.farTuples.length === 0)
    return possible(90);
  const gate = excluded(way);
  if (gate !== null) return gate;
  const { kind } = way.cross;
  if (kind === 'forwarded' || kind === 'sequence-shifted')
    return out('addresses and ports are the same on both sides of the gateway');
  const node = way.newNode;
  if (kind !== 'translated' || node === null) return null;
  const toServer = resetsBy(node, 'client');
  if (toServer.length > 0) {
    return found(
      'high',
      madeClaim(way.hops, node, toServer, 'rst'),
      inferred(
        `the server's segments came to the translated address, and ${node.host} had no mapping for it: it took them for its own`,
      ),
    );
  }
  // What the client was told is the better name for it, and where new connections fare the same it is no mapping.
  if (node.swallowed.server.length === 0 || resetsBy(node, 'server').length > 0) return null;
  if ((way.cross.population?.fresh ?? []).some((m) => m.refused)) return possible(94);
  return found(
    'medium',
    ...keptClaims(way, node, node.swallowed.server),
    inferred(`they were sent to the translated address, and ${node.host} did not translate them back`),
  );
}

/** On the far side of the gateway the connection has another tuple than before. */
export function changedTuple(way: Way): VerdictClaim[] | null {
  const [before, after] = [way.oldNode?.outer ?? null, way.newNode?.outer ?? null];
  if (before !== null && after !== null && before.client !== after.client) {
    return [
      shown(`${way.oldNode?.host} sent the client's segments as ${before.client}`, [before.frame], 'client'),
      shown(`${way.newNode?.host} sends them as ${after.client}`, [after.frame], 'client'),
      inferred('to the server that is another connection, which it does not know'),
    ];
  }
  const [first, second] = way.hops.farTuples;
  if (first === undefined || second === undefined) return null;
  return [
    shown(`the client's segments came to the server from ${first.client}`, [first.frame], 'client'),
    shown(`after the takeover they came from ${second.client}`, [second.frame], 'client'),
    inferred('to the server that is another connection, which it does not know'),
  ];
}

export function snatPortClash(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const [before, after] = [way.oldNode?.outer ?? null, way.newNode?.outer ?? null];
  if (way.cross.kind === 'forwarded') return out('no port is translated');
  if (before !== null && after === null) return portTaken(way, before);
  if (before === null || after === null) return way.hops.farTuples.length > 1 ? possible(139) : null;
  if (before.client === after.client) return out('the new node uses the same translated port');
  const taken = way.newNode?.outerTaken(before.client) ?? null;
  const claims = changedTuple(way);
  if (taken === null || claims === null)
    return out('the port that the old node had used is free at the new one');
  return found(
    // A node that gives every connection a new port may have given the old one away by chance.
    taken.sameServer ? 'high' : 'medium',
    ...claims,
    observed(
      `at ${way.newNode?.host} the port that the old node had used belongs to another connection`,
      [taken.frame],
      {
        from: 'other-flow',
        what: 'segment',
      },
    ),
  );
}

/** The new node kept the connection's segments, and its old port is another's there. */
function portTaken(way: Way, before: OuterTuple): Judgement | null {
  const node = way.newNode;
  const own = node?.swallowed.client ?? [];
  const taken = node?.outerTaken(before.client) ?? null;
  if (node === null || taken?.sameServer !== true || own.length === 0) return null;
  return found(
    'high',
    shown(`${way.oldNode?.host} sent the client's segments as ${before.client}`, [before.frame], 'client'),
    observed(`at ${node.host} that port belongs to another connection`, [taken.frame], {
      from: 'other-flow',
      what: 'segment',
    }),
    ...keptClaims(way, node, own),
  );
}

export function terminatedProxy(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c)) return null;
  if (closedBeforeReturn(way)) return out(CLOSED_FIRST);
  const { kind } = way.cross;
  if (kind === 'forwarded' || kind === 'translated' || kind === 'sequence-shifted') {
    return out(
      'the same segments were seen on both sides of the gateway: nothing ended the connection in between',
    );
  }
  if (kind !== 'terminated') return null;
  const claims: VerdictClaim[] = [
    inferred(
      way.cross.otherLeg === null
        ? 'the gateway ended this connection itself, as it did with others to which it opened a second one (see the path): it was captured on one side of the gateway only'
        : 'client and server hold two connections: the gateway ended one and opened the other (see the path)',
    ),
  ];
  for (const hops of way.legs) {
    const node = hops.newNode;
    if (node === null) continue;
    for (const from of ['client', 'server'] as const) {
      const made = resetsBy(node, from);
      const came = node.arrived[from];
      if (made.length > 0) claims.push(madeClaim(hops, node, made, 'rst'));
      else if (came.length > 0 && node.made[from === 'client' ? 'server' : 'client'].length === 0) {
        claims.push(
          shown(
            `${plural(came.length, 'segment')} of the ${from} came to ${node.host}, whose sockets know no such connection`,
            framesAt(came, hops.crossing, (s) => ingress(node.node, s)),
            from,
          ),
        );
      }
    }
  }
  if (claims.length > 1) return found('high', ...claims);
  const asked = way.cross.population?.old.filter((m) => m.proxied && m.refused).length ?? 0;
  if (asked > 0) {
    claims.push(
      inferred(`the new node knew none of the ${plural(asked, 'other proxied connection')} that asked it`),
    );
  }
  return way.takeover?.restored != null
    ? found('medium', ...claims, inferred('the sockets of the old node went with it'))
    : possible(150);
}

export function outOfWindow(c: Case): Judgement | null {
  const way = wayOf(c);
  const node = way?.newNode ?? null;
  if (way === null || node === null) return null;
  if (c.outcome === 'resumed') {
    if (!node.captured.in || !node.captured.out) return null;
    // As it lost its own links later on, what still came could not leave.
    if (way.hops.later.length > 0) return null;
    for (const from of ['server', 'client'] as const) {
      const { came, left } = node.totals[from];
      const missing = came - left;
      if (came === 0 || missing < FEW || missing / came < SHARE) continue;
      // Dropped before the connection was known at all: that is another matter.
      if (node.swallowed[from].length >= missing) continue;
      // What the nodes' captures lack and the other end has was passed on: they lost frames.
      const passed = way.hops.nodes.reduce((n, { totals }) => n + totals[from].left, 0);
      if (way.oldNode !== null && way.hops.heard[from] - passed >= missing) continue;
      return found(
        'medium',
        inferred(
          `${grouped(missing)} of the ${grouped(came)} segments of the ${from} that came to ${node.host} did not leave it, amid others that did: it tracks the window by numbers that are not up to date`,
        ),
      );
    }
    return null;
  }
  if (wentOn(c) || isHandshake(c)) return null;
  const gate = excluded(way);
  if (gate !== null) return gate;
  const mixed = (['server', 'client'] as const).find(
    (from) => node.swallowed[from].length > 0 && node.passed[from].length > 0,
  );
  if (mixed !== undefined) return possible(125);
  if (kept(node).length > 0 && count(node.passed) === 0)
    return out(
      `${node.host} passed on nothing of the connection: a stale window drops only what lies outside of it`,
    );
  return byAcknowledgements(node);
}

/**
 * It passed on the one end's segments, and kept bare acknowledgements of the other, each of more than had come to it: what a
 * node that tracks the window takes for invalid (the upper bound of ACK in Linux, tcp_in_window, after G. van Rooij, "Real
 * stateful TCP packet filtering"). It is where the last acknowledgements were lost with the old node. Nothing says that it
 * does track: rules that let only one end begin a connection drop the same where the state is missing.
 */
function byAcknowledgements(node: NodeWay): Judgement | null {
  for (const from of ['client', 'server'] as const) {
    const came = node.arrived[otherSender(from)];
    if (node.passed[otherSender(from)].length === 0) continue;
    const bare = node.swallowed[from].filter((p) => p.length === 0 && (p.flags & NO_BARE_ACK) === 0);
    const isAhead = (p: CrossPacket): boolean =>
      came.every((o) => o.time > p.time || ((p.ack - (o.seq + o.length)) | 0) > 0);
    if (bare.length >= TWICE && bare.every(isAhead)) return possible(LIKELIER_THAN_ONE_WAY);
  }
  return null;
}

/** FIN, SYN and RST: those are dropped for other reasons. */
const NO_BARE_ACK = 0x07;
/** Once is a lost packet. */
const TWICE = 2;
/** The node itself drops them, and in the way that fits; see `causes/one-way-path.ts`. */
const LIKELIER_THAN_ONE_WAY = 129;

const FEW = 3;
const SHARE = 0.002;

export function notYetSynced(c: Case): Judgement | null {
  const way = wayOf(c);
  const gate = way === null ? null : excluded(way);
  if (gate !== null) return gate;
  const population = way?.cross.population ?? null;
  if (way === null || population === null || wentOn(c)) return null;
  const node = way.newNode;
  if (
    node === null ||
    kept(node).length + resetsBy(node, 'client').length + resetsBy(node, 'server').length === 0
  )
    return null;
  const split = cleanSplit(population.old);
  if (split === null) return null;
  if (split.trait === 'age') {
    return found(
      'high',
      inferred(
        `${split.counts.affected} connections ${split.affected} when the path was lost were not known to ${node.host}, ${split.counts.others} that were ${split.others} were: state is copied only after a time`,
      ),
    );
  }
  if (split.trait !== 'port') return null;
  // New connections of the same kind pass: it is not the rules that differ.
  const port = c.flow.port[c.flow.server];
  const fresh = population.fresh.filter((m) => m.port === port && m.passed);
  if (fresh.length === 0) return null;
  return found(
    'medium',
    inferred(
      `only the ${split.counts.affected} connections ${split.affected} were not known to ${node.host}, ${split.counts.others} others were, and ${plural(fresh.length, 'new connection')} to that port passed: their state is not copied`,
    ),
  );
}

export function stateNotCommitted(c: Case): Judgement | null {
  const way = wayOf(c);
  const gate = way === null ? null : excluded(way);
  if (gate !== null) return gate;
  const node = way?.newNode ?? null;
  if (way === null || node === null || wentOn(c)) return null;
  const own = way.cross.journal.filter((e) => e.node === node.host);
  if (own.length === 0) return null;
  const refused = [...kept(node), ...resetsBy(node, 'client'), ...resetsBy(node, 'server')].sort(
    (a, b) => a.time - b.time,
  )[0];
  if (refused === undefined) return null;
  const at = epochAtNode(way, node.node, refused);
  const commits = own.filter((e) => e.kind === 'state-committed' && (e.entries ?? 1) > 0);
  const since = at - RECENT;
  const before = commits.filter((e) => e.until + TICK <= at && e.from > since);
  if (before.length > 0) {
    return out(
      `${node.host} had committed the state before the connection's first segment came (${node.host}'s journal)`,
    );
  }
  const later = commits.find((e) => e.from > at);
  const received = own.find((e) => e.kind === 'state-received' && e.until <= at && (e.entries ?? 1) > 0);
  const frames = framesAt([refused], way.hops.crossing, (s) =>
    isRst(refused) ? { at: s === 'client' ? 'out' : 'in', node: node.node } : ingress(node.node, s),
  );
  if (later !== undefined) {
    return found(
      'high',
      shown(`the connection was refused or dropped at ${node.host}`, frames, refused.from),
      {
        ...inferred(
          `${node.host}'s commit of the state that it had received came at least ${seconds(Number(later.from - at))} after that`,
        ),
        journal: [{ file: later.file, line: later.line }],
      },
    );
  }
  const goesOn = own.some((e) => e.from > at);
  if (received === undefined || !goesOn) return possible(104);
  return found('high', shown(`the connection was refused or dropped at ${node.host}`, frames, refused.from), {
    ...inferred(`${node.host} had received state before, and its journal shows no commit`),
    journal: [{ file: received.file, line: received.line }],
  });
}

/** A commit of an earlier event says nothing about this one. */
export const RECENT = 600_000_000_000n;
/** Logs take the kernel's coarse clock. */
export const TICK = 10_000_000n;

export const earliest = (packets: readonly CrossPacket[]): CrossPacket | undefined =>
  [...packets].sort((a, b) => a.time - b.time)[0];

/** The packet's time by the node's own clock, which its log is written by; ns since the epoch. */
export function epochAtNode(way: Way, node: number, packet: CrossPacket): bigint {
  const seen = packet.seen.find((s) => s.point.node === node) ?? packet.seen[0];
  const local = seen === undefined ? packet.time : way.cross.localTime(seen.vantage, seen.row.time);
  return way.cross.base + BigInt(Math.round(local));
}

/**
 * When the new node's journal says that the state went into its table: surely before the connection's first
 * segment came there (`first`), or in the same second as that, and surely before the data that ended the stall
 * (`data`). Null where it says neither.
 */
export function committedBefore(way: Way, data: CrossPacket | null): 'first' | 'data' | null {
  const node = way.newNode;
  if (node === null) return null;
  const first = earliest(both(node.arrived));
  if (first === undefined) return null;
  const at = epochAtNode(way, node.node, first);
  const commits = way.cross.journal.filter(
    (e) =>
      e.node === node.host &&
      e.kind === 'state-committed' &&
      (e.entries ?? 1) > 0 &&
      e.from > at - RECENT &&
      e.from <= at,
  );
  if (commits.some((e) => e.until <= at + TICK)) return 'first';
  if (data === null) return null;
  const then = epochAtNode(way, node.node, data);
  return commits.some((e) => e.until <= then + TICK) ? 'data' : null;
}

export { reachedNewNode };
