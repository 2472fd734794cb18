/** What Prometheus is told. Labels are routes, never addresses: an id in a label is a series for ever. */
import type { Request, RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Jobs } from '../jobs/jobs.ts';
import type { Store } from '../store/store.ts';

export interface Metrics {
  /** Counts what passes through. */
  readonly count: RequestHandler;
  readonly contentType: string;
  text(): Promise<string>;
}

export interface Measured {
  readonly store: Store;
  readonly jobs: Jobs;
  readonly uploads: { readonly counts: { readonly bytes: number; readonly running: number } };
  readonly streams: { readonly count: number };
}

/** Seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

export function createMetrics(measured: Measured): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addGauges(registry, measured);
  const requests = new Counter({
    name: 'stallscope_http_requests_total',
    help: 'Requests by route and status; 499: the client went away first.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'stallscope_http_request_seconds',
    help: 'How long answers took, events left out.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const count: RequestHandler = (request, response, next) => {
    const began = performance.now();
    response.once('close', () => {
      const route = routeOf(request);
      const status = response.writableFinished ? response.statusCode : 499;
      requests.inc({ method: methodOf(request), route, status });
      if (!route.endsWith('/events')) seconds.observe({ route }, (performance.now() - began) / 1000);
    });
    next();
  };
  return { count, contentType: registry.contentType, text: () => registry.metrics() };
}

function addGauges(registry: Registry, { store, jobs, uploads, streams }: Measured): void {
  const gauges: [name: string, help: string, value: () => number][] = [
    ['incidents', 'Incidents that are kept.', () => store.totals().incidents],
    ['files', 'Captures and journals that are kept.', () => store.totals().files],
    ['file_bytes', 'Bytes of the captures and journals that are kept.', () => store.totals().bytes],
    ['analyses_queued', 'Analyses that wait.', () => jobs.counts().queued],
    ['analyses_running', 'Analyses that run.', () => jobs.counts().running],
    ['uploads_running', 'Uploads that run.', () => uploads.counts.running],
    ['event_streams', 'Pages that follow an incident.', () => streams.count],
  ];
  const counters: typeof gauges = [
    ['analyses_done_total', 'Analyses that ended in a result.', () => jobs.counts().done],
    ['analyses_failed_total', 'Analyses that did not end in a result.', () => jobs.counts().failed],
    ['analysis_seconds_total', 'Seconds that analyses took.', () => jobs.counts().seconds],
    ['upload_bytes_total', 'Bytes that were uploaded.', () => uploads.counts.bytes],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge({
      name: `stallscope_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  }
  for (const [name, help, value] of counters) {
    new Counter({
      name: `stallscope_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** A stranger may invent methods. */
const methodOf = ({ method }: Request): string => (METHODS.includes(method) ? method : 'other');

function routeOf({ route, path }: Request): string {
  const known: unknown = (route as { path?: unknown } | undefined)?.path;
  if (typeof known === 'string') return known;
  return path.startsWith('/api') ? 'none' : 'page';
}
