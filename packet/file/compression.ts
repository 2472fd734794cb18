/**
 * Compressed captures: tells the compression by the first bytes and turns a
 * stream of file bytes into a stream of capture bytes. gzip (RFC 1952), zstd
 * (RFC 8878), lz4 frames; once, so that gzip inside gzip is not followed.
 * This is the one file of `packet/` that imports from Node: gzip is `node:zlib`.
 * The trap: a few bytes may decompress to terabytes, so every step is bounded,
 * and nothing is decompressed before the one before was taken.
 */
import type { Gunzip } from 'node:zlib';
import type { Problem, ProblemSink } from '../problem.ts';
import { AsyncBytes } from './async-bytes.ts';
import { DamagedError, TruncatedError, UnsupportedError } from './decompression-error.ts';
import { describeOffset } from './format.ts';
import { lz4Decoded } from './lz4.ts';
import { zstdDecoded } from './zstd.ts';

/** `xz` and `bzip2` are known but not decompressed here. */
export type Compression = 'gzip' | 'zstd' | 'lz4' | 'xz' | 'bzip2';

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  // The format of lz4 before 1.0, which `lz4 -l` and Linux kernels still write.
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];
const HEAD_BYTES = 6;

/** What handing out pays for the copying: smaller pieces are put together. */
const CHUNK_BYTES = 256 * 1024;

/** `head`: the first six bytes of the file, or more. Null where they are of no known compression. */
export function detectCompression(head: Uint8Array): Compression | null {
  const known = MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  return known?.[0] ?? null;
}

/** Each yields pieces that are valid until the next one is asked for, and throws as `decompression-error.ts` says. */
const DECODERS: Partial<Record<Compression, (bytes: AsyncBytes) => AsyncGenerator<Uint8Array>>> = {
  gzip: gzipDecoded,
  zstd: zstdDecoded,
  lz4: lz4Decoded,
};

/**
 * Yields the bytes of `source`, decompressed where they are gzip, zstd or lz4, and as they are where they are
 * not (also xz and bzip2: the reader then says what to do). Chunks are the caller's to keep.
 * Damage yields all that could be decompressed, then one problem: `compressed-file-truncated`,
 * `compressed-file-damaged` or `compressed-file-unsupported`, whose offset is that in `source`. Errors of
 * `source` itself are thrown.
 */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  onProblem: ProblemSink,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new AsyncBytes(source);
  try {
    const compression = detectCompression(await bytes.peek(HEAD_BYTES));
    const decode = compression === null ? undefined : DECODERS[compression];
    if (compression === null || decode === undefined) yield* bytes.rest();
    else yield* gathered(decode(bytes), (error) => onProblem(explain(error, compression, bytes.position)));
  } finally {
    await bytes.close();
  }
}

/** Puts pieces together; what there is when an error comes is still handed out. */
async function* gathered(
  pieces: AsyncIterable<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let failure: { error: unknown } | null = null;
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        const count = Math.min(piece.length - at, chunk.length - filled);
        chunk.set(piece.subarray(at, at + count), filled);
        at += count;
        filled += count;
        if (filled < chunk.length) continue;
        yield chunk;
        chunk = new Uint8Array(CHUNK_BYTES);
        filled = 0;
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (filled > 0) yield chunk.subarray(0, filled);
  if (failure !== null) onError(failure.error);
}

/** What a decoder says as a problem; throws on what is none, such as a disk that cannot be read. */
function explain(error: unknown, compression: Compression, offset: number): Problem {
  const at = { offset };
  const kept = 'what could be decompressed before it is used';
  if (error instanceof TruncatedError) {
    const message = `The ${compression} file ends in the middle; ${kept}.`;
    return { code: 'compressed-file-truncated', kind: 'truncated', message, at };
  }
  if (error instanceof UnsupportedError) {
    const message = `The ${compression} file cannot be decompressed here: ${error.message}. Run "${compression} -dc" first.`;
    return { code: 'compressed-file-unsupported', kind: 'unsupported', message, at };
  }
  if (error instanceof DamagedError) {
    const message = `The ${compression} file is damaged near ${describeOffset(offset)} (${error.message}); ${kept}.`;
    return { code: 'compressed-file-damaged', kind: 'malformed', message, at };
  }
  throw error;
}

/**
 * zlib loses what it decompressed of a slice in which it meets an error. So slices are short at first and at
 * most a sixteenth of what came before: so much is lost. 16 KiB decompress to 16 MiB at most, which bounds memory.
 */
const MIN_SLICE_BYTES = 64;
const MAX_SLICE_BYTES = 16_384;

/** Several members follow each other as one; zeros behind them (tapes, block devices) are passed over. */
async function* gzipDecoded(bytes: AsyncBytes): AsyncGenerator<Uint8Array> {
  // Most captures are not compressed, and need not wait for it.
  const { createGunzip } = await import('node:zlib');
  const gunzip = createGunzip({ chunkSize: 65_536 });
  const pieces: Uint8Array[] = [];
  let ended = false;
  // An error is also given to the callback of the write that met it, which is where it is handled.
  gunzip.on('error', () => {});
  gunzip.on('data', (piece: Uint8Array) => pieces.push(piece));
  gunzip.on('end', () => {
    ended = true;
  });
  try {
    for (;;) {
      const length = Math.min(MAX_SLICE_BYTES, Math.max(MIN_SLICE_BYTES, bytes.position >> 4));
      const slice = await bytes.read(length);
      const last = slice.length < length;
      await writeTo(gunzip, slice, last);
      yield* pieces.splice(0);
      if (last) return;
      if (ended) throw new DamagedError('what follows is not gzip');
    }
  } finally {
    gunzip.destroy();
  }
}

/** Settles when the slice is decompressed and, for the last one, when the end was found to be one. */
function writeTo(gunzip: Gunzip, slice: Uint8Array, last: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: NodeJS.ErrnoException | null): void => {
      gunzip.off('error', settle);
      if (error == null) resolve();
      else if (error.code === 'Z_BUF_ERROR') reject(new TruncatedError());
      else reject(new DamagedError(error.message));
    };
    gunzip.on('error', settle);
    if (last) {
      gunzip.once('end', settle);
      gunzip.end(slice);
    } else gunzip.write(slice, settle);
  });
}
