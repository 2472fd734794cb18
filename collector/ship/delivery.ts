/**
 * One file on its way to the server, in pieces, from the offset that the server says.
 * The trap: an answer may be lost, so nothing is counted here: where the delivery stands is the server's word alone.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CollectorError } from '../words.ts';
import { checkAnswer, noServe, wordsOf } from './answer.ts';
import { type ServerAnswer, type ServerConnection, ServerTrouble } from './server-connection.ts';

/** Of which incident a file is to be, as `diagnose serve` takes it: by its time, by a title, or both. ns, decimal. */
export interface IncidentWish {
  readonly title?: string;
  readonly window?: { readonly from: string; readonly to: string };
  readonly at?: string;
  readonly why?: string;
}

export interface ShipItem {
  /** Stays over restarts. */
  readonly key: string;
  readonly path: string;
  /** As the server shows it. */
  readonly name: string;
  readonly bytes: number;
  readonly kind: 'capture' | 'journal';
  readonly vantage: string | null;
  readonly incident: IncidentWish;
}

/** This file cannot be shipped, now or as it is; others can. */
export class ItemRefused extends CollectorError {}

/** Less than a proxy in front of the server takes where nobody told it otherwise, however it compresses. */
const PIECE = 1_000_000;
/** A gateway's processor has other things to do. */
const LEVEL = 3;
/** It stands elsewhere than it just said, over and over: that leads nowhere. */
const MOST_CONFLICTS = 3;

const compress = promisify(gzip);

interface Standing {
  readonly id: string;
  readonly offset: number;
  readonly done: boolean;
}

export interface DeliveryPlan {
  readonly connection: ServerConnection;
  readonly collector: string;
  readonly item: ShipItem;
  /** Called after each piece that was taken; what it awaits is done before the next one. */
  readonly afterPiece: () => Promise<void>;
}

/** Bytes that were delivered, all on the server's disk. @throws ItemRefused, ServerTrouble, CollectorError */
export async function deliver({ connection, collector, item, afterPiece }: DeliveryPlan): Promise<number> {
  const file = await openFile(item);
  try {
    const { size } = await file.stat();
    if (size === 0) throw new ItemRefused(`${item.name} is empty`);
    const { name, kind, vantage, incident } = item;
    const wanted = { collector, name, size, sha256: await hashOf(item.path), kind, vantage, incident };
    const opened = await connection.ask('POST', 'api/deliveries', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    });
    let standing = standingOf(opened, item, size);
    for (let conflicts = 0; !standing.done; ) {
      const { now, taken } = await send(connection, item, file, standing, size);
      standing = now;
      if (taken) await afterPiece();
      else conflicts += 1;
      if (conflicts > MOST_CONFLICTS)
        throw new ItemRefused(
          `${name} arrives with other bytes than it has here`,
          'a disk or memory may be bad, here or at the server',
        );
    }
    return size;
  } finally {
    await file.close();
  }
}

async function send(
  connection: ServerConnection,
  item: ShipItem,
  file: FileHandle,
  { id, offset }: Standing,
  size: number,
): Promise<{ now: Standing; taken: boolean }> {
  const piece = Buffer.alloc(Math.min(PIECE, size - offset));
  const { bytesRead } = await file.read(piece, 0, piece.length, offset);
  if (bytesRead < piece.length) throw new ItemRefused(`${item.name} became shorter`);
  const said = await connection.ask('PATCH', `api/deliveries/${id}?offset=${offset}`, {
    headers: { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' },
    body: await compress(piece, { level: LEVEL }),
  });
  // As after a day in which nothing came: the next try begins it anew.
  if (said.status === 404 && said.json !== null)
    throw new ServerTrouble(503, 'the server has forgotten a delivery', 'it begins anew');
  if (said.status !== 409) return { now: standingOf(said, item, size), taken: true };
  return { now: standingOf({ ...said, status: 200 }, item, size), taken: false };
}

/** @throws ItemRefused, ServerTrouble */
function standingOf(answer: ServerAnswer, item: ShipItem, size: number): Standing {
  const { status, json } = answer;
  if (status === 400 || status === 413 || status === 415) {
    const { message, hint } = wordsOf(answer);
    throw new ItemRefused(`the server does not take ${item.name}: ${message}`, hint);
  }
  checkAnswer(answer);
  const { id, offset, done } = json ?? {};
  const isOffset =
    typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 && offset <= size;
  if (typeof id === 'string' && /^[\w-]{1,64}$/.test(id) && isOffset && typeof done === 'boolean')
    return { id, offset, done };
  throw noServe();
}

async function openFile({ path, name }: ShipItem): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    const cause = { cause: error };
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ItemRefused(`${name} was forgotten before it was shipped`, 'keep more', cause);
    throw new ItemRefused(`${name} cannot be read: ${(error as Error).message}`, '', cause);
  }
}

/** Of the last one: while the server is away the same file is asked for again and again. */
let known: { readonly what: string; readonly sha256: string } | null = null;

async function hashOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  const what = `${path} ${ino} ${size} ${mtimeNs}`;
  if (known?.what === what) return known.sha256;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Uint8Array);
  known = { what, sha256: hash.digest('hex') };
  return known.sha256;
}
