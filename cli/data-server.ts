/**
 * A server of a data folder in this process: store, analyses and HTTP, joined for `serve` and `open`;
 * or the one that another process has for the same folder.
 * The trap: whoever takes the folder writes down its address only a moment later, and whoever gives it
 * back still holds it for a moment, so a folder that is in use is asked for more than once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS, type RunningServer, ServerError, startServer } from '../server/index.ts';
import type { ServerAddress } from './api-client.ts';
import { prepareDataFolder } from './data-folder.ts';
import { printError, printNote } from './messages.ts';
import { packagePath } from './package-files.ts';
import { findServer, forgetServer, noteServer } from './running-server.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

export const DEFAULT_PORT = 7878;
export const LOOPBACK = '127.0.0.1';

export interface DataServerOptions {
  readonly folder: string;
  readonly host: string;
  /** 0: any. `orAnother`: another one will do where it is taken. */
  readonly port: { readonly wanted: number; readonly orAnother: boolean };
  /** Null: one is made where it is needed. */
  readonly token?: string | null;
  readonly allowedHosts?: readonly string[];
  /** Bytes. */
  readonly mostUpload?: number;
  /** Seconds; null: for ever. */
  readonly keep?: number | null;
}

export interface DataServer {
  /** As this machine reaches it. */
  readonly address: ServerAddress;
  readonly port: number;
  readonly totals: () => { incidents: number; files: number; bytes: number };
  readonly close: () => Promise<void>;
}

/** How long a folder that is in use is asked for, and how often. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 200;

/** @throws UserError `server` that says what to do */
export async function startDataServer(options: DataServerOptions): Promise<DataServer> {
  const { folder, port } = options;
  prepareDataFolder(folder);
  const server = await start(options, port.wanted).catch((error) => {
    if (port.orAnother && isServerError(error, 'port-in-use')) return start(options, 0);
    throw error;
  });
  const address = { url: localUrl(server.address), token: server.token };
  noteServer(folder, address);
  return {
    address,
    port: server.port,
    totals: () => server.store.totals(),
    close: () => {
      // While the folder is still ours: later it may be another's note.
      forgetServer(folder);
      return server.close();
    },
  };
}

async function start(options: DataServerOptions, port: number): Promise<RunningServer> {
  const page = packagePath('dist', 'ui');
  try {
    const server = await startServer({
      folder: options.folder,
      host: options.host,
      port,
      token: options.token ?? null,
      allowedHosts: options.allowedHosts ?? [],
      keep: options.keep ?? null,
      limits: { mostUploadBytes: options.mostUpload ?? LIMITS.mostUploadBytes },
      tool: { name: 'stallscope', version: VERSION },
      report: printError,
      ...(page !== null && { page }),
    });
    if (page === null) printNote('the web page is not built (npm run build); the API answers without it');
    return server;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    throw new UserError('server', error.message, error.hint, { cause: error });
  }
}

/** Where it listens on every address, on this machine it is reached by the loopback's. */
const localUrl = (address: string): string =>
  address.replace(/\/$/, '').replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');

/** Of this process, or (`server` is null then) of the one that has the folder. @throws UserError */
export async function findOrStart(
  options: DataServerOptions,
): Promise<{ address: ServerAddress; server: DataServer | null }> {
  const begin = performance.now();
  for (;;) {
    try {
      const server = await startDataServer(options);
      return { address: server.address, server };
    } catch (error) {
      if (!isServerError(error, 'data-in-use')) throw error;
      const address = await findServer(options.folder);
      if (address !== null) return { address, server: null };
      if (performance.now() - begin > PATIENCE_MS) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

const isServerError = (error: unknown, code: ServerError['code']): boolean =>
  error instanceof UserError && error.cause instanceof ServerError && error.cause.code === code;
