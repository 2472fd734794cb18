/**
 * Which flows of a result a filter leaves, and how many of each outcome and cause. Found in one
 * pass over the table, and remembered: whoever scrolls or sorts asks for the same flows again.
 * The trap: SQLite groups and sorts 100,000 rows in a fifth of a second; one number a row takes a tenth of that.
 */
import type { CauseId, Outcome } from '../../analyzer/index.ts';
import type { FlowPage } from '../api.ts';
import type { Connection } from './connection.ts';
import type { FlowCondition } from './flow-filter.ts';

export interface FlowMatches {
  readonly total: number;
  readonly facets: FlowPage['facets'];
  /** By the flow's number: 1 where it matches. */
  readonly isMatch: Uint8Array;
}

/** An outcome and a cause. */
export type Facet = readonly [Outcome, CauseId | null];

/** More pairs than there can be. */
const FACETS = 4096;
/** Of 100,000 flows each takes 100 kB. */
const REMEMBERED = 16;

export class MatchFinder {
  private readonly known = new Map<string, FlowMatches>();

  find(connection: Connection, run: number, condition: FlowCondition): FlowMatches {
    const key = JSON.stringify([run, condition.sql, condition.values.map(String)]);
    const found = this.known.get(key) ?? findMatches(connection, run, condition);
    // Asked for last stands last; the first one goes.
    this.known.delete(key);
    this.known.set(key, found);
    for (const old of this.known.keys()) {
      if (this.known.size <= REMEMBERED) break;
      this.known.delete(old);
    }
    return found;
  }
}

export function findMatches(connection: Connection, run: number, condition: FlowCondition): FlowMatches {
  const result = connection.get<{ facets: string; flows: number }>(
    'SELECT facets, flows FROM runs WHERE id = ?',
    run,
  );
  const facets = JSON.parse(result?.facets ?? '[]') as Facet[];
  const isMatch = new Uint8Array(result?.flows ?? 0);
  const counts = new Float64Array(facets.length);
  const found = connection.column<number>(
    `SELECT number * ${FACETS} + facet FROM flows WHERE run = ? AND ${condition.sql}`,
    ...[run, ...condition.values],
  );
  for (const both of found) {
    isMatch[Math.floor(both / FACETS)] = 1;
    counts[both % FACETS] = (counts[both % FACETS] as number) + 1;
  }
  return { total: found.length, facets: toFacets(facets, counts), isMatch };
}

function toFacets(facets: readonly Facet[], counts: Float64Array): FlowPage['facets'] {
  const all: FlowPage['facets'] = { outcome: {}, cause: {} };
  const add = (to: Record<string, number>, name: string, count: number): void => {
    to[name] = (to[name] ?? 0) + count;
  };
  for (const [i, [outcome, cause]] of facets.entries()) {
    const count = counts[i] as number;
    if (count === 0) continue;
    add(all.outcome, outcome, count);
    if (cause !== null) add(all.cause, cause, count);
  }
  return all;
}
