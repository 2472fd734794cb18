/**
 * What tells the connections that a failover broke from those that it left
 * whole, of all that were there when the path was lost: counts, and no cause.
 * The trap: of few connections something always differs. Only what parts the
 * two groups without exception counts, and only where both are large enough.
 */
import type { Nanos } from '../../packet/time.ts';
import type { Outcome } from '../report/report.ts';
import { type Lived, owedOf } from './members.ts';
import { byAge, byValue, type Member, type Split } from './population.ts';

/** Chance parts three of seven by their age once in 35 times, and more of more hardly ever. */
const ENOUGH = 3;
const ENOUGH_OF_ALL = 7;
/** More ports, or more kinds, on a side tell nobody anything. */
const MOST_VALUES = 4;
/** A loss may show a little earlier at an end. */
const SLACK: Nanos = 2_000_000_000;

const BROKEN: readonly Outcome[] = ['hung', 'reset', 'gave-up', 'cut-short'];
const WHOLE: readonly Outcome[] = ['unaffected', 'resumed'];

type Traits = Pick<Member, 'age' | 'port' | 'owed' | 'idle'>;

/** When the path was lost and back, by the reference's clock. */
export function contrastOf(
  lived: readonly Lived[],
  { lost, restored }: { readonly lost: Nanos; readonly restored: Nanos | null },
): Split[] {
  const of = (outcomes: readonly Outcome[], seenAfter: Nanos): Traits[] =>
    lived
      .filter((l) => l.from < lost && l.to > seenAfter && outcomes.includes(l.judged.case.outcome))
      .map((l) => traitsOf(l, lost));
  // Only what was seen after it lived through it; one that hangs may have said nothing since.
  const [broken, whole] = [of(BROKEN, lost - SLACK), of(WHOLE, restored ?? lost)];
  if (Math.min(broken.length, whole.length) < ENOUGH) return [];
  if (broken.length + whole.length < ENOUGH_OF_ALL) return [];
  const counts = { affected: broken.length, others: whole.length };
  const idle = byValue('idle', broken, whole, counts, (m) => m.idle, wordsOfIdle);
  const splits = [
    byAge(broken, whole, counts) ?? turned(byAge(whole, broken, counts)),
    byPort(broken, whole, counts),
    // Who is idle owes nothing: one sentence for both.
    idle ?? byValue('owed', broken, whole, counts, (m) => m.owed, wordsOfOwed),
  ];
  return splits.filter((s) => s !== null);
}

function byPort(broken: readonly Traits[], whole: readonly Traits[], counts: Split['counts']): Split | null {
  const ports = (of: readonly Traits[]): number => new Set(of.map((m) => m.port)).size;
  if (Math.max(ports(broken), ports(whole)) > MOST_VALUES) return null;
  return byValue(
    'port',
    broken,
    whole,
    counts,
    (m) => m.port,
    (v) => `to port ${v}`,
  );
}

const wordsOfIdle = (idle: boolean): string => (idle ? 'with nothing outstanding' : 'with bytes outstanding');
const wordsOfOwed = (owed: Member['owed']): string =>
  owed === 'nothing' ? 'with nothing outstanding' : `with bytes of the ${owed} outstanding`;

/** The broken are the older ones. */
const turned = (split: Split | null): Split | null =>
  split === null
    ? null
    : {
        ...split,
        affected: split.others,
        others: split.affected,
      };

function traitsOf({ judged: { case: c }, from }: Lived, lost: Nanos): Traits {
  const opened = c.watch.connection.sides[c.flow.client].syn !== 0;
  const owed = owedOf(c);
  return {
    age: opened ? (lost - from) / 1e9 : null,
    port: c.flow.port[c.flow.server],
    owed,
    idle: owed === 'nothing' || c.facts.wasIdle,
  };
}
