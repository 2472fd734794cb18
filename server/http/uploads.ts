/**
 * Uploads on their way from the socket into the store, chunk by chunk.
 * The trap: leaving a request's own iterator early destroys the socket, and with it the answer that
 * says why. So it is left open, and what still comes is thrown away for a while.
 */

import { statfs } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Request } from 'express';
import { grouped } from '../../packet/grouped.ts';
import type { Delivery, NewDelivery, StoredFile } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { NewFile, Store, TakenPiece } from '../store/store.ts';
import { busy, HttpError } from './http-error.ts';
import type { Limits } from './limits.ts';
import { contentLength } from './parameters.ts';

/** What whoever finds all places taken may wait. */
const BUSY_SECONDS = 5;
/** A browser reads the answer only after it has sent some; no stranger may send for ever. */
const LINGER_MS = 5_000;
const LINGER_BYTES = 256 * 1024 ** 2;

export class Uploads {
  private readonly store: Store;
  private readonly limits: Limits;
  private readonly running = new Set<Promise<unknown>>();
  /** Of those, the ones that bring bytes. */
  private bringing = 0;
  /** Of uploads that run: bytes that they said will come, and have not. */
  private awaited = 0;
  private received = 0;

  constructor(store: Store, limits: Limits) {
    this.store = store;
    this.limits = limits;
  }

  /** Bytes so far, and uploads that run: for metrics. */
  get counts(): { bytes: number; running: number } {
    return { bytes: this.received, running: this.running.size };
  }

  /** @throws HttpError, ServerError */
  async take(
    request: Request,
    incident: string,
    file: Pick<NewFile, 'name' | 'vantage'>,
  ): Promise<StoredFile> {
    return this.counted(this.inPlace(() => this.receive(request, incident, file)));
  }

  /** Begins a delivery, or goes on with it. @throws HttpError, ServerError */
  async open(delivery: NewDelivery): Promise<Delivery> {
    if (delivery.size > this.limits.mostUploadBytes) throw tooLarge(this.limits.mostUploadBytes);
    const opened = await this.counted(this.store.deliveries.open(delivery));
    if (!opened.done) await this.checkSpace(opened.size - opened.offset);
    return opened;
  }

  /** A piece of a delivery. @throws HttpError, ServerError */
  append(request: Request, delivery: string, offset: number): Promise<TakenPiece> {
    return this.counted(this.inPlace(() => this.receivePiece(request, delivery, offset)));
  }

  /** @throws HttpError `busy`, before a byte is read */
  private async inPlace<T>(receive: () => Promise<T>): Promise<T> {
    const most = this.limits.mostUploads;
    if (this.bringing >= most)
      throw busy(
        `${most} uploads are running already`,
        `try again in ${BUSY_SECONDS} s, when some have ended`,
        BUSY_SECONDS,
      );
    this.bringing += 1;
    try {
      return await receive();
    } finally {
      this.bringing -= 1;
    }
  }

  private async receivePiece(request: Request, id: string, offset: number): Promise<TakenPiece> {
    const { deliveries } = this.store;
    const now = deliveries.get(id);
    if (now.done || now.offset !== offset) return { taken: false, delivery: now };
    const most = Math.min(this.limits.mostPieceBytes, now.size - offset);
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'gzip' && encoding !== 'identity')
      throw new HttpError(415, 'unsupported-media-type', 'a piece comes as it is, or with gzip');
    await this.checkSpace(most);
    // Empty members of gzip may go on for ever, and bring nothing.
    let left = most + GZIP_OVERHEAD;
    const source = this.chunks(request, (bytes) => {
      left -= bytes;
      if (left < 0) throw tooLarge(most);
    });
    return await deliveries.append(id, offset, encoding === 'gzip' ? gunzipped(source) : source, most);
  }

  private async counted<T>(upload: Promise<T>): Promise<T> {
    this.running.add(upload);
    try {
      return await upload;
    } finally {
      this.running.delete(upload);
    }
  }

  /** Settles once nothing of a broken upload is left. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private async receive(
    request: Request,
    incident: string,
    file: Pick<NewFile, 'name' | 'vantage'>,
  ): Promise<StoredFile> {
    // Before a byte is read: nobody sends gigabytes to an incident that is not there.
    this.store.incident(incident);
    const mostBytes = this.limits.mostUploadBytes;
    const announced = contentLength(request) ?? 0;
    if (announced > mostBytes) throw tooLarge(mostBytes);
    await this.checkSpace(announced);
    let awaited = announced;
    this.awaited += awaited;
    const source = this.chunks(request, (bytes) => {
      const came = Math.min(awaited, bytes);
      awaited -= came;
      this.awaited -= came;
    });
    try {
      return await this.store.addFile(incident, { ...file, mostBytes }, source);
    } finally {
      this.awaited -= awaited;
    }
  }

  private async checkSpace(bytes: number): Promise<void> {
    const free = await freeBytes(this.store.folder);
    if (free - this.awaited - bytes >= this.limits.freeBytes) return;
    throw new ServerError(
      'disk-full',
      `the disk has no room for it: ${mib(Math.max(0, free - this.awaited))} MiB are free`,
      'delete incidents, or give the data folder more room',
    );
  }

  private async *chunks(request: Request, came: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    const iterator = request.iterator({ destroyOnReturn: false });
    let sinceCheck = 0;
    try {
      for (;;) {
        const next = await withinIdle(iterator.next(), this.limits.uploadIdleMs);
        if (next.done === true) return;
        const chunk = next.value as Uint8Array;
        came(chunk.length);
        this.received += chunk.length;
        sinceCheck += chunk.length;
        if (sinceCheck > this.limits.freeBytes / 4) {
          sinceCheck = 0;
          await this.checkSpace(0);
        }
        yield chunk;
      }
    } finally {
      // Not awaited: after a time without a chunk it waits for the next one itself.
      void iterator.return?.();
    }
  }
}

/** Of a compressed piece that does not compress. */
const GZIP_OVERHEAD = 65_536;

/** @throws HttpError 400 for what is no gzip */
async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const plain = pipeline(Readable.from(source, { objectMode: false }), createGunzip(), () => {});
  try {
    for await (const chunk of plain) yield chunk as Uint8Array;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw code.startsWith('Z_') ? new HttpError(400, 'bad-request', 'the body is no whole gzip') : error;
  }
}

/** Free to us. @throws HttpError `folder-unusable` where the data folder was taken away, or its disk */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const hint = 'is it still there? Bring it back, and start `diagnose serve` again';
    throw new HttpError(500, 'folder-unusable', `the data folder cannot be used (${code})`, hint);
  }
}

/** Reads on for a while what nobody wants, so that the answer is read, and then ends the connection. */
export function discardRest(request: Request): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  const end = (): void => {
    request.socket.destroy();
  };
  const timer = setTimeout(end, LINGER_MS).unref();
  request.once('close', () => clearTimeout(timer));
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) end();
  });
  request.resume();
}

async function withinIdle<T>(next: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new HttpError(408, 'timeout', 'the upload stood still for too long')),
      ms,
    );
  });
  try {
    return await Promise.race([next, idle]);
  } finally {
    clearTimeout(timer);
  }
}

const mib = (bytes: number): string => grouped(Math.floor(bytes / 1024 ** 2));

const tooLarge = (mostBytes: number): ServerError =>
  new ServerError(
    'too-large',
    `a file may have at most ${mib(mostBytes)} MiB`,
    'cut it to the time of the incident (editcap -A … -B …), or compress it',
  );
