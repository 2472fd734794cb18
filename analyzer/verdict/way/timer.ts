/**
 * "Timer or node?" (report.md): an end that closed before the path was back has
 * its timer as the cause; once the new node had had a segment of the connection
 * and had not passed it on, the node is.
 */

import type { CrossPacket, Sender } from '../../failover/crossing.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Stall } from '../../stall/stall.ts';
import type { Case } from '../case.ts';
import type { NodeWay } from '../hops.ts';
import { found, type Judgement, out, type VerdictClaim } from '../rule.ts';
import { endName, seconds } from '../words.ts';
import {
  closedAt,
  closedBeforeReturn,
  closerOf,
  otherSender,
  pathClaim,
  reachedNewNode,
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
    const came = reachedNewNode(hops, closed).filter(
      (p) => node === null || !node.passed[p.from].includes(p),
    );
    if (node !== null && came.length > 0) {
      return out(
        `a segment of the connection had come to ${node.host} before that, which did not pass it on: the node's fault comes first`,
      );
    }
  }
  if (!closedBeforeReturn(way)) return null;
  return found('high', ...proof(way, closed));
}

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
