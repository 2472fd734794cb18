/**
 * The files that `diagnose open` stores: what the arguments name, as the server is to know it.
 * The trap: a pipe can be read once, so its first bytes are looked at on their way, before there is
 * an incident that they would have to be taken out of again.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { CaptureInput } from '../analyzer/index.ts';
import { HEAD_BYTES, sniffCapture } from '../packet/file/sniff.ts';
import type { StoredFile } from '../server/api.ts';
import { notACapture } from './input-errors.ts';
import type { JournalSource } from './journals.ts';
import { type CaptureSource, openChunks } from './read-capture.ts';

export interface UploadFile {
  readonly name: string;
  readonly kind: StoredFile['kind'];
  /** `host` or `host.side`; null: infer it. */
  readonly vantage: string | null;
  /** `-` for standard input. */
  readonly path: string;
  /** Bytes; null for what can be read only once. */
  readonly size: number | null;
  /** Reads it from its beginning. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** @throws UserError `input` for a pipe that brings no capture */
export async function captureUpload({ path, input }: CaptureSource): Promise<UploadFile> {
  const file = {
    ...placeOf(path, input.file),
    kind: 'capture',
    vantage: vantageText(input.vantage),
  } as const;
  if (file.size !== null) return { ...file, open: () => openChunks(path) };
  const chunks = await sniffed(openChunks(path), input.file);
  return { ...file, open: () => chunks };
}

export function journalUpload({ path, node }: JournalSource): UploadFile {
  return { ...placeOf(path, path), kind: 'journal', vantage: node ?? null, open: () => openChunks(path) };
}

function placeOf(path: string, name: string): Pick<UploadFile, 'name' | 'path' | 'size'> {
  const stat = path === '-' ? null : statSync(path);
  return { name: basename(name), path, size: stat?.isFile() === true ? stat.size : null };
}

function vantageText(vantage: CaptureInput['vantage']): string | null {
  if (vantage === undefined) return null;
  return vantage.side === undefined ? vantage.host : `${vantage.host}.${vantage.side}`;
}

/** The same bytes again, once the first of them have been seen to be a capture's. */
async function sniffed(chunks: AsyncGenerator<Uint8Array>, name: string): Promise<AsyncIterable<Uint8Array>> {
  const head: Uint8Array[] = [];
  for (let length = 0; length < HEAD_BYTES; length += head.at(-1)?.length ?? 0) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    head.push(value);
  }
  const found = await sniffCapture(fromList(head));
  if (!found.isCapture) throw notACapture(name, found.why);
  return joined(head, chunks);
}

async function* fromList(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list;
}

async function* joined(head: Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Let go of as it is read: it is not needed twice.
  for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield chunk;
  yield* rest;
}

/** Of a file that can be read again. */
export async function sha256Of({ open }: UploadFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of open()) hash.update(chunk);
  return hash.digest('hex');
}
