/**
 * The queue of analyses, each in a worker thread.
 * One at a time: an analysis takes a whole core and, for a large capture, much of the memory; two
 * at once would both come later, and together may be more than the machine has. But where one takes long, as a large capture or
 * a compressed bomb does, those that wait pass it, one after the other, each with half of the memory.
 * The trap: a worker that was called off may still send; only a run that is `pending` counts. And how an
 * analysis ended is told by events, where nobody catches: a disk that is full then must not end the server.
 */
import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { IncidentSummary, Progress } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { OpenStore } from '../store/open-store.ts';
import { databasePath } from '../store/places.ts';
import type { StoreChange } from '../store/store.ts';
import { type AnalysisTask, outOfMemory } from './analyse.ts';
import type { WorkerMessage } from './analysis-worker.ts';
import type { JobEvent, Jobs } from './jobs.ts';
import { workerUrl } from './worker-url.ts';

export interface JobOptions {
  /** What reports say they were made by. */
  readonly tool: { readonly name: string; readonly version: string };
  /** Analyses at once. */
  readonly parallel?: number;
  /** Bytes that one may take; else half of the machine's, at most 8 GiB. */
  readonly memory?: number;
  /** The bundled worker; else the one beside the running code. */
  readonly worker?: URL;
  /** Bytes of one file, decompressed; what uploads may have. */
  readonly mostFileBytes?: number;
  /** Who waits passes what has run for so long. */
  readonly patienceMs?: number;
  /** What the store could not write is tried again after this. */
  readonly retryMs?: number;
}

const GIB = 1024 ** 3;
const RETRY_MS = 5_000;
/** Most analyses are over by then. */
const PATIENCE_MS = 20_000;

interface Running {
  readonly incident: string;
  readonly run: number;
  /** That it reads. */
  readonly files: number;
  readonly worker: Worker;
  readonly began: number;
  /** Bytes that it may take. */
  readonly memory: number;
  progress: Progress | null;
  /** It has said how it ended, or nobody wants to know any more. */
  settled: boolean;
}

/** Begins with what waits in the store. */
export function startJobs(store: OpenStore, options: JobOptions): Jobs {
  return new Queue(store, options);
}

class Queue implements Jobs {
  private readonly store: OpenStore;
  private readonly options: JobOptions;
  private readonly memory: number;
  private readonly listeners = new Set<(event: JobEvent) => void>();
  private readonly waiting: string[];
  private readonly running = new Set<Running>();
  private readonly endListening: () => void;
  /** How analyses ended that the store could not be told, as on a full disk. */
  private readonly owed: (() => void)[] = [];
  private retry: NodeJS.Timeout | null = null;
  /** Until what runs may be passed. */
  private patience: NodeJS.Timeout | null = null;
  private closed = false;
  private done = 0;
  private failed = 0;
  private seconds = 0;

  constructor(store: OpenStore, options: JobOptions) {
    this.store = store;
    this.options = options;
    this.memory = options.memory ?? Math.min(8 * GIB, totalmem() / 2);
    this.endListening = store.onChange((change) => this.heard(change));
    this.waiting = store.analyses.queued();
    this.startNext();
  }

  analyse(incident: string): IncidentSummary {
    this.store.analyses.queue(incident);
    this.callOff(incident);
    this.waiting.push(incident);
    this.startNext();
    return this.store.incident(incident);
  }

  progress(incident: string): Progress | null {
    return this.runningOf(incident)?.progress ?? null;
  }

  onEvent(listener: (event: JobEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  counts(): ReturnType<Jobs['counts']> {
    const running = [...this.running].filter(({ settled }) => !settled).length;
    return {
      queued: this.waiting.length,
      running,
      done: this.done,
      failed: this.failed,
      seconds: this.seconds,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.endListening();
    this.waiting.length = 0;
    if (this.retry !== null) clearTimeout(this.retry);
    if (this.patience !== null) clearTimeout(this.patience);
    await Promise.all([...this.running].map((one) => end(one)));
  }

  private heard({ incident, what }: StoreChange): void {
    if (what === 'deleted') {
      this.callOff(incident);
      this.emit({ kind: 'deleted', incident });
      return;
    }
    if (what === 'files') this.callOff(incident);
    this.emit({ kind: 'state', incident, summary: this.store.incident(incident) });
  }

  /** No longer waits, and no longer runs: its place is free once the thread has ended. */
  private callOff(incident: string): void {
    const at = this.waiting.indexOf(incident);
    if (at >= 0) this.waiting.splice(at, 1);
    const running = this.runningOf(incident);
    if (running !== undefined) void end(running);
  }

  private runningOf(incident: string): Running | undefined {
    return [...this.running].find((one) => one.incident === incident && !one.settled);
  }

  private startNext(): void {
    while (!this.closed && this.waiting.length > 0 && this.hasPlace()) {
      const incident = this.waiting.shift();
      if (incident === undefined) return;
      try {
        const begun = this.store.analyses.begin(incident);
        if (begun !== null) this.start(incident, begun);
      } catch (error) {
        this.waiting.unshift(incident);
        this.tryLater(error);
        return;
      }
    }
  }

  /** One more place than usual is there for passing, once all others have been taken for long; else it is asked again by then. */
  private hasPlace(): boolean {
    const { parallel = 1, patienceMs = PATIENCE_MS } = this.options;
    if (this.running.size < parallel) return true;
    if (this.running.size > parallel) return false;
    const ran = performance.now() - Math.max(...[...this.running].map(({ began }) => began));
    if (ran >= patienceMs) return true;
    this.patience ??= setTimeout(() => {
      this.patience = null;
      this.startNext();
    }, patienceMs - ran).unref();
    return false;
  }

  /** @throws what is no trouble with the disk */
  private tryLater(error: unknown): void {
    if (!isOfStore(error)) throw error;
    this.retry ??= setTimeout(() => {
      this.retry = null;
      for (const work of this.owed.splice(0)) this.record(work);
      this.startNext();
    }, this.options.retryMs ?? RETRY_MS).unref();
  }

  private record(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.owed.push(work);
      this.tryLater(error);
    }
  }

  private start(incident: string, { run, files }: Pick<AnalysisTask, 'run' | 'files'>): void {
    const { folder } = this.store;
    const { tool } = this.options;
    const isPassing = this.running.size >= (this.options.parallel ?? 1);
    const memory = isPassing ? this.memory / 2 : this.memory;
    const mostBytes = this.options.mostFileBytes ?? Number.POSITIVE_INFINITY;
    const task: AnalysisTask = {
      path: databasePath(folder),
      run,
      files,
      tool,
      mostMemory: memory,
      mostBytes,
    };
    const worker = new Worker(this.options.worker ?? workerUrl(), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: Math.floor(memory / 1024 ** 2) },
    });
    const began = performance.now();
    const one: Running = {
      ...{ incident, run, files: files.length, worker, began, memory },
      ...{ progress: null, settled: false },
    };
    this.running.add(one);
    worker.on('message', (message: WorkerMessage) => this.said(one, message));
    worker.on('error', (error) => this.settle(one, explain(error, one.memory)));
    worker.on('exit', () => {
      this.settle(one, 'the analysis ended before it had a result, which is a bug');
      this.running.delete(one);
      this.startNext();
    });
  }

  private said(one: Running, message: WorkerMessage): void {
    if (one.settled) return;
    if (message.kind === 'progress') {
      one.progress = message.progress;
      this.emit({ kind: 'progress', incident: one.incident, progress: message.progress });
    } else this.settle(one, message.kind === 'failed' ? message.error : null);
  }

  /** `error`: null for a result. What comes first counts. */
  private settle(one: Running, error: string | null): void {
    if (one.settled) return;
    one.settled = true;
    this.seconds += (performance.now() - one.began) / 1000;
    if (error === null) {
      this.done += 1;
      this.record(() => this.store.analyses.finished(one.incident));
    } else {
      this.failed += 1;
      this.record(() => this.store.analyses.fail(one.incident, one.run, error, one.files));
    }
  }

  private emit(event: JobEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}

function explain(error: unknown, memory: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return outOfMemory(memory).message;
  return `internal error, which is a bug: ${error instanceof Error ? error.message : String(error)}`;
}

/** In words, or as SQLite says it. */
const isOfStore = (error: unknown): boolean =>
  error instanceof ServerError ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'));

async function end(one: Running): Promise<void> {
  one.settled = true;
  await one.worker.terminate();
}
