/** The folder's front door: what `cli/` starts, and the types that join the folders of `server/`. */
export { LIMITS, type Limits } from './http/limits.ts';
export { type RunningServer, type ServerOptions, startServer } from './http/start-server.ts';
export type * from './jobs/jobs.ts';
export { type JobOptions, startJobs } from './jobs/start-jobs.ts';
export { ServerError, type ServerErrorCode } from './server-error.ts';
export { type OpenStore, openStore } from './store/open-store.ts';
export { parseSpan } from './store/span.ts';
export type * from './store/store.ts';
