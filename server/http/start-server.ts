/**
 * A running server: the store, the jobs, and the app on a port; and the way to end it.
 * The trap: order. Nothing new is taken first, then what runs is ended, then the worker, and the
 * database last, because all of them write to it.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../../packet/wall-clock.ts';
import { startCollectedAnalyses } from '../jobs/collected-analyses.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { type JobOptions, startJobs } from '../jobs/start-jobs.ts';
import { ServerError } from '../server-error.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createApp } from './app.ts';
import type { Context } from './context.ts';
import { EventStreams } from './event-streams.ts';
import { FrameDetails } from './frame-details.ts';
import { isLoopback } from './guard.ts';
import { LIMITS, type Limits } from './limits.ts';
import { createMetrics } from './metrics.ts';
import { Uploads } from './uploads.ts';

export interface ServerOptions extends JobOptions {
  /** Of the database and the captures. */
  readonly folder: string;
  /** Seconds that a new incident is kept; null: until somebody deletes it. */
  readonly keep?: number | null;
  /** Loopback where nothing is said. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
  /** Names that a proxy in front goes by. */
  readonly allowedHosts?: readonly string[];
  /** Asked of every request; a host that is not loopback gets a random one where none is given. */
  readonly token?: string | null;
  /** Of the built page; else beside the running code, as in `dist/`. */
  readonly page?: string;
  readonly limits?: Partial<Limits>;
  /** This host's time in ns since the epoch; tests give another. */
  readonly wallClock?: () => bigint;
  /** Is told of bugs. */
  readonly report?: (error: unknown) => void;
}

export interface RunningServer {
  /** `http://127.0.0.1:7878/` */
  readonly address: string;
  readonly port: number;
  /** Null: none is asked for. */
  readonly token: string | null;
  readonly store: Store;
  readonly jobs: Jobs;
  /** Ends all of it, once. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** @throws ServerError `bad-request` (the token), `port-in-use`, `no-such-host`; those of `openStore` */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = options.host ?? LOOPBACK;
  const token = tokenFor(host, options.token ?? null);
  const store = await openStore({ folder: options.folder, keep: options.keep ?? null });
  const { headersMs, mostConnections, mostUploadBytes } = { ...LIMITS, ...options.limits };
  // Node looks for late heads only now and then: a quarter of what they may take.
  const server = createServer({ connectionsCheckingInterval: headersMs / 4 });
  try {
    await listen(server, host, options.port ?? 0);
  } catch (error) {
    store.close();
    throw error;
  }
  const jobs = startJobs(store, { mostFileBytes: mostUploadBytes, ...options });
  const { port } = server.address() as AddressInfo;
  const context = createContext(store, jobs, options);
  const app = createApp(context, {
    guard: { host, allowedHosts: options.allowedHosts ?? [], token },
    page: options.page ?? fileURLToPath(new URL('./ui', import.meta.url)),
    port: () => port,
    report: options.report ?? (() => {}),
  });
  server.on('request', app);
  // Uploads may take hours; each kind of request has its own limit.
  server.requestTimeout = 0;
  server.headersTimeout = headersMs;
  server.maxConnections = mostConnections;
  return {
    address: addressOf(host, port),
    port,
    token,
    store,
    jobs,
    close: once(() => close(server, context)),
  };
}

function createContext(store: Store, jobs: Jobs, options: ServerOptions): Context {
  const limits = { ...LIMITS, ...options.limits };
  const uploads = new Uploads(store, limits);
  const streams = new EventStreams(store, jobs, limits);
  const metrics = createMetrics({ store, jobs, uploads, streams });
  return {
    ...{ store, jobs, limits, uploads, streams, metrics },
    frames: new FrameDetails(store),
    collectedAnalyses: startCollectedAnalyses(store, jobs, limits.quietMs),
    wallClock: options.wallClock ?? wallClock,
  };
}

async function close(server: Server, context: Context): Promise<void> {
  const { store, jobs, limits, uploads, streams, collectedAnalyses } = context;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  streams.close();
  server.closeIdleConnections();
  const late = new AbortController();
  await Promise.race([closed, setTimeout(limits.graceMs, null, { signal: late.signal })]);
  late.abort();
  server.closeAllConnections();
  await closed;
  await uploads.settled();
  collectedAnalyses.close();
  await jobs.close();
  store.close();
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= run();
    return running;
  };
}

/** As much as a header carries, and more than anybody guesses. */
const TOKEN = /^[\w.~+/=-]{16,256}$/;

function tokenFor(host: string, given: string | null): string | null {
  if (given === null) return isLoopback(host) ? null : randomBytes(24).toString('base64url');
  if (TOKEN.test(given)) return given;
  throw new ServerError(
    'bad-request',
    'the token must have 16 to 256 letters, digits or any of - . _ ~ + / =',
    'without one, a random token is made where it is needed',
  );
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, host, port)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new ServerError(
      'port-in-use',
      `port ${port} of ${host} is in use`,
      'name another with --port; 0: any',
    );
  if (error.code === 'EACCES')
    return new ServerError('port-in-use', `port ${port} may not be used`, 'name one above 1023 with --port');
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new ServerError(
      'no-such-host',
      `this machine has no address ${host}`,
      'such as 127.0.0.1 or 0.0.0.0',
    );
  return error;
}

function addressOf(host: string, port: number): string {
  const name = host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host;
  return `http://${name}:${port}/`;
}
