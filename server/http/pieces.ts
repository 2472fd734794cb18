/**
 * A long text or file, piece by piece, to whoever reads it, as fast as they read.
 * The trap: the first piece is made before anything is sent, so that what goes wrong at the start
 * still has an answer of its own; later the answer can only be broken off.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Response } from 'express';

/** Characters, or bytes. */
const BATCH = 64 * 1024;

export interface Attachment {
  readonly name: string;
  readonly type: string;
}

export async function sendPieces(
  response: Response,
  attachment: Attachment,
  pieces: Generator<string, void, undefined>,
): Promise<void> {
  try {
    await send(response, attachment, inBatches(pieces));
  } finally {
    // A generator of the store holds a connection until it is returned.
    pieces.return();
  }
}

/** The same of bytes. `pieces` is ended however the sending ends: it may hold open files. */
export async function sendBytes(
  response: Response,
  attachment: Attachment,
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<void> {
  const batches = bytesInBatches(pieces);
  try {
    await send(response, attachment, batches);
  } finally {
    await batches.return();
  }
}

async function send<T extends string | Uint8Array>(
  response: Response,
  { name, type }: Attachment,
  batches: AsyncGenerator<T, void, undefined>,
): Promise<void> {
  const first = await batches.next();
  response.attachment(name).set({ 'content-type': type, 'cache-control': 'private, no-store' });
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  const all = async function* (): AsyncGenerator<T> {
    if (first.done !== true) yield first.value;
    yield* batches;
  };
  await pipeline(Readable.from(all()), response);
}

/** Large enough to be worth a write; others have their turn between two. */
async function* inBatches(pieces: Iterable<string>): AsyncGenerator<string, void, undefined> {
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = '';
    await setImmediate();
  }
  if (batch !== '') yield batch;
}

async function* bytesInBatches(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let batch: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    batch.push(piece);
    length += piece.length;
    if (length < BATCH) continue;
    yield Buffer.concat(batch);
    batch = [];
    length = 0;
    await setImmediate();
  }
  if (length > 0) yield Buffer.concat(batch);
}

/** A client that goes away in the middle is no error. */
export async function finished(sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
  }
}
