/**
 * What tells the connections that failed at the new node from those that went
 * on there: counts by age, port, direction of what was outstanding, idle or
 * not, and what became of connections that were opened after the takeover.
 * The trap: two connections that differ prove nothing. A split counts only
 * where it is clean and several stand on either side of it.
 */
import type { Outcome } from '../report/report.ts';

/** One connection that the takeover met, or that came after it. */
export interface Member {
  /** Seconds that it had lived when the path was lost; null where its opening is not in the captures; negative: opened after the takeover. */
  readonly age: number | null;
  readonly port: number;
  readonly owed: 'client' | 'server' | 'nothing';
  readonly idle: boolean;
  readonly outcome: Outcome;
  /** The gateway ended it and opened another in its place. */
  readonly proxied: boolean;
  /** The new node had it and did not pass it on, or refused it. */
  readonly refused: boolean;
  /** It went on through the new node. */
  readonly passed: boolean;
  /** Of one end the new node passed on what came, of the other it kept all. */
  readonly halfPassed: boolean;
  /** Opened after the takeover: the new node passed on its SYN, and not the answer. */
  readonly answerKept: boolean;
  /** Of one end the new node passed on what was small, and kept what was large. */
  readonly largeKept: boolean;
}

export interface Population {
  readonly old: readonly Member[];
  readonly fresh: readonly Member[];
}

export type Trait = 'age' | 'port' | 'owed' | 'idle';

export interface Split {
  readonly trait: Trait;
  /** Such as `younger than 30.2 s`, `to port 80`. */
  readonly affected: string;
  readonly others: string;
  readonly counts: { readonly affected: number; readonly others: number };
}

/** On either side at least so many. */
const SEVERAL = 2;

/** As `cleanSplit`, by age and port alone: of a new connection, what it waits for when it is refused is the refusal itself. */
export function cleanSplitOfNew(members: readonly Member[]): Split | null {
  const split = cleanSplit(members);
  return split?.trait === 'age' || split?.trait === 'port' ? split : null;
}

/** The trait that separates the refused from the others without exception; null where none does. */
export function cleanSplit(members: readonly Member[]): Split | null {
  const refused = members.filter((m) => m.refused);
  const passed = members.filter((m) => m.passed && !m.refused);
  if (refused.length < SEVERAL || passed.length < SEVERAL) return null;
  const counts = { affected: refused.length, others: passed.length };
  return (
    byAge(refused, passed, counts) ??
    byValue(
      'port',
      refused,
      passed,
      counts,
      (m) => m.port,
      (v) => `to port ${v}`,
    ) ??
    byValue(
      'idle',
      refused,
      passed,
      counts,
      (m) => m.idle,
      (v) => (v === true ? 'idle' : 'busy'),
    ) ??
    byValue(
      'owed',
      refused,
      passed,
      counts,
      (m) => m.owed,
      (v) => (v === 'nothing' ? 'with nothing outstanding' : `with bytes of the ${v} outstanding`),
    )
  );
}

/** The first are all younger than the others. */
export function byAge(
  refused: readonly Pick<Member, 'age'>[],
  passed: readonly Pick<Member, 'age'>[],
  counts: Split['counts'],
): Split | null {
  const ages = (of: readonly Pick<Member, 'age'>[]): number[] => of.map((m) => m.age ?? Number.NaN);
  const [young, old] = [ages(refused), ages(passed)];
  if ([...young, ...old].some((a) => Number.isNaN(a))) return null;
  const [oldest, youngest] = [Math.max(...young), Math.min(...old)];
  if (oldest >= youngest) return null;
  return {
    trait: 'age',
    affected: `at most ${oldest.toFixed(1)} s old`,
    others: `at least ${youngest.toFixed(1)} s old`,
    counts,
  };
}

/** No value of the first is one of the others. */
export function byValue<M, T extends string | number | boolean>(
  trait: Trait,
  refused: readonly M[],
  passed: readonly M[],
  counts: Split['counts'],
  of: (m: M) => T,
  say: (value: T) => string,
): Split | null {
  const [bad, good] = [new Set(refused.map(of)), new Set(passed.map(of))];
  if ([...bad].some((v) => good.has(v))) return null;
  return { trait, affected: [...bad].map(say).join(', '), others: [...good].map(say).join(', '), counts };
}
