/**
 * zstd frames (RFC 8878, section 3.1): header, blocks of at most 128 KiB, an
 * optional checksum that is passed over; several frames, skippable ones between.
 * Decoded here and not by a package, because those at hand loop for hours on
 * crafted bytes, or hold the whole.
 * The trap: a header of few bytes may demand a window of terabytes.
 */
import type { AsyncBytes } from './async-bytes.ts';
import { DamagedError, TruncatedError, UnsupportedError } from './decompression-error.ts';
import { describeSize } from './format.ts';
import { MAX_BLOCK_BYTES, ZstdBlockDecoder } from './zstd-block.ts';

const MAGIC = 0xfd2fb528;
/** What `zstd --long` writes at most unless told more, and what `zstd -d` takes at most unless told more. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;

const BlockKind = { Raw: 0, Repeated: 1, Compressed: 2 } as const;

/** Yields pieces that are valid until the next one is asked for. Throws as `decompression-error.ts` says. */
export async function* zstdDecoded(bytes: AsyncBytes): AsyncGenerator<Uint8Array> {
  for (;;) {
    const magic = await bytes.word();
    if (magic === null) return;
    if (magic === MAGIC) {
      yield* decodeFrame(bytes);
    } else if (magic >>> 4 === 0x184d2a5) {
      const length = await bytes.word();
      if (length === null) throw new TruncatedError();
      await bytes.skip(length);
    } else {
      throw new DamagedError('what follows is no zstd frame');
    }
  }
}

async function* decodeFrame(bytes: AsyncBytes): AsyncGenerator<Uint8Array> {
  const { windowBytes, hasChecksum } = await readFrameHeader(bytes);
  const decoder = new ZstdBlockDecoder(windowBytes);
  const maxBlock = Math.min(windowBytes, MAX_BLOCK_BYTES);
  for (let last = false; !last; ) {
    const head = await bytes.exactly(3);
    const word = head[0]! | (head[1]! << 8) | (head[2]! << 16);
    last = (word & 1) === 1;
    const kind = (word >> 1) & 3;
    const length = word >> 3;
    if (length > maxBlock) throw new DamagedError('a zstd block is longer than its frame allows');
    if (kind === BlockKind.Raw) yield decoder.store(await bytes.exactly(length));
    else if (kind === BlockKind.Repeated) yield decoder.repeat((await bytes.exactly(1))[0]!, length);
    else if (kind === BlockKind.Compressed) yield decoder.decode(await bytes.exactly(length));
    else throw new DamagedError('a zstd block is of no known kind');
  }
  if (hasChecksum) await bytes.exactly(4);
}

async function readFrameHeader(bytes: AsyncBytes): Promise<{ windowBytes: number; hasChecksum: boolean }> {
  const descriptor = (await bytes.exactly(1))[0]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new DamagedError('its zstd header is not understood');
  let windowBytes = 0;
  if (!isSingleSegment) {
    const [byte] = await bytes.exactly(1);
    const base = 2 ** (10 + (byte! >> 3));
    windowBytes = base + (base / 8) * (byte! & 7);
  }
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const dictionary = await bytes.exactly(dictionaryBytes);
  if (dictionary.some((byte) => byte !== 0)) throw new UnsupportedError('it needs a zstd dictionary');
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const size = littleEndian(await bytes.exactly(sizeBytes)) + (sizeBytes === 2 ? 256 : 0);
  if (isSingleSegment) windowBytes = size;
  if (windowBytes > MAX_WINDOW_BYTES) {
    throw new UnsupportedError(`it needs ${describeSize(windowBytes)} of memory to decompress`);
  }
  return { windowBytes, hasChecksum: (descriptor & 0x04) !== 0 };
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
