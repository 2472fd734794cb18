/** What the routes share: the store, the jobs, and what belongs to one running server. */
import type { Request, Router } from 'express';
import type { CollectedAnalyses } from '../jobs/collected-analyses.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../store/store.ts';
import type { EventStreams } from './event-streams.ts';
import type { FrameDetails } from './frame-details.ts';
import type { Limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { Uploads } from './uploads.ts';

export interface Context {
  readonly store: Store;
  readonly jobs: Jobs;
  readonly limits: Limits;
  readonly uploads: Uploads;
  readonly frames: FrameDetails;
  readonly streams: EventStreams;
  readonly metrics: Metrics;
  readonly collectedAnalyses: CollectedAnalyses;
  /** This host's time: ns since the epoch. */
  readonly wallClock: () => bigint;
}

/** Adds routes by their whole path, so that the router's list of routes is the API's. */
export type AddRoutes = (router: Router, context: Context) => void;

export type { Request };
