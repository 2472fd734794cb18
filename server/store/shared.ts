/** What the parts of the store have in common: the connection, the clock, ids, and who hears of changes. */
import { randomBytes } from 'node:crypto';
import { ServerError } from '../server-error.ts';
import type { Connection } from './connection.ts';
import type { Reserve } from './reserve.ts';
import type { StoreChange } from './store.ts';

export interface Shared {
  readonly folder: string;
  readonly connection: Connection;
  /** Another connection to the same database, for who reads for long. */
  readonly connect: () => Connection;
  readonly reserve: Reserve;
  readonly changed: (change: StoreChange) => void;
  /** There is garbage. */
  readonly sweep: () => void;
}

/** Cannot be guessed, and is safe in addresses and file names. */
export const newId = (): string => randomBytes(8).toString('hex');

/** What `newId` makes. */
export const STORE_ID = /^[0-9a-f]{16}$/;

export const notFound = (what: string): ServerError =>
  new ServerError('not-found', `there is no such ${what}`);

/** The run that an incident shows. @throws ServerError `not-found` where there is none */
export function shownRun(connection: Connection, incident: string): number {
  const row = connection.get<{ run: number | null }>('SELECT run FROM incidents WHERE id = ?', incident);
  if (row === undefined) throw notFound('incident');
  if (row.run === null) throw new ServerError('not-found', 'the incident has no result yet');
  return row.run;
}

/** By `Flow.id`. @throws ServerError `not-found` */
export function flowNumber(connection: Connection, run: number, flow: string): number {
  const row = connection.get<{ number: number }>(
    'SELECT number FROM flows WHERE run = ? AND id = ?',
    ...[run, flow],
  );
  if (row === undefined) throw notFound('flow');
  return row.number;
}

/** Text of a user as one line: control characters are of no use in a title. */
export function cleanLine(text: string, most: number): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, most);
}
