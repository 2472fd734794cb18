/**
 * What to capture or look up next, so that the candidates fall apart: names of
 * vantages (`node-b.out`), of state (`state:node-b`), of logs, or simply more
 * time (`longer:client`). From the catalogue's "add capture at B out".
 */
import type { CauseId } from '../report/report.ts';
import type { Case } from './case.ts';

/** Which view tells a cause from its neighbours. */
const SPLITS: Partial<Record<CauseId, readonly string[]>> = {
  'no-state-drop': ['node-b.out', 'node-b.in'],
  'nat-mapping-lost': ['node-b.out', 'node-a.out'],
  'terminated-proxy': ['node-a.out', 'node-b.in', 'node-b.out'],
  'state-not-committed': ['journal:node-b', 'state:node-b'],
  'not-yet-synced': ['state:node-b'],
  'out-of-window': ['node-b.out', 'state:node-b'],
  'stale-path': ['node-b.out', 'node-a.out'],
  'path-not-restored': ['node-b.out'],
  'one-way-path': ['node-b.in', 'server'],
  'peer-gave-up': ['server'],
  'split-brain': ['node-a.out', 'node-b.out'],
  'stale-failback': ['node-a.out', 'node-a.in'],
  'cloud-flow-pinned': ['node-b.out', 'node-a.out'],
  'midstream-pickup': ['state:node-b', 'journal:node-b', 'node-b.out', 'node-b.in'],
  'rto-backoff': ['server', 'node-b.out'],
  outage: ['server', 'node-b.out'],
  'syn-backoff': ['node-b.out', 'journal:node-b'],
  'keepalive-expired': ['node-b.in'],
  'client-timeout': ['node-b.in', 'node-b.out'],
  'delayed-victim': ['node-b.in'],
  'pmtu-black-hole': ['node-b.out', 'node-b.in'],
  'application-idle': ['server'],
  'no-state-reject': ['node-b.out'],
  'torn-down-by-old-node': ['node-a.in'],
};

/** Some of them may be there already; the report leaves those out, and then what is too much to act on. */
const MOST = 10;
/** Only the likeliest candidates are worth another capture. */
const LIKELIEST = 8;

export function splitBy(c: Case, candidates: readonly CauseId[]): string[] {
  const votes = new Map<string, number>();
  for (const [i, id] of candidates.slice(0, LIKELIEST).entries()) {
    for (const name of SPLITS[id] ?? []) votes.set(name, (votes.get(name) ?? 0) + LIKELIEST - i);
  }
  const here = c.near === c.flow.server ? 'server' : 'client';
  votes.delete(here);
  // Without an end's own view that view comes first: it shows what was sent, and what arrived.
  const ends = c.near === c.flow.client || c.cross?.hops.ends.client === true ? [] : ['client'];
  if (c.near === null && c.cross?.hops.ends.server !== true) ends.push('server');
  // Where even the outcome is open, what shows the segments comes before what tells a node's mind.
  const isCapture = (name: string): number => (c.outcome === 'undecided' && !name.includes(':') ? 1 : 0);
  const ranked = [...votes]
    .sort(([a, x], [b, y]) => isCapture(b) - isCapture(a) || y - x)
    .map(([name]) => name);
  const names = [...ends, ...ranked.filter((n) => !ends.includes(n))];
  const longer = c.outcome === 'undecided' || c.outcome === 'hung' ? [`longer:${here}`] : [];
  return c.outcome === 'undecided'
    ? [...longer, ...names].slice(0, MOST)
    : [...names.slice(0, MOST - longer.length), ...longer];
}
