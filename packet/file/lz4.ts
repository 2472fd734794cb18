/**
 * lz4 frames (the "LZ4 Frame Format" description, version 1.6): header, blocks
 * of at most 4 MiB, end mark; several frames, skippable ones between them.
 * Checksums are passed over: what the capture formats check is enough.
 * The trap: blocks may refer to the 64 KiB before them, across blocks. And they are long: the head of a file that is looked at,
 * or all of one that was cut, may be the beginning of its first block, which still tells much (`lz4-cut.ts`).
 */
import type { AsyncBytes } from './async-bytes.ts';
import { DamagedError, TruncatedError, UnsupportedError } from './decompression-error.ts';
import { cutBlock } from './lz4-cut.ts';

const MAGIC = 0x184d2204;
/** The frame format of lz4 before 1.0: blocks of 8 MiB, which end with the file or another magic. */
const LEGACY_MAGIC = 0x184c2102;
const LEGACY_BLOCK_BYTES = 8 << 20;
const HISTORY_BYTES = 65_536;

type DecodeBlock = typeof import('lz4js').default.decompressBlock;

/** Yields pieces that are valid until the next one is asked for. Throws `TruncatedError`, `DamagedError`. */
export async function* lz4Decoded(bytes: AsyncBytes): AsyncGenerator<Uint8Array> {
  // By its default: a bundle in chunks has no names of a CommonJS module that is loaded late.
  const { decompressBlock } = (await import('lz4js')).default;
  let magic = await bytes.word();
  while (magic !== null) {
    if (magic === MAGIC) {
      yield* decodeFrame(bytes, decompressBlock);
      magic = await bytes.word();
    } else if (magic === LEGACY_MAGIC) {
      magic = yield* decodeLegacy(bytes, decompressBlock);
    } else if (magic >>> 4 === 0x184d2a5) {
      const length = await bytes.word();
      if (length === null) throw new TruncatedError();
      await bytes.skip(length);
      magic = await bytes.word();
    } else {
      throw new DamagedError('what follows is no lz4 frame');
    }
  }
}

async function* decodeFrame(bytes: AsyncBytes, decode: DecodeBlock): AsyncGenerator<Uint8Array> {
  const [flags, sizes] = await bytes.exactly(2);
  const maxBlock = 1 << (8 + 2 * ((sizes! >> 4) & 7));
  if (flags! >> 6 !== 1 || maxBlock < 65_536) throw new DamagedError('its lz4 header is not understood');
  const has = (bit: number) => (flags! & bit) !== 0;
  if (has(0x01)) throw new UnsupportedError('it needs an lz4 dictionary');
  await bytes.exactly((has(0x08) ? 8 : 0) + 1);
  const window = new Window(maxBlock, decode);
  for (;;) {
    const word = await bytes.word();
    if (word === null) throw new TruncatedError();
    if (word === 0) break;
    const length = word & 0x7fff_ffff;
    if (length > maxBlock) throw new DamagedError('an lz4 block is longer than its frame allows');
    const block = await bytes.read(length);
    const isStored = word >>> 31 === 1;
    if (block.length < length) {
      yield isStored ? window.store(block) : window.decodeCut(block);
      throw new TruncatedError();
    }
    yield isStored ? window.store(block) : window.decode(block);
    if (has(0x10)) await bytes.exactly(4);
  }
  if (has(0x04)) await bytes.exactly(4);
}

/** Returns the magic that ended it. */
async function* decodeLegacy(
  bytes: AsyncBytes,
  decode: DecodeBlock,
): AsyncGenerator<Uint8Array, number | null> {
  const window = new Window(LEGACY_BLOCK_BYTES, decode);
  for (;;) {
    const length = await bytes.word();
    if (length === null || length === MAGIC || length === LEGACY_MAGIC) return length;
    // Incompressible data grows by a byte in 255 and a few.
    if (length > LEGACY_BLOCK_BYTES + LEGACY_BLOCK_BYTES / 255 + 16) {
      throw new DamagedError('an lz4 block is longer than its frame allows');
    }
    const block = await bytes.read(length);
    yield block.length < length ? window.decodeCut(block) : window.decode(block);
    if (block.length < length) throw new TruncatedError();
  }
}

/** The last 64 KiB that were decoded, and behind them room for a block. */
class Window {
  readonly #bytes: Uint8Array;
  readonly #decode: DecodeBlock;
  /** Where the last block ended. */
  #end = HISTORY_BYTES;

  constructor(maxBlock: number, decode: DecodeBlock) {
    this.#bytes = new Uint8Array(HISTORY_BYTES + maxBlock);
    this.#decode = decode;
  }

  decode(block: Uint8Array): Uint8Array {
    return this.#kept(this.#decoded(block));
  }

  /** Of the beginning of a block. */
  decodeCut(beginning: Uint8Array): Uint8Array {
    const { whole, literals } = cutBlock(beginning);
    const end = this.#decoded(whole);
    const some = literals.subarray(0, this.#bytes.length - end);
    this.#bytes.set(some, end);
    return this.#kept(end + some.length);
  }

  /** @returns where it ended */
  #decoded(block: Uint8Array): number {
    this.#slide();
    // The decoder does not look where it writes, and writing behind a typed array is lost; where it ended tells.
    const end = this.#decode(block, this.#bytes, 0, block.length, HISTORY_BYTES);
    if (!(end <= this.#bytes.length))
      throw new DamagedError('an lz4 block decodes to more than its frame allows');
    return end;
  }

  store(block: Uint8Array): Uint8Array {
    this.#slide();
    this.#bytes.set(block, HISTORY_BYTES);
    return this.#kept(HISTORY_BYTES + block.length);
  }

  #slide(): void {
    this.#bytes.copyWithin(0, this.#end - HISTORY_BYTES, this.#end);
  }

  #kept(end: number): Uint8Array {
    this.#end = end;
    return this.#bytes.subarray(HISTORY_BYTES, end);
  }
}
