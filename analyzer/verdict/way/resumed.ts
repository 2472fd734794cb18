/**
 * What made a stall that ended as long as it was, by when the new node was in
 * the path and what it let pass first.
 * The trap: a keepalive that passes before the data shows that the path is back.
 * It also lets a node without state pick the connection up. Only a segment that
 * was dropped before it, or the node's table, tells the two apart.
 */

import type { CrossPacket, Sender } from '../../failover/crossing.ts';
import type { JournalEvent } from '../../failover/journal-event.ts';
import type { Flow } from '../../flow/flow.ts';
import { backoffOf, keptByNewNode } from '../backoff.ts';
import type { Case, Cross, Innocent, JudgedStall } from '../case.ts';
import { isMetLate } from '../gates.ts';
import { both, end, framesAt, ingress } from '../hops.ts';
import { found, inferred, type Judgement, out, possible, type VerdictClaim } from '../rule.ts';
import { plural, seconds } from '../words.ts';
import { committedBefore, earliest, epochAtNode, outOfWindow, RECENT, TICK } from './node.ts';
import { passedBefore } from './timer.ts';
import { keptClaims, shown, type Way, wayOf } from './way.ts';

/** Below this a back-off counts as none (report.md), in seconds. */
const NO_BACKOFF = 0.5;

export function rtoBackoffOnTheWay(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || c.outcome !== 'resumed') return null;
  const before = passedBefore(way);
  const isPickedUp = before === null ? pickedUpByData(way) !== null : pickedUp(c) !== null;
  if (isPickedUp) return out('the new node picked the connection up in mid-stream');
  // It may have let it pass for long before the next try came, or only just then.
  if (keptByNewNode(c).length > 0) return possible(100);
  if (before === null) return null;
  const b = backoffOf(c);
  if (b.most < NO_BACKOFF) return null;
  const wait = before.data === null ? 0 : (before.data.time - before.probe.time) / 1e9;
  if (wait < NO_BACKOFF) return null;
  const committed = committedBefore(way, before.data);
  if (outOfWindow(c)?.is !== 'found' && committed === null) return possible(100);
  return found(
    committed === 'data' ? 'medium' : 'high',
    shown(
      `${before.node.host} passed on a segment of the ${before.waiting} ${seconds(wait * 1e9)} before the next retry of the ${before.owing} came: the path was back and the sender still waited`,
      framesAt([before.probe], way.hops.crossing, (s) => ingress(before.node.node, s)),
      before.waiting,
    ),
    inferred(
      committed === null
        ? `${before.node.host} had the connection's state: it kept track of its window`
        : `${before.node.host} had the connection's state ${committed === 'first' ? 'by then' : 'when the data came'}, by its journal`,
    ),
  );
}

export function midstreamPickupOnTheWay(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || c.outcome !== 'resumed') return null;
  const shownIt = pickedUp(c);
  if (shownIt !== null) return shownIt;
  const node = way.newNode;
  if (node === null) return null;
  if (outOfWindow(c)?.is === 'found')
    return out(`${node.host} kept track of the connection's window: it had its state`);
  const before = passedBefore(way);
  const committed = committedBefore(way, before?.data ?? null);
  if (committed !== null) {
    const what = committed === 'first' ? 'its first segment' : 'the data';
    return out(`${node.host} had committed the connection's state before ${what} came, by its journal`);
  }
  // One side alone shows what came or what left, not what passed before; nor does a view that began with it.
  const byData = before === null ? pickedUpByData(way) : null;
  if (byData !== null) return byData;
  if (before === null && (!node.captured.in || !node.captured.out || isMetLate(c))) return null;
  if (before !== null) return possible(99);
  // The data itself makes a connection known where any segment from inside may begin one.
  const first = earliest(both(node.passed));
  if (first?.from === 'client') return possible(101);
  return out(
    `the first that ${node.host} passed on was data from outside, which makes no connection known at a node that lets only the inside begin any`,
  );
}

/** A segment of the waiting end passed first, at a node that did not know the connection: it had dropped what came before, or its journal says so. */
function pickedUp(c: Case): Judgement | null {
  const way = wayOf(c);
  const before = way === null ? null : passedBefore(way);
  if (way === null || before === null || before.data === null) return null;
  const { node, probe, owing, waiting } = before;
  const dropped = node.swallowed[owing].filter((p) => p.time < probe.time && p.length > 0);
  const empty = dropped.length > 0 ? null : tookOverEmpty(way, before.data);
  if (dropped.length === 0 && empty === null) return null;
  return found(
    'high',
    ...(empty === null ? keptClaims(way, node, dropped) : [emptyClaim(node.host, empty)]),
    shown(
      `then ${node.host} passed on a segment of the ${waiting}`,
      framesAt([probe], way.hops.crossing, (s) => ingress(node.node, s)),
      waiting,
    ),
    shown(
      `and after it ${plural(node.passed[owing].length, 'segment')} of the ${owing}`,
      framesAt([before.data], way.hops.crossing, (s) => ingress(node.node, s)),
      owing,
    ),
    inferred(`${node.host} did not know the connection until the ${waiting} spoke`),
  );
}

/** The sender's own next try made the connection known, at a node whose journal says that it knew none. */
function pickedUpByData(way: Way): Judgement | null {
  const node = way.newNode;
  if (node === null) return null;
  const first = earliest(both(node.passed));
  const empty = first === undefined ? null : tookOverEmpty(way, first);
  if (first === undefined || empty === null) return null;
  return found(
    'high',
    emptyClaim(node.host, empty),
    shown(
      `${node.host} passed on the next try of the ${first.from}, and all that came after it`,
      framesAt([first], way.hops.crossing, (s) => ingress(node.node, s)),
      first.from,
    ),
    inferred(`${node.host} did not know the connection until the ${first.from} tried again`),
  );
}

const emptyClaim = (host: string, { file, line }: JournalEvent): VerdictClaim => ({
  ...inferred(`${host} took over without knowing any connection: none was put into its table`),
  journal: [{ file, line }],
});

/**
 * The new node's own journal: the commit of its takeover brought no entry before it passed anything on, no other came
 * until this packet, and it had not been in service before, when it could have learnt some itself.
 */
function tookOverEmpty(way: Way, packet: CrossPacket): JournalEvent | null {
  const node = way.newNode;
  const first = node === null ? undefined : earliest(both(node.passed));
  if (node === null || first === undefined) return null;
  const at = epochAtNode(way, node.node, first);
  const then = epochAtNode(way, node.node, packet);
  const own = way.cross.journal.filter((e) => e.node === node.host);
  const commits = own.filter((e) => e.kind === 'state-committed' && e.from <= then);
  const commit = commits.findLast((e) => e.until + TICK <= at && e.from > at - RECENT);
  if (commit === undefined || commits.some((e) => e.entries !== 0 || (e.failed ?? 0) > 0)) return null;
  const served = own.some((e) => e.kind === 'forwarding-on' && e.from < commit.from);
  return served ? null : commit;
}

/** Longer than any path: what was sent so long before the silence ended did not end it. */
const IN_VAIN = 200_000_000;

/**
 * The end that owed bytes, by its own capture, sent none until those that ended the stall, though the request had
 * come to it: it had nothing to send. Not while a path was lost: who is not answered for the gateway's address tries
 * without a frame.
 */
export function idleAtSource({ stall, trying }: JudgedStall, flow: Flow, cross: Cross): Innocent | null {
  const { hops, clockError } = cross;
  const { what, ending, owedBy } = stall;
  const isApplication = what === 'answer' || what === 'mid-answer' || what === 'promised';
  if (!isApplication || trying.length > 0 || stall.endedBy !== 'progress' || ending === null) return null;
  const owing: Sender = owedBy === flow.client ? 'client' : 'server';
  if (ending.sender !== owedBy || !hops.sure[owing] || hops.takeover !== null || clockError === null)
    return null;
  const packet = hops.crossing.packets.find((p) => p.seen.some((s) => s.row.id === ending.id));
  const own = packet === undefined ? null : hops.crossing.at(packet, end(owing));
  if (packet === undefined || own === null || own.row.skippedBefore) return null;
  const from = Math.min(hops.since, packet.time);
  const tried = hops.crossing.packets.some(
    (p) => p !== packet && p.from === owing && p.length > 0 && p.time > from && p.time < packet.time,
  );
  if (tried || hops.until - packet.time > IN_VAIN + clockError) return null;
  return {
    cause: 'application-idle',
    because: `the ${owing} sent nothing in between, by its own capture: it had nothing to send`,
    frames: [own.row.id],
  };
}

/** The end that owed bytes had sent some, and they did not come: seen at that end, or at a node. */
export function applicationIdleOnTheWay(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || c.main === null) return null;
  const owing = c.main.stall.owedBy === c.flow.client ? 'client' : 'server';
  const { crossing, since, until } = way.hops;
  const tried = crossing.packets.filter(
    (p) => p.from === owing && p.length > 0 && p.time > since && p.time < until - IN_VAIN,
  );
  if (tried.length === 0) return null;
  return out(`the ${owing} sent ${plural(tried.length, 'segment')} with data in the silence`);
}

export function outageOnTheWay(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || c.outcome !== 'resumed') return null;
  const before = passedBefore(way);
  if (before === null && pickedUpByData(way) !== null) return out('the new node did not know the connection');
  if (pickedUp(c) !== null) return out('the path was back before');
  if (before !== null && before.data !== null && before.data.time - before.probe.time >= NO_BACKOFF * 1e9) {
    return out(
      `${before.node.host} passed on segments of the connection ${seconds(before.data.time - before.probe.time)} before the data came`,
    );
  }
  return null;
}
