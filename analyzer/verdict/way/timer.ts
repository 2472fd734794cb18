/**
 * "Timer or node?" (report.md): an end that closed before the path was back has
 * its timer as the cause; once the new node had had a segment of the connection
 * and had not passed it on, the node is.
 */

import type { CrossPacket, Sender } from '../../failover/crossing.ts';
import type { Flow } from '../../flow/flow.ts';
import { RTO_MAX } from '../../stall/ladder.ts';
import type { Stall } from '../../stall/stall.ts';
import type { Case } from '../case.ts';
import { count, end, framesAt, type NodeWay } from '../hops.ts';
import { found, inferred, type Judgement, out, type VerdictClaim } from '../rule.ts';
import { endName, plural, seconds } from '../words.ts';
import {
  absentClaim,
  closedAt,
  closedBeforeReturn,
  closerOf,
  otherSender,
  pathClaim,
  reachedNewNode,
  shown,
  unreachedClaims,
  type Way,
  wayOf,
} from './way.ts';

/** For the timer that closed the connection; null where the way does not tell. */
export function timerOnTheWay(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || c.outcome !== 'gave-up' || c.facts.closing === null) return null;
  const closed = closedAt(way) as number;
  for (const hops of way.legs) {
    const node = hops.newNode;
    const came = reachedNewNode(hops, closed);
    // With one side of the node captured nobody can say what it did with them.
    if (node !== null && came.some((p) => isKept(node, p))) {
      return out(
        `a segment of the connection had come to ${node.host} before that, which did not pass it on: the node's fault comes first`,
      );
    }
  }
  if (!closedBeforeReturn(way)) return null;
  return found('high', ...proof(way, closed));
}

const isKept = (node: NodeWay, p: CrossPacket): boolean => node.swallowed[p.from].includes(p);

function proof(way: Way, closed: number): VerdictClaim[] {
  const { c, hops } = way;
  const closer = closerOf(way);
  const claims = unreachedClaims(way, closer, hops.unreached[closer]);
  const restored = hops.takeover?.restored ?? null;
  if (restored !== null && hops.takeover?.restoredFrame != null && restored > closed) {
    claims.push(
      pathClaim(
        way,
        `the first sign of ${hops.newNode?.host ?? 'the new node'} came ${seconds(restored - closed)} after the ${endName(c.flow, c.facts.closing?.sender ?? c.flow.client)} had closed`,
        hops.takeover.restoredFrame,
        hops.takeover.announced,
      ),
    );
  }
  return claims;
}

/** What the new node passed on before the first data of the end that owed some. */
export interface PassedBefore {
  readonly node: NodeWay;
  readonly probe: CrossPacket;
  readonly data: CrossPacket | null;
  readonly owing: Sender;
  readonly waiting: Sender;
}

/** The end whose timer the stall waited for: who repeats a request, else who owes bytes. */
function retrierOf(stall: Stall, flow: Flow): Sender {
  const asks = stall.what === 'answer' && (stall.startUnanswered || stall.ladder?.by === stall.waiting);
  const end = asks ? stall.waiting : stall.owedBy;
  return end === flow.client ? 'client' : 'server';
}

/** The path was back before the data came, and the new node may have had no state; null where nothing passed before. */
export function passedBefore({ newNode: node, c }: Way): PassedBefore | null {
  if (node === null || c.main === null) return null;
  const owing = retrierOf(c.main.stall, c.flow);
  const waiting = otherSender(owing);
  const data = node.passed[owing].find((p) => p.length > 0) ?? null;
  const probe = node.passed[waiting].find((p) => data === null || p.time < data.time);
  return probe === undefined ? null : { node, probe, data, owing, waiting };
}

/** Timers fire up to so much late. */
const LATE = 0.12;
/** Two waits make a ladder. */
const FEWEST_TRIES = 3;

/**
 * The peer's own capture: all its tries fell into the outage, and the one that was due after it never came.
 * The trap: while nobody answers for the gateway's address a try leaves no frame, so one that was due earlier proves nothing.
 */
export function retriesEnded(way: Way): Judgement | null {
  const { hops, takeover, c } = way;
  const stall = c.main?.stall;
  if (
    stall === undefined ||
    way.cross.kind === 'terminated' ||
    takeover === null ||
    takeover.restored === null
  )
    return null;
  const peer: Sender = stall.owedBy === c.flow.client ? 'client' : 'server';
  const { restored } = takeover;
  // Of what was on its way when the path was lost nobody can say whether it reached the old node.
  const isVain = (p: CrossPacket): boolean => hops.unreached[peer].includes(p);
  const sent = hops.sent[peer].filter((p) => p.length > 0);
  const first = sent.findIndex(isVain);
  const tries = first < 0 ? [] : sent.slice(first);
  const [before, last] = tries.slice(-2);
  if (before === undefined || last === undefined || tries.length < FEWEST_TRIES || last.time > restored)
    return null;
  if (!tries.every(isVain)) return null;
  let wait = last.time - before.time;
  let due = last.time;
  while (due < restored) {
    wait = Math.min(2 * wait, RTO_MAX);
    due += wait;
  }
  const latest = last.time + (due - last.time) * (1 + LATE);
  if (latest > hops.until) return null;
  // What the new node does to either end's segments is another matter, and may have told the peer.
  if (hops.newNode !== null && count(hops.newNode.arrived) + count(hops.newNode.made) > 0) return null;
  return found(
    'medium',
    shown(
      `the ${peer} sent ${plural(tries.length, 'segment')} again and again in the outage`,
      framesAt(tries, hops.crossing, (s) => end(s)),
      peer,
    ),
    absentClaim(
      way,
      `the next try, due ${seconds(due - last.time)} after the last, when the path was back, never came`,
      last.time,
      latest,
      `the ${peer} itself was captured`,
    ),
    inferred(`the ${peer} had used up its retries before the path was back, and said nothing`),
  );
}
