/**
 * What runs analyses, to `server/http/`: types only; `start-jobs.ts` makes one.
 * It listens to the store: what is deleted, or gets other files, is no longer analysed.
 */
import type { IncidentSummary, Progress } from '../api.ts';

export interface Jobs {
  /** Queues the analysis of the files that are there; an analysis that runs already begins anew. @throws ServerError `bad-request` without a file */
  analyse(incident: string): IncidentSummary;
  /** The last of a running analysis, for who comes late; null where none runs. */
  progress(incident: string): Progress | null;
  /** Called for every incident. @returns what ends that */
  onEvent(listener: (event: JobEvent) => void): () => void;
  /** For metrics. `seconds`: of the analyses that ended. */
  counts(): { queued: number; running: number; done: number; failed: number; seconds: number };
  /** Ends what runs; it is queued again at the next start. */
  close(): Promise<void>;
}

/** `state` also when title, files or the time to keep changed; a deleted incident is its last event. */
export type JobEvent =
  | { readonly kind: 'progress'; readonly incident: string; readonly progress: Progress }
  | { readonly kind: 'state'; readonly incident: string; readonly summary: IncidentSummary }
  | { readonly kind: 'deleted'; readonly incident: string };
