/**
 * Starts the analysis of what collectors delivered once nothing more comes, as nobody is there to press a button; and
 * again when more arrives.
 * The trap: of collectors that ship everything something always comes. So it does not wait for ever; and what comes during an
 * analysis does not call it off, but is of the next one.
 */
import { ServerError } from '../server-error.ts';
import type { Store } from '../store/store.ts';
import type { Jobs } from './jobs.ts';

export interface CollectedAnalyses {
  /** Something of a delivery came. Null: of no incident yet. */
  came(incident: string | null): void;
  close(): void;
}

/** Times of quiet: while files come, an incident is analysed every five minutes. */
const LONGEST = 20;

interface Wait {
  readonly timer: NodeJS.Timeout;
  /** By `performance.now()`: it waits no longer. */
  readonly until: number;
}

/** Begins with what waits in the store. */
export function startCollectedAnalyses(store: Store, jobs: Jobs, quietMs: number): CollectedAnalyses {
  const waits = new Map<string, Wait>();
  const begin = (incident: string): void => {
    waits.delete(incident);
    try {
      // Somebody may have started it, or deleted it.
      if (store.incident(incident).state === 'uploaded') jobs.analyse(incident);
    } catch (error) {
      // Such as journals whose captures are not there yet: they come, or somebody looks at the incident.
      if (!(error instanceof ServerError)) throw error;
    }
  };
  const came = (incident: string | null): void => {
    if (incident === null) return;
    const now = performance.now();
    const before = waits.get(incident);
    clearTimeout(before?.timer);
    const until = before?.until ?? now + LONGEST * quietMs;
    const timer = setTimeout(() => begin(incident), Math.min(quietMs, Math.max(0, until - now))).unref();
    waits.set(incident, { timer, until });
  };
  const inWork = new Set<string>();
  const endListening = jobs.onEvent((event) => {
    const { incident } = event;
    if (event.kind === 'progress') return;
    const wasInWork = inWork.delete(incident);
    if (event.kind === 'deleted') return;
    if (event.summary.state === 'analysing') inWork.add(incident);
    // Files came meanwhile, of which the last may have been long ago.
    else if (wasInWork && event.summary.state === 'uploaded' && !waits.has(incident)) {
      if (store.deliveries.waiting().includes(incident)) came(incident);
    }
  });
  for (const incident of store.deliveries.waiting()) came(incident);
  return {
    came,
    close: () => {
      endListening();
      for (const { timer } of waits.values()) clearTimeout(timer);
      waits.clear();
    },
  };
}
