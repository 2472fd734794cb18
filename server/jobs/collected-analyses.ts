/**
 * Starts the analysis of what collectors delivered once nothing more comes, as nobody is there to press a button; and
 * again when more arrives.
 * The trap: a file that comes during an analysis calls it off, so a piece that is on its way puts it off.
 */
import { ServerError } from '../server-error.ts';
import type { Store } from '../store/store.ts';
import type { Jobs } from './jobs.ts';

export interface CollectedAnalyses {
  /** Something of a delivery came. Null: of no incident yet. */
  came(incident: string | null): void;
  close(): void;
}

/** Begins with what waits in the store. */
export function startCollectedAnalyses(store: Store, jobs: Jobs, quietMs: number): CollectedAnalyses {
  const timers = new Map<string, NodeJS.Timeout>();
  const begin = (incident: string): void => {
    timers.delete(incident);
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
    clearTimeout(timers.get(incident));
    timers.set(incident, setTimeout(() => begin(incident), quietMs).unref());
  };
  for (const incident of store.deliveries.waiting()) came(incident);
  return {
    came,
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
