/**
 * Runs every rule over a case and settles what can be settled: one cause that
 * is found, or the candidates that are left, likeliest first, and the capture
 * that would split them. Never a guess dressed up as an answer.
 */

import { NO_FRAME } from '../flow/frame-id.ts';
import type { CauseId, Confidence } from '../report/report.ts';
import { SHORTEST_SILENCE } from '../stall/silence.ts';
import type { Case } from './case.ts';
import { RULES } from './catalogue.ts';
import { isKeepaliveDeath } from './causes/keepalive-expired.ts';
import type { Judgement, VerdictClaim } from './rule.ts';
import { splitBy } from './split-by.ts';

export interface RuledOut {
  readonly cause: CauseId;
  readonly because: string;
}

export interface Verdict {
  readonly cause: CauseId | null;
  readonly candidates: readonly CauseId[];
  readonly contributing: readonly CauseId[];
  readonly confidence: Confidence;
  readonly claims: readonly VerdictClaim[];
  readonly ruledOut: readonly RuledOut[];
  readonly splitBy: readonly string[];
  /** Rules that failed on this case: bugs, reported and survived. */
  readonly failed: readonly string[];
}

/**
 * Most flows that fail together are ruled the same things out for the same
 * reasons: one shared entry each instead of twenty a flow. Bounded, because
 * some reasons hold numbers.
 */
export class Reasons {
  private readonly known = new Map<string, RuledOut>();

  of(cause: CauseId, because: string): RuledOut {
    const key = `${cause} ${because}`;
    let entry = this.known.get(key);
    if (entry === undefined) {
      entry = { cause, because };
      if (this.known.size < MOST_REASONS) this.known.set(key, entry);
    }
    return entry;
  }
}

const MOST_REASONS = 10_000;

export function decide(c: Case, reasons = new Reasons()): Verdict {
  if (c.outcome === 'unaffected' || c.main === null) return withoutStall(c);
  const judged: { id: CauseId; j: Judgement }[] = [];
  const failed: string[] = [];
  for (const rule of RULES) {
    try {
      judged.push({ id: rule.id, j: (c.cross === null ? null : rule.onTheWay?.(c)) ?? rule.judge(c) });
    } catch (error) {
      // One broken rule must not take the answer of the others with it.
      failed.push(`${rule.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const ruledOut = judged.flatMap(({ id, j }) => (j.is === 'out' ? [reasons.of(id, j.because)] : []));
  // A silence that the capture shows less than a second of proves nothing yet.
  const fresh =
    c.outcome === 'undecided' && c.main.stall.end === null && c.main.stall.duration < SHORTEST_SILENCE;
  // Segments that a stale window cost do not explain a stall that ended otherwise: they only contribute.
  const explains = (id: CauseId): boolean => id !== 'out-of-window' || c.outcome !== 'resumed';
  // Of two active nodes a general fault is only what it looks like; without one clock nobody knows.
  const split =
    c.cross?.hops.takeover?.tied === false &&
    judged.some(({ id, j }) => id === 'split-brain' && j.is === 'possible');
  const winner = fresh
    ? undefined
    : judged.find(({ id, j }) => j.is === 'found' && explains(id) && !(split && MECHANISMS.has(id)));
  if (winner !== undefined && winner.j.is === 'found') {
    return {
      cause: winner.id,
      candidates: [],
      contributing: contributing(
        c,
        winner.id,
        judged.filter(({ j }) => j.is === 'found').map(({ id }) => id),
      ),
      confidence: winner.j.confidence,
      claims: winner.j.claims,
      ruledOut,
      splitBy: [],
      failed,
    };
  }
  const candidates = judged
    .flatMap(({ id, j }) =>
      j.is === 'out' ? [] : [{ id, weight: (j.is === 'possible' ? j.weight : LIKELIEST) + bonusOf(c, id) }],
    )
    .sort((a, b) => b.weight - a.weight)
    .map(({ id }) => id);
  return {
    cause: null,
    candidates,
    contributing: [],
    confidence: c.outcome === 'undecided' ? 'low' : 'medium',
    claims: [],
    ruledOut,
    splitBy: splitBy(c, candidates),
    failed,
  };
}

/**
 * Unaffected as far as can be seen: between the ends much of a flow may have
 * passed elsewhere, and an answer of unknown length that nobody has closed is
 * only taken to be complete.
 */
function isOpenEnded(c: Case): boolean {
  const { connection, exchange, close } = c.watch;
  const [a, b] = connection.sides;
  const closed = close !== null || a.fin !== NO_FRAME || b.fin !== NO_FRAME;
  const unknown = exchange.turn === c.flow.server && exchange.promised === null && !exchange.complete;
  return c.near === null || (!closed && unknown);
}

/** Nothing to explain. */
function withoutStall(c: Case): Verdict {
  return {
    cause: null,
    candidates: [],
    contributing: [],
    confidence: isOpenEnded(c) ? 'medium' : 'high',
    claims: [],
    ruledOut: [],
    splitBy: [],
    failed: [],
  };
}

/** Causes that concern new connections as well as old ones. */
const NEW_TOO: ReadonlySet<CauseId> = new Set<CauseId>([
  'path-not-restored',
  'stale-path',
  'one-way-path',
  'reverse-path-check',
  'policy-mismatch',
  'node-capacity',
]);
/** Of them those that spare some. */
const SOME_TOO: ReadonlySet<CauseId> = new Set<CauseId>([
  'node-capacity',
  'policy-mismatch',
  'reverse-path-check',
]);
const BONUS = 60;

/**
 * Where the SYNs of new connections go unanswered as well, what concerns only old ones is less likely.
 * One that was lost before anybody was heard again fell into the outage, and says nothing of the new node.
 */
function bonusOf(c: Case, id: CauseId): number {
  const path = c.main?.path;
  if (path === undefined || !NEW_TOO.has(id)) return 0;
  if (path.heardSince === null) return path.downAt === null ? 0 : BONUS;
  return SOME_TOO.has(id) && path.downAgain !== null ? BONUS : 0;
}

/** Above every weight that a rule gives. */
const LIKELIEST = 1000;

/** What made an end close, where the fault lay elsewhere. */
function contributing(c: Case, cause: CauseId, proved: readonly CauseId[]): CauseId[] {
  const more = proved.filter((id) => id !== cause && MECHANISMS.has(id));
  if (c.outcome !== 'gave-up' || cause === 'client-timeout' || cause === 'keepalive-expired') return more;
  // It was seen at a node only: by which timer it closed is not told.
  if (c.facts.closing === null) return more;
  return [...more, isKeepaliveDeath(c) ? 'keepalive-expired' : 'client-timeout'];
}

/** The general mechanism behind a more specific cause. */
const MECHANISMS: ReadonlySet<CauseId> = new Set<CauseId>([
  'no-state-drop',
  'no-state-reject',
  'nat-mapping-lost',
  'out-of-window',
]);
