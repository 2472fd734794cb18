/**
 * The bytes of a capture, from a file or standard input, decompressed, pushed
 * into whoever takes them. Chunks are large and never kept: memory does not
 * grow with the file.
 */
import type { Hash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { CaptureInput } from '../analyzer/index.ts';
import { detectCompression } from '../packet/file/compression.ts';
import { type ByteSink, feedCapture } from '../packet/file/feed.ts';
import { reusedChunks } from './file-chunks.ts';
import { unreadable } from './input-errors.ts';
import type { Progress } from './progress.ts';

/** A capture to read. `path` is `-` for standard input; `input` is what the analyzer is told. */
export interface CaptureSource {
  path: string;
  input: CaptureInput;
}

const CHUNK_BYTES = 4 * 1024 * 1024;
/**
 * Reads all of it. Damage goes to `sink.problem`. `hash`: begun by whoever wants to know the file's hash.
 * @returns whether the file was read to its end, so that the hash is that of all of it
 * @throws UserError `input` when reading fails
 */
export async function readCapture(
  source: CaptureSource,
  sink: ByteSink,
  progress: Progress,
  hash: Hash | null = null,
): Promise<boolean> {
  progress.begin(source.input.file);
  const total = source.path === '-' ? null : statSync(source.path).size;
  let done = 0;
  let isWhole = false;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of onceChunks(source.path)) {
      done += chunk.length;
      hash?.update(chunk);
      yield chunk;
    }
    isWhole = true;
  }
  await feedCapture(counted(), sink, () => progress.update(done, total));
  return isWhole;
}

/** The same for two names of one file: links, other spellings of a path. */
export function fileIdentity(path: string): string {
  if (path === '-') return '-';
  // As bigints: on Windows the file number does not fit a number.
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** The raw bytes, each chunk valid until the next is asked for. @throws UserError `input` */
async function* onceChunks(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') return yield* openChunks(path);
  try {
    let isKept: boolean | null = null;
    for await (const chunk of reusedChunks(path)) {
      // A decompressor holds on to a piece until it has all of a block.
      isKept ??= detectCompression(chunk) !== null;
      yield isKept ? chunk.slice() : chunk;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The raw bytes. @throws UserError `input` */
export async function* openChunks(path: string, chunkBytes = CHUNK_BYTES): AsyncGenerator<Uint8Array> {
  try {
    if (path === '-') yield* process.stdin as AsyncIterable<Uint8Array>;
    else yield* createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(path === '-' ? 'standard input' : path, error);
  }
}
