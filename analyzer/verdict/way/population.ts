/**
 * What only the other connections show: a node that has no room drops a part of
 * all, old and new, of every age and port.
 */
import type { Case } from '../case.ts';
import { cleanSplit, cleanSplitOfNew } from '../population.ts';
import { found, inferred, type Judgement, out, possible } from '../rule.ts';
import { plural } from '../words.ts';
import { kept, keptClaims, wayOf, wentOn } from './way.ts';

const SEVERAL = 2;

export function nodeCapacity(c: Case): Judgement | null {
  const way = wayOf(c);
  const node = way?.newNode ?? null;
  const population = way?.cross.population ?? null;
  if (way === null || node === null || population === null || wentOn(c)) return null;
  const { old, fresh } = population;
  if (fresh.length >= SEVERAL && fresh.every((m) => m.passed && !m.refused)) {
    return out(`all ${fresh.length} connections opened after the takeover passed ${node.host}`);
  }
  const lost = fresh.filter((m) => m.refused && !m.passed);
  const passed = fresh.filter((m) => m.passed);
  // What was kept at first and passed when it came again, no rule and no missing state explains; only counters prove it.
  const again = fresh.filter((m) => m.refused && m.passed);
  if (again.length >= SEVERAL && passed.length - again.length >= SEVERAL && kept(node).length > 0)
    return possible(97);
  if (lost.length < SEVERAL || passed.length < SEVERAL || kept(node).length === 0) return null;
  if (cleanSplitOfNew(fresh) !== null || cleanSplit(old) !== null) return null;
  // Of one kind, so that no rule tells them apart.
  if (!lost.some((m) => passed.some((p) => p.port === m.port))) return null;
  return found(
    'medium',
    ...keptClaims(way, node, kept(node)),
    inferred(
      `${plural(lost.length, 'connection')} of ${fresh.length} opened after the takeover ${lost.length === 1 ? 'was' : 'were'} dropped at ${node.host} as well, and no age and no port tells them from those that passed: it has no room for all`,
    ),
  );
}

/** The old node's capture misses segments that demonstrably passed: something carried them past it. */
export function offloadBlindSpot(c: Case): Judgement | null {
  const way = wayOf(c);
  if (way === null || wentOn(c)) return null;
  const unseen = way.oldNode?.unseen ?? [];
  if (way.oldNode === null) return null;
  if (unseen.length < MANY) return out(`the captures of ${way.oldNode.host} hold what passed it`);
  return possible(118);
}

const MANY = 3;
