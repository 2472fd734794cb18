/**
 * The connections of an incident as a population: who was there when the path
 * was lost, who came after, and what became of each at the new node.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Sender } from '../failover/crossing.ts';
import type { Takeover } from '../failover/takeover.ts';
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Case } from './case.ts';
import { count, type Hops, LARGE, type NodeWay } from './hops.ts';
import type { JudgedFlow } from './judge.ts';
import type { Member, Population } from './population.ts';

/** A connection with its first and last segment by the reference's clock. */
export interface Lived {
  readonly judged: JudgedFlow;
  readonly from: Nanos;
  readonly to: Nanos;
}

/** From flows that were judged once; `takeovers` are those of the incident. */
export function membersOf(lived: readonly Lived[], takeovers: readonly Takeover[]): Population {
  const old: Member[] = [];
  const fresh: Member[] = [];
  for (const one of lived) {
    const hops = one.judged.case.cross?.hops ?? null;
    const takeover = hops?.takeover ?? takeovers.find((t) => t.restored !== null && one.to > t.restored);
    if (takeover === undefined || takeover === null || isWithin(one, takeover)) continue;
    const member = toMember(one, hops, takeover);
    if (member.age !== null && member.age < 0) fresh.push(member);
    else old.push(member);
  }
  return { old, fresh };
}

/** Opened and given up while the path was gone: it met neither node, and says nothing of them. */
const isWithin = ({ from, to }: Lived, { lost, restored }: Takeover): boolean =>
  from > lost && (restored === null || to < restored);

function toMember({ judged, from }: Lived, hops: Hops | null, takeover: Takeover): Member {
  const { case: c } = judged;
  const { flow } = c;
  const opened = c.watch.connection.sides[flow.client].syn !== 0;
  const node = hops?.newNode ?? null;
  const fresh = opened && from > takeover.lost;
  const answered = c.watch.connection.sides[flow.server].syn !== NO_FRAME;
  const refused =
    (hops !== null && node !== null && count(node.swallowed) + resets(hops) > 0) || (fresh && !answered);
  return {
    age: opened ? (takeover.lost - from) / 1e9 : null,
    port: flow.port[flow.server],
    owed: owedOf(c),
    idle: c.facts.wasIdle,
    outcome: c.outcome,
    proxied: c.cross?.kind === 'terminated',
    refused,
    // Without a stall it simply went on.
    passed:
      (!fresh || answered) &&
      (node === null
        ? c.outcome === 'unaffected'
        : node.passed.client.length > 0 && node.passed.server.length > 0),
    halfPassed: node !== null && (isHalf(node, 'client', 'server') || isHalf(node, 'server', 'client')),
    largeKept: node !== null && (keepsLarge(node, 'client') || keepsLarge(node, 'server')),
    answerKept: node !== null && fresh && node.passed.client.length > 0 && node.swallowed.server.length > 0,
  };
}

const isHalf = ({ passed, swallowed }: NodeWay, good: Sender, bad: Sender): boolean =>
  passed[good].length > 0 &&
  swallowed[good].length === 0 &&
  passed[bad].length === 0 &&
  swallowed[bad].length > 0;

/** Once would be a loss. */
const TWICE = 2;

/** Once it knew the connection: what it kept before anything passed says nothing of size. */
function keepsLarge({ passed, swallowed }: NodeWay, from: Sender): boolean {
  const [first] = passed[from];
  const later = first === undefined ? [] : swallowed[from].filter((p) => p.time > first.time);
  if (later.length < TWICE) return false;
  const least = Math.min(...later.map((p) => p.length));
  return least >= LARGE && passed[from].every((p) => p.length < least);
}

/** Who owed something when it stood still. */
export function owedOf({ flow, main }: Case): Member['owed'] {
  if (main === null || main.stall.what === 'probe-answer') return 'nothing';
  return main.stall.owedBy === flow.client ? 'client' : 'server';
}

/** RSTs that the new node made. */
export const resets = ({ newNode }: Hops): number =>
  newNode === null
    ? 0
    : [...newNode.made.client, ...newNode.made.server].filter((p) => (p.flags & 0x04) !== 0).length;
