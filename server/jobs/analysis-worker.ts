/**
 * The entry of the worker thread: runs one analysis with a connection of its own, and ends.
 * Bundled as `dist/analysis-worker.js`; the main thread terminates it to call an analysis off.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Progress } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { Connection, loadPackage } from '../store/connection.ts';
import { type AnalysisTask, analyse } from './analyse.ts';

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done' }
  /** A sentence. */
  | { readonly kind: 'failed'; readonly error: string };

const send = (message: WorkerMessage): void => parentPort?.postMessage(message);

void run(workerData as AnalysisTask).then(
  () => send({ kind: 'done' }),
  (error) => send({ kind: 'failed', error: explain(error) }),
);

async function run(task: AnalysisTask): Promise<void> {
  const connection = new Connection(await loadPackage(), task.path);
  try {
    await analyse(task, connection, (progress) => send({ kind: 'progress', progress }));
  } finally {
    connection.close();
  }
}

function explain(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return error instanceof ServerError ? text : `internal error, which is a bug: ${text}`;
}
