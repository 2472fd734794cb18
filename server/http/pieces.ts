/**
 * A long text, piece by piece, to whoever reads it, as fast as they read.
 * The trap: the first piece is made before anything is sent, so that what goes wrong at the start
 * still has an answer of its own; later the answer can only be broken off.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Response } from 'express';

const BATCH_CHARACTERS = 64 * 1024;

export interface Attachment {
  readonly name: string;
  readonly type: string;
}

export async function sendPieces(
  response: Response,
  { name, type }: Attachment,
  pieces: Generator<string, void, undefined>,
): Promise<void> {
  const batches = inBatches(pieces);
  try {
    const first = await batches.next();
    response.attachment(name).set({ 'content-type': type, 'cache-control': 'private, no-store' });
    if (response.req.method === 'HEAD') {
      response.end();
      return;
    }
    const all = async function* (): AsyncGenerator<string> {
      if (first.done !== true) yield first.value;
      yield* batches;
    };
    await pipeline(Readable.from(all()), response);
  } finally {
    // A generator of the store holds a connection until it is returned.
    pieces.return();
  }
}

/** Large enough to be worth a write; others have their turn between two. */
async function* inBatches(pieces: Iterable<string>): AsyncGenerator<string> {
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH_CHARACTERS) continue;
    yield batch;
    batch = '';
    await setImmediate();
  }
  if (batch !== '') yield batch;
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
