/**
 * Server-sent events: what happens to an incident, told to every page that looks at it.
 * Whoever connects is told at once how it stands. The trap: a page that is slow, or asleep, must
 * not make the server keep what it does not read; it is cut off, and comes back by itself.
 */
import type { Response } from 'express';
import type { Progress } from '../api.ts';
import type { JobEvent, Jobs } from '../jobs/jobs.ts';
import type { Store } from '../store/store.ts';
import { busy } from './http-error.ts';
import type { Limits } from './limits.ts';

/** Unsent bytes after which a page is not told of progress any more, and after which it is cut off. */
const SLOW_BYTES = 64 * 1024;
const LOST_BYTES = 1024 * 1024;
/** What browsers wait before they come back. */
const RETRY_MS = 2000;
/** What whoever finds all places taken may wait. */
const BUSY_SECONDS = 30;

export class EventStreams {
  private readonly store: Store;
  private readonly jobs: Pick<Jobs, 'onEvent' | 'progress'>;
  private readonly byIncident = new Map<string, Set<Response>>();
  private readonly endListening: () => void;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly most: number;

  constructor(
    store: Store,
    jobs: Pick<Jobs, 'onEvent' | 'progress'>,
    { heartbeatMs, mostStreams }: Pick<Limits, 'heartbeatMs' | 'mostStreams'>,
  ) {
    this.store = store;
    this.jobs = jobs;
    this.most = mostStreams;
    this.endListening = jobs.onEvent((event) => this.heard(event));
    this.heartbeat = setInterval(() => this.beat(), heartbeatMs).unref();
  }

  get count(): number {
    return [...this.byIncident.values()].reduce((all, some) => all + some.size, 0);
  }

  /** @throws ServerError `not-found`, HttpError `busy` */
  open(incident: string, response: Response): void {
    const summary = this.store.incident(incident);
    if (this.count >= this.most)
      throw busy(`${this.most} pages are listening already`, 'close some of them', BUSY_SECONDS);
    response.set({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    response.write(`retry: ${RETRY_MS}\n\n`);
    send(response, 'state', summary);
    const progress = this.jobs.progress(incident);
    if (progress !== null) send(response, 'progress', progress);
    this.keep(incident, response);
  }

  /** Ends all, and takes no more. */
  close(): void {
    this.endListening();
    clearInterval(this.heartbeat);
    for (const some of this.byIncident.values()) for (const response of some) response.end();
    this.byIncident.clear();
  }

  private keep(incident: string, response: Response): void {
    const some = this.byIncident.get(incident) ?? new Set();
    this.byIncident.set(incident, some.add(response));
    response.on('close', () => {
      some.delete(response);
      if (some.size === 0 && this.byIncident.get(incident) === some) this.byIncident.delete(incident);
    });
  }

  private heard(event: JobEvent): void {
    for (const response of this.byIncident.get(event.incident) ?? []) {
      if (event.kind === 'deleted') response.end();
      else if (event.kind === 'state') send(response, 'state', event.summary);
      else if (response.writableLength < SLOW_BYTES)
        send(response, 'progress', event.progress satisfies Progress);
    }
  }

  private beat(): void {
    for (const some of this.byIncident.values()) for (const response of some) write(response, ': \n\n');
  }
}

function send(response: Response, event: string, data: unknown): void {
  write(response, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function write(response: Response, text: string): void {
  if (response.writableLength > LOST_BYTES) response.destroy();
  else if (!response.writableEnded) response.write(text);
}
