/**
 * Faults of the path around the nodes: it did not come back, still leads to the
 * old node, passes one way only, or nothing that is large.
 * The trap: a segment that reached no node says nothing while the path is down.
 * Only what was sent after the new node was in the path counts.
 */
import { grouped } from '../../../packet/grouped.ts';
import type { CrossPacket, Sender } from '../../failover/crossing.ts';
import { keptByNewNode } from '../backoff.ts';
import type { Case } from '../case.ts';
import { isHandshake } from '../gates.ts';
import { both, count, end, framesAt, ingress, LARGE, type NodeWay } from '../hops.ts';
import { cleanSplit } from '../population.ts';
import { found, inferred, type Judgement, observed, out, possible } from '../rule.ts';
import { bytes, plural } from '../words.ts';
import { changedTuple } from './node.ts';
import { retriesEnded } from './timer.ts';
import {
  absentClaim,
  askedInVain,
  closedBeforeReturn,
  fitsNowhere,
  kept,
  keptClaims,
  otherSender,
  shown,
  unreachedClaims,
  type Way,
  wayOf,
  wentOn,
} from './way.ts';

/** Two segments in vain are no chance. */
const TWICE = 2;

export function pathNotRestored(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || c.outcome === 'reset') return null;
  const { hops } = way;
  const reached = hops.newNode;
  if (reached !== null && count(reached.arrived) > 0)
    return out(`segments of the connection came to ${reached.host} since`);
  if (hops.takeover?.restored != null) return out('the new node was in the path since');
  if (hops.nodes.length < TWICE || c.main?.path.heardSince != null) return null;
  const vain = both(hops.unreached);
  if (vain.length < TWICE || closedBeforeReturn(way)) return null;
  // Who closed did so by a timer of its own: that is the cause, whatever became of the path (report.md).
  if (c.outcome === 'gave-up') return possible(105);
  // Where nobody saw the client it may have done that in the meantime.
  if (!hops.sure.client) return possible(105);
  // A node's capture did not run all the while: it may have taken something in.
  if (hops.nodes.some((n) => n.worn)) return possible(105);
  return found(
    'medium',
    ...unreachedClaims(way, 'client', hops.unreached.client),
    ...unreachedClaims(way, 'server', hops.unreached.server),
    inferred('no node took anything in to the end of the captures: the path did not come back'),
  );
}

export function stalePath(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way !== null && c.outcome === 'resumed') return announcedInVain(way);
  if (way === null || wentOn(c) || c.outcome === 'reset') return null;
  const node = way.newNode;
  if (node === null) return null;
  for (const from of ['server', 'client'] as const) {
    const late = floodedLate(node, from);
    if (late.length >= TWICE) return misdirected(way, node, late);
  }
  if (count(node.passed) > 0)
    return out(`${node.host} passed on segments of the connection: they were steered to it`);
  const flooded = both(node.flooded);
  if (flooded.length > 0 && count(node.arrived) === 0) return misdirected(way, node, flooded);
  for (const from of ['server', 'client'] as const) {
    const judged = steeredAway(way, node, from);
    if (judged !== null) return judged;
  }
  if (count(node.arrived) > 0) return null;
  return announcedInVain(way) ?? (both(way.hops.unreached).length >= TWICE ? possible(112) : null);
}

/** The new node says that it is in service, and still what the ends send comes to no node. */
function announcedInVain(way: Way): Judgement | null {
  const takeover = way.hops.takeover;
  if (takeover === null || !takeover.announced || takeover.restored === null) return null;
  const { restored, restoredFrame } = takeover;
  const passing = takeover.directions.map((d) => d.restored).filter((t): t is number => t !== null);
  const until = Math.min(Number.POSITIVE_INFINITY, ...passing);
  const later = both(way.hops.unreached).filter((p) => p.time > restored && p.time < until);
  if (later.length < TWICE) return null;
  return found(
    'medium',
    observed(
      `${way.newNode?.host ?? 'the new node'} announced itself`,
      [restoredFrame ?? takeover.lostFrame],
      {
        from: 'network',
        what: 'segment',
      },
    ),
    ...unreachedClaims(
      way,
      'client',
      later.filter((p) => p.from === 'client'),
    ),
    ...unreachedClaims(
      way,
      'server',
      later.filter((p) => p.from === 'server'),
    ),
    inferred('the node was there, and what lies before it did not send to it yet'),
  );
}

/** Of an end none of whose segments were meant for the new node, although those of the other end came to it by then. */
function floodedLate(node: NodeWay, from: Sender): readonly CrossPacket[] {
  const [first] = node.arrived[otherSender(from)];
  if (first === undefined || node.arrived[from].length > 0) return [];
  return node.flooded[from].filter((p) => p.time > first.time);
}

function misdirected(way: Way, node: NodeWay, flooded: readonly CrossPacket[]): Judgement {
  const { from } = flooded[0] as CrossPacket;
  return found(
    'high',
    shown(
      `${plural(flooded.length, 'segment')} came to the link of ${node.host}, but to a MAC that is not its own`,
      framesAt(flooded, way.hops.crossing, (s) => ingress(node.node, s)),
      from,
    ),
    inferred(`what lies before the nodes still sent to the old node when ${node.host} was ready`),
  );
}

/** The node's link shows that the MAC which the frames went to is nobody's any more. */
function steeredAway(way: Way, node: NodeWay, from: Sender): Judgement | null {
  const came = [...node.swallowed[from], ...node.hearsay[from]];
  const frames = framesAt(came, way.hops.crossing, (s) => ingress(node.node, s));
  const asked = askedInVain(way, node, from);
  if (asked.length < TWICE) return null;
  return found(
    'medium',
    shown(
      `${plural(came.length, 'segment')} of the ${from} came to the link of ${node.host} and did not leave it`,
      frames,
      from,
    ),
    observed(
      `on that link the ${from}'s side asked ${plural(asked.length, 'time')} whether ${asked[0]?.about} is still at the MAC that it sent to; nobody answered`,
      asked.slice(0, 6).map((q) => q.id),
      { from: 'network', what: 'arp' },
    ),
    inferred(
      `a node answers for its own MAC whatever its rules are: the frames were meant for the old node, and ${node.host} never took them in`,
    ),
  );
}

export function oneWayPath(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null) return null;
  if (c.outcome === 'resumed') return oneWayForAWhile(c, way);
  if (wentOn(c)) return null;
  const node = way.newNode;
  if (node === null) return null;
  for (const good of ['client', 'server'] as const) {
    const bad = otherSender(good);
    const delivered = node.passed[good];
    const first = delivered[0];
    if (first === undefined || node.passed[bad].length > 0 || node.arrived[bad].length > 0) continue;
    const { crossing } = way.hops;
    const vain = way.hops.crossing.packets.filter(
      (p) => p.from === bad && p.time > first.time && crossing.look(p, ingress(node.node, bad)) === 'missing',
    );
    if (vain.length < TWICE) continue;
    const elsewhere = vain.filter(
      (p) => way.oldNode !== null && crossing.at(p, ingress(way.oldNode.node, bad)) !== null,
    );
    const frames = framesAt(vain, crossing, (s) =>
      elsewhere.length > 0 && way.oldNode !== null ? ingress(way.oldNode.node, s) : end(s),
    );
    const where =
      elsewhere.length > 0 ? `still came to ${way.oldNode?.host}` : `did not come to ${node.host}`;
    return found(
      'high',
      shown(
        `${node.host} passed on ${plural(delivered.length, 'segment')} of the ${good}`,
        framesAt(delivered, crossing, (s) => ingress(node.node, s)),
        good,
      ),
      shown(`after that ${plural(vain.length, 'segment')} of the ${bad} ${where}`, frames, bad),
      absentClaim(
        way,
        `nothing of the ${bad} came to ${node.host}`,
        first.time,
        way.hops.until,
        `the side of ${node.host} toward the ${bad} was captured`,
      ),
    );
  }
  if (node.passed.client.length > 0 && node.passed.server.length > 0)
    return out(`both directions pass ${node.host}`);
  return null;
}

/** The new node kept what one end sent, time and again, and nothing of the other; then it let it pass. */
function oneWayForAWhile(c: Case, { newNode: node }: Way): Judgement | null {
  const own = keptByNewNode(c);
  const [first, last] = [own[0], own.at(-1)];
  if (node === null || first === undefined || last === undefined || own.length < TWICE) return null;
  if (own.some((p) => p.from !== first.from)) return out(`${node.host} kept segments of both ends`);
  return node.passed[first.from].some((p) => p.time < last.time) ? null : possible(98);
}

export function pmtuBlackHole(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c) || isHandshake(c) || c.outcome === 'reset') return null;
  const node = way.newNode;
  if (node === null) return null;
  const { crossing } = way.hops;
  const told = saidTooBig(way, node);
  if (told !== null) return told;
  // An answer with shifted numbers seems to show far more outstanding than there is.
  if (sequenceOffsetLost(c)?.is === 'found')
    return out(`${node.host} does not shift sequence numbers as before`);
  for (const from of ['server', 'client'] as const) {
    const passed = node.passed[from];
    const first = passed[0];
    if (first === undefined || node.passed[otherSender(from)].length === 0) continue;
    const largest = passed.reduce((n, p) => Math.max(n, p.length), 0);
    // What it dropped before the other end had spoken it may not have known yet.
    const since = Math.max(first.time, node.passed[otherSender(from)][0]?.time ?? 0);
    const later = crossing.packets.filter((p) => p.from === from && p.length > 0 && p.time > since);
    const lost = later.filter((p) => p.length > largest && isLost(way, node, p));
    const smallest = lost.reduce((n, p) => Math.min(n, p.length), Number.POSITIVE_INFINITY);
    if (lost.length < TWICE || smallest < LARGE) continue;
    if (later.some((p) => p.length > largest && !isLost(way, node, p))) continue;
    const frames = framesAt(lost, crossing, (s) =>
      crossing.at(lost[0] as CrossPacket, end(s)) === null ? ingress(node.node, s) : end(s),
    );
    return found(
      'high',
      shown(
        `${node.host} passed on ${plural(passed.length, 'segment')} of the ${from} ${largest === 0 ? 'without payload' : `with at most ${bytes(largest)} of payload`}`,
        framesAt(passed, crossing, (s) => ingress(node.node, s)),
        from,
      ),
      shown(
        `${plural(lost.length, 'segment')} of ${bytes(smallest)} or more did not get through after that`,
        frames,
        from,
      ),
    );
  }
  const own = kept(node);
  if (
    own.length >= TWICE &&
    own.every((p) => p.length < LARGE) &&
    both(node.passed).some((p) => p.length >= LARGE)
  )
    return out(`${node.host} passed on full-sized segments, and kept small ones`);
  return fitsNowhere(way, own) ? possible(85) : null;
}

/** The node itself says that the connection's packets do not fit; whether the sender hears it is another matter. */
function saidTooBig(way: Way, node: NodeWay): Judgement | null {
  const own = kept(node).filter((p) => p.length > 0);
  if (node.tooBig.length === 0 || own.length === 0) return null;
  return found(
    'high',
    ...keptClaims(way, node, own),
    observed(
      `ICMP at ${node.host} says that a packet of this connection is too big for the way on`,
      node.tooBig.slice(0, 6),
      {
        from: 'network',
        what: 'icmp',
      },
    ),
  );
}

/** It did not come to the node, did not leave it, or did not arrive. */
function isLost({ hops }: Way, node: NodeWay, p: CrossPacket): boolean {
  const { crossing } = hops;
  const at = [
    ingress(node.node, p.from),
    { at: p.from === 'client' ? ('out' as const) : ('in' as const), node: node.node },
    end(otherSender(p.from)),
  ];
  return at.some((point) => crossing.look(p, point) === 'missing');
}

export function peerGaveUp(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way !== null && c.outcome === 'hung') return retriesEnded(way);
  if (way === null || wentOn(c) || c.outcome !== 'reset') return null;
  const closing = c.facts.closing;
  if (closing === null) return null;
  const from: Sender = closing.sender === c.flow.client ? 'client' : 'server';
  if (changedTuple(way) !== null)
    return out('to the peer it was another connection: it refused what it did not know');
  const { crossing } = way.hops;
  const rst = crossing.packets.find((p) => p.from === from && p.seen.some((s) => s.row.id === closing.id));
  if (rst === undefined) return null;
  if (way.hops.nodes.some((n) => n.made[from].includes(rst)))
    return out('a node made the RST, the peer did not');
  const own = crossing.at(rst, end(from));
  const through = way.newNode === null ? null : crossing.at(rst, ingress(way.newNode.node, from));
  const seen = own ?? through;
  if (seen === null) return null;
  // Where addresses are translated, or may be, the peer may have refused a connection that was new to it.
  const mapping = way.cross.kind === 'translated' || way.cross.kind === 'unknown';
  if (mapping && way.oldNode?.outer == null && way.hops.farTuples.length === 0) return possible(100);
  return found(
    'high',
    shown(
      own !== null
        ? `the ${from} itself sent the RST`
        : `the RST came to ${way.newNode?.host} from the ${from}'s side`,
      [seen.row.id],
      from,
      'rst',
    ),
    inferred(`the ${from} had given the connection up before, and its notice, if there was one, was lost`),
  );
}

export function cloudFlowPinned(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const node = way.newNode;
  const population = way.cross.population;
  if (node !== null && count(node.arrived) > 0) return out(`segments of the connection came to ${node.host}`);
  if (population === null || node === null) return null;
  const fresh = population.fresh.filter((m) => m.passed);
  const restored = way.takeover?.restored ?? null;
  const later = both(way.hops.unreached).filter((p) => restored !== null && p.time > restored);
  if (fresh.length === 0 || later.length < TWICE || isHandshake(c)) return null;
  return found(
    'medium',
    ...unreachedClaims(
      way,
      'client',
      later.filter((p) => p.from === 'client'),
    ),
    ...unreachedClaims(
      way,
      'server',
      later.filter((p) => p.from === 'server'),
    ),
    inferred(
      `${plural(fresh.length, 'connection')} opened after the takeover passed ${node.host}: what lies before the nodes holds the old connections to the old node`,
    ),
  );
}

export function reversePathCheck(c: Case): Judgement | null {
  const way = wayOf(c);
  const node = way?.newNode ?? null;
  if (way === null || node === null || wentOn(c)) return null;
  if (!isHandshake(c)) return oldAnswersKept(way, node);
  const asked = node.passed.client;
  const answers = node.swallowed.server;
  if (asked.length === 0) return out(`${node.host} did not pass on the SYN`);
  if (answers.length === 0) return null;
  return found(
    'medium',
    shown(
      `${node.host} passed on ${plural(asked.length, 'SYN')}`,
      framesAt(asked, way.hops.crossing, (s) => ingress(node.node, s)),
      'client',
    ),
    ...keptClaims(way, node, answers),
    inferred(
      'it knows the connection, for it had just passed on its SYN: a check of where the answer comes from drops it',
    ),
  );
}

/** An old connection fares as the new ones do whose SYN passed and whose answer did not. */
function oldAnswersKept(way: Way, node: NodeWay): Judgement | null {
  const fresh = way.cross.population?.fresh ?? [];
  const same = fresh.filter((m) => m.answerKept);
  if (node.swallowed.server.length === 0 || node.passed.server.length > 0) {
    const allRefused = fresh.length > 0 && fresh.every((m) => m.refused && !m.passed);
    return allRefused && kept(node).length > 0 ? possible(110) : null;
  }
  if (same.length === 0 || fresh.some((m) => m.passed)) return null;
  return found(
    'medium',
    ...keptClaims(way, node, node.swallowed.server),
    inferred(
      `${plural(same.length, 'connection')} opened after the takeover fared the same: ${node.host} passed on the SYN and kept the answer, so it knew the connection, and a check of where the answer comes from drops it`,
    ),
  );
}

export function policyMismatch(c: Case): Judgement | null {
  const way = wayOf(c);
  const node = way?.newNode ?? null;
  if (way === null || node === null || wentOn(c)) return null;
  const population = way.cross.population;
  if (population === null) return null;
  const port = c.flow.port[c.flow.server];
  const same = population.fresh.filter((m) => m.port === port);
  // A rule that lets one pass lets all pass: what was kept at first came before the node was ready, or found no room.
  if (same.some((m) => m.passed)) return out(`new connections to port ${port} pass ${node.host}`);
  const refused = same.filter((m) => m.refused);
  const others = population.fresh.filter((m) => m.port !== port && m.passed);
  if (refused.length === 0 || others.length === 0) return null;
  const split = cleanSplit([...population.fresh, ...population.old]);
  if (split !== null && split.trait !== 'port') return null;
  return found(
    'medium',
    ...keptClaims(way, node, kept(node)),
    inferred(
      `${plural(refused.length, 'connection')} to port ${port} that ${refused.length === 1 ? 'was' : 'were'} opened after the takeover ${refused.length === 1 ? 'was' : 'were'} refused as well, ${others.length} to other ports passed: ${node.host} has other rules`,
    ),
  );
}

export function sequenceOffsetLost(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const { kind } = way.cross;
  if (kind === 'forwarded' || kind === 'translated')
    return out('the gateway does not shift sequence numbers');
  if (kind !== 'sequence-shifted') return null;
  const [before, after] = [way.oldNode?.shifts ?? null, way.newNode?.shifts ?? null];
  if (before === null || after === null || !before.shifted) return null;
  if (after.shifted) return out(`${way.newNode?.host} shifts sequence numbers as well`);
  return found(
    'high',
    shown(
      `${way.oldNode?.host} shifted the sequence numbers of the connection by ${grouped(before.by)}`,
      before.frames,
      'client',
    ),
    shown(`${way.newNode?.host} passes them on as they are`, after.frames, 'client'),
    inferred('to the ends, what it passes on lies far outside of the window'),
  );
}
