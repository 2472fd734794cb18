/**
 * `diagnose serve`: the web timeline of a data folder, until a signal ends it. The address goes to
 * stdout, for whoever waits for it; what the folder holds to stderr.
 * The trap: the address that it listens on need not be one that can be opened in a browser.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseSpan } from '../server/index.ts';
import { dataFolder } from './data-folder.ts';
import { type DataServer, DEFAULT_PORT, LOOPBACK, startDataServer } from './data-server.ts';
import { unreadable } from './input-errors.ts';
import { printNote } from './messages.ts';
import { count, formatNumber } from './render/units.ts';
import { beforeEnd, untilEnded } from './signals.ts';
import { UserError } from './user-error.ts';

export interface ServeOptions {
  port?: number;
  data?: string;
  host?: string;
  allowHost?: string[];
  tokenFile?: string;
  /** `30d`, `forever` */
  keep?: string;
  /** `500MB` */
  maxUpload?: string;
}

/** As the store has it: a database's integers, and a calendar, end somewhere. */
const LONGEST_KEEP = 100 * 366 * 86_400;

/** Stays until a signal ends it. @throws UserError */
export async function serve(options: ServeOptions): Promise<never> {
  const { host = LOOPBACK, allowHost = [] } = options;
  const folder = dataFolder(options.data);
  const server = await startDataServer({
    folder,
    host,
    port: { wanted: options.port ?? DEFAULT_PORT, orAnother: false },
    token: options.tokenFile === undefined ? null : readToken(options.tokenFile),
    allowedHosts: allowHost,
    keep: parseKeep(options.keep),
    ...(options.maxUpload !== undefined && { mostUpload: parseSize(options.maxUpload) }),
  });
  beforeEnd(() => server.close());
  process.stdout.write(`${linkOf(server, host, allowHost[0])}\n`);
  printNote(`${describeTotals(server.totals())} in ${folder}; Ctrl-C ends`);
  return untilEnded();
}

/** Seconds; null: for ever. */
function parseKeep(text: string | undefined): number | null {
  if (text === undefined || text === 'forever') return null;
  const seconds = parseSpan(text);
  if (seconds !== null && seconds > 0 && seconds <= LONGEST_KEEP) return seconds;
  throw new UserError('usage', `--keep: '${text}' is no time to keep`, 'such as 12h, 30d, or forever');
}

/** Bytes. */
function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]?i?b?)$/i.exec(text.trim()) ?? [];
  const power = ['k', 'm', 'g', 't'].indexOf(unit.charAt(0).toLowerCase()) + 1;
  const bytes = Math.floor(Number(digits) * (/i/i.test(unit) ? 1024 : 1000) ** power);
  if (bytes > 0) return bytes;
  throw new UserError('usage', `--max-upload: '${text}' is no size`, 'such as 500MB or 20GB');
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** What can be opened in a browser, from where the server is meant to be reached. */
function linkOf({ address, port }: DataServer, host: string, name: string | undefined): string {
  const isAny = host === '0.0.0.0' || host === '::';
  const seenAs = name ?? (isAny ? outerAddress() : null);
  const url =
    seenAs === null ? address.url : `http://${seenAs.includes(':') ? `[${seenAs}]` : seenAs}:${port}`;
  return `${url}/${address.token === null ? '' : `?token=${encodeURIComponent(address.token)}`}`;
}

function outerAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? null;
}

function describeTotals({ incidents, files, bytes }: ReturnType<DataServer['totals']>): string {
  if (incidents === 0) return 'no incident yet';
  return `${count(incidents, 'incident')}, ${count(files, 'file')} of ${formatNumber(Math.ceil(bytes / 1e6))} MB`;
}
