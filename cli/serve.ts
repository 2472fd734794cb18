/**
 * `diagnose serve`: the web timeline, until it is interrupted.
 * The trap: the first Ctrl-C ends it in order, which may take seconds; a second one ends it at once.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, ServerError, startServer } from '../server/index.ts';
import { printError, printNote } from './messages.ts';
import { packagePath } from './package-files.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

export interface ServeOptions {
  readonly port: string;
  readonly host: string;
  readonly data?: string;
  readonly token?: string;
  readonly allowHost?: readonly string[];
}

/** Settles once the server has ended. @throws UserError */
export async function serve(options: ServeOptions): Promise<void> {
  const server = await start(options);
  const link = server.token === null ? server.address : `${server.address}?token=${server.token}`;
  process.stdout.write(`Stallscope: ${link}\n`);
  printNote('Ctrl-C ends it');
  await interrupted();
  await server.close();
}

async function start({ port, host, data, token, allowHost }: ServeOptions): Promise<RunningServer> {
  const page = packagePath('dist', 'ui');
  try {
    return await startServer({
      folder: data ?? dataFolder(),
      host,
      port: parsePort(port),
      allowedHosts: allowHost ?? [],
      token: token ?? null,
      tool: { name: 'stallscope', version: VERSION },
      ...(page !== null && { page }),
      report: printError,
    });
  } catch (error) {
    if (error instanceof ServerError) throw new UserError('input', error.message, error.hint);
    throw error;
  }
}

/** XDG's folder for data that belongs to a user. */
export function dataFolder(): string {
  const { XDG_DATA_HOME: xdg } = process.env;
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'share'), 'stallscope');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UserError('usage', `'${text}' is no port`, 'a number up to 65535; 0: any that is free');
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.removeAllListeners('SIGINT');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
  });
}
