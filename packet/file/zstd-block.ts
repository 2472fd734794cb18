/**
 * Compressed blocks of zstd (RFC 8878, section 3.1.1.3): literals, then
 * sequences that say how many literals to take and what to repeat.
 * The trap: every length in here can lie. A block may decode to no more than
 * 128 KiB, which is checked before each copy, so no bytes can take long.
 */
import { DamagedError } from './decompression-error.ts';
import { BackwardBits, buildFseTable, type FseTable, readFseTable, singleSymbolTable } from './zstd-fse.ts';
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './zstd-huffman.ts';

/** RFC 8878, section 3.1.1.2.4. */
export const MAX_BLOCK_BYTES = 128 * 1024;
/** Zeros around the input, so that bits can be read in whole words at its ends. */
const MARGIN = 8;

/** One of the three codes of a sequence: how many extra bits follow, and what they are added to. */
interface SequenceCode {
  readonly extraBits: readonly number[];
  readonly baselines: readonly number[];
  readonly maxLog: number;
  readonly predefined: FseTable;
}

const LITERAL_LENGTH = sequenceCode(
  [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  0,
  9,
  6,
  [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, ...times(5, 1), ...times(4, -1)],
);
const MATCH_LENGTH = sequenceCode(
  [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  3,
  9,
  6,
  [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)],
);
/** Codes of 32 and more would reach further back than any window. */
const OFFSET = sequenceCode(
  Array.from({ length: 32 }, (_, code) => code),
  1,
  8,
  5,
  [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)],
);

/** Decodes the blocks of one frame, one after the other. What it returns is valid until the next call. */
export class ZstdBlockDecoder {
  readonly #windowBytes: number;
  /** What was decoded, at least the window of it, up to `#end`. Grows with what is decoded, not with what a header claims. */
  #output = new Uint8Array(2 * MAX_BLOCK_BYTES);
  #end = 0;
  readonly #input = new Uint8Array(MAX_BLOCK_BYTES + 2 * MARGIN);
  readonly #literals = new Uint8Array(MAX_BLOCK_BYTES);
  #literalCount = 0;
  #huffman: HuffmanTable | null = null;
  /** Literal length, offset, match length: kept for blocks that repeat them. */
  readonly #tables: (FseTable | null)[] = [null, null, null];
  /** The three offsets used last. */
  #first = 1;
  #second = 4;
  #third = 8;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  store(block: Uint8Array): Uint8Array {
    const from = this.#makeRoom();
    this.#output.set(block, from);
    return this.#decoded(from, from + block.length);
  }

  repeat(byte: number, count: number): Uint8Array {
    const from = this.#makeRoom();
    this.#output.fill(byte, from, from + count);
    return this.#decoded(from, from + count);
  }

  decode(block: Uint8Array): Uint8Array {
    const from = this.#makeRoom();
    const end = MARGIN + block.length;
    this.#input.set(block, MARGIN);
    this.#input.fill(0, end, end + MARGIN);
    const at = this.#readLiterals(MARGIN, end);
    return this.#decoded(from, this.#readSequences(at, end, from));
  }

  /** Returns where a block of any length can be decoded to. */
  #makeRoom(): number {
    const wanted = this.#end + MAX_BLOCK_BYTES;
    if (wanted > this.#output.length) {
      // Half a window beyond the window: what is moved to the front is at most twice what is decoded.
      const most = this.#windowBytes + Math.max(2 * MAX_BLOCK_BYTES, this.#windowBytes >> 1);
      if (this.#output.length < most) {
        const grown = new Uint8Array(Math.min(most, Math.max(wanted, this.#output.length * 2)));
        grown.set(this.#output.subarray(0, this.#end));
        this.#output = grown;
      }
      if (wanted > this.#output.length) {
        const kept = Math.min(this.#end, this.#windowBytes);
        this.#output.copyWithin(0, this.#end - kept, this.#end);
        this.#end = kept;
      }
    }
    return this.#end;
  }

  #decoded(from: number, end: number): Uint8Array {
    this.#end = end;
    return this.#output.subarray(from, end);
  }

  /** Section 3.1.1.3.1. Returns where the literals end. */
  #readLiterals(at: number, end: number): number {
    const data = this.#input;
    const type = data[at]! & 3;
    const format = (data[at]! >> 2) & 3;
    const isStored = type < 2;
    const headBytes = isStored ? [1, 2, 1, 3][format]! : [3, 3, 4, 5][format]!;
    const count = isStored
      ? littleEndian(data, at, headBytes) >> (format & 1 ? 4 : 3)
      : Math.floor(littleEndian(data, at, headBytes) / 16) & mask(sizeBits(format));
    if (count > MAX_BLOCK_BYTES) throw new DamagedError('a zstd block holds too many literals');
    this.#literalCount = count;
    at += headBytes;
    if (type === 0) {
      requireWithin(at + count, end);
      this.#literals.set(data.subarray(at, at + count));
      return at + count;
    }
    if (type === 1) {
      requireWithin(at + 1, end);
      this.#literals.fill(data[at]!, 0, count);
      return at + 1;
    }
    const shift = 4 + sizeBits(format);
    const stop = at + Math.floor(littleEndian(data, at - headBytes, headBytes) / 2 ** shift);
    requireWithin(stop, end);
    if (type === 2) {
      const read = readHuffmanTable(data, at, stop);
      this.#huffman = read.table;
      at = read.at;
    }
    if (this.#huffman === null) throw new DamagedError('a zstd block repeats a table that there is not');
    decodeHuffman(this.#huffman, data, at, stop, this.#literals.subarray(0, count), format === 0 ? 1 : 4);
    return stop;
  }

  /** Section 3.1.1.3.2. Returns where the output ends. */
  #readSequences(at: number, end: number, from: number): number {
    const data = this.#input;
    requireWithin(at + 1, end);
    let count = data[at++]!;
    if (count === 255) {
      count = data[at]! + (data[at + 1]! << 8) + 0x7f00;
      at += 2;
    } else if (count > 127) {
      count = ((count - 128) << 8) + data[at++]!;
    }
    if (count === 0) return this.#takeLiterals(0, this.#literalCount, from, from + MAX_BLOCK_BYTES);
    const modes = data[at++]!;
    at = this.#readTable(0, modes >> 6, LITERAL_LENGTH, at, end);
    at = this.#readTable(1, (modes >> 4) & 3, OFFSET, at, end);
    at = this.#readTable(2, (modes >> 2) & 3, MATCH_LENGTH, at, end);
    requireWithin(at + 1, end);
    return this.#runSequences(count, new BackwardBits(data, at, end), from);
  }

  #readTable(slot: 0 | 1 | 2, mode: number, code: SequenceCode, at: number, end: number): number {
    if (mode === 0) {
      this.#tables[slot] = code.predefined;
    } else if (mode === 1) {
      const symbol = this.#input[at++]!;
      if (symbol >= code.extraBits.length)
        throw new DamagedError('a zstd block uses a code that there is not');
      this.#tables[slot] = singleSymbolTable(symbol);
    } else if (mode === 2) {
      const read = readFseTable(this.#input, at, end, code.maxLog, code.extraBits.length);
      this.#tables[slot] = read.table;
      at = read.at;
    } else if (this.#tables[slot] === null) {
      throw new DamagedError('a zstd block repeats a table that there is not');
    }
    return at;
  }

  #runSequences(count: number, bits: BackwardBits, from: number): number {
    const [lengths, offsets, matches] = this.#tables as [FseTable, FseTable, FseTable];
    const limit = from + MAX_BLOCK_BYTES;
    let lengthState = bits.read(lengths.log);
    let offsetState = bits.read(offsets.log);
    let matchState = bits.read(matches.log);
    let literal = 0;
    let out = from;
    for (let i = 1; i <= count; i++) {
      const offsetCode = offsets.symbols[offsetState]!;
      const matchCode = matches.symbols[matchState]!;
      const lengthCode = lengths.symbols[lengthState]!;
      const offsetValue = 2 ** offsetCode + bits.read(offsetCode);
      const matchLength = MATCH_LENGTH.baselines[matchCode]! + bits.read(MATCH_LENGTH.extraBits[matchCode]!);
      const literalLength =
        LITERAL_LENGTH.baselines[lengthCode]! + bits.read(LITERAL_LENGTH.extraBits[lengthCode]!);
      if (i < count) {
        lengthState = lengths.baselines[lengthState]! + bits.read(lengths.bits[lengthState]!);
        matchState = matches.baselines[matchState]! + bits.read(matches.bits[matchState]!);
        offsetState = offsets.baselines[offsetState]! + bits.read(offsets.bits[offsetState]!);
      }
      if (bits.left < 0) throw new DamagedError('a zstd block ends before its sequences do');
      out = this.#takeLiterals(literal, literalLength, out, limit);
      literal += literalLength;
      out = this.#copyMatch(this.#resolveOffset(offsetValue, literalLength), matchLength, out, limit);
    }
    if (bits.left !== 0) throw new DamagedError('a zstd block goes on behind its sequences');
    return this.#takeLiterals(literal, this.#literalCount - literal, out, limit);
  }

  #takeLiterals(literal: number, count: number, out: number, limit: number): number {
    if (count < 0 || literal + count > this.#literalCount || out + count > limit) {
      throw new DamagedError('a zstd block takes more literals than it has');
    }
    const source = this.#literals;
    const output = this.#output;
    if (count > 32) output.set(source.subarray(literal, literal + count), out);
    else for (let i = 0; i < count; i++) output[out + i] = source[literal + i]!;
    return out + count;
  }

  /** Section 3.1.1.5: values up to 3 name one of the three recent offsets, by another rule where there are no literals. */
  #resolveOffset(value: number, literalLength: number): number {
    const index = literalLength === 0 ? value : value - 1;
    if (value <= 3 && index === 0) return this.#first;
    let offset = value - 3;
    if (value <= 3) offset = index === 1 ? this.#second : index === 2 ? this.#third : this.#first - 1;
    if (value > 3 || index > 1) this.#third = this.#second;
    this.#second = this.#first;
    this.#first = offset;
    return offset;
  }

  #copyMatch(offset: number, count: number, out: number, limit: number): number {
    if (offset <= 0 || offset > out || offset > this.#windowBytes || out + count > limit) {
      throw new DamagedError('a zstd block repeats what there is not');
    }
    const output = this.#output;
    const from = out - offset;
    if (count > 32 && offset >= count) output.copyWithin(out, from, from + count);
    else for (let i = 0; i < count; i++) output[out + i] = output[from + i]!;
    return out + count;
  }
}

function sequenceCode(
  extraBits: number[],
  firstBaseline: number,
  maxLog: number,
  log: number,
  probabilities: number[],
): SequenceCode {
  let next = firstBaseline;
  const baselines = extraBits.map((bits) => {
    const baseline = next;
    next += 2 ** bits;
    return baseline;
  });
  return { extraBits, baselines, maxLog, predefined: buildFseTable(probabilities, log) };
}

/** Bits of each of the two sizes of compressed literals. */
const sizeBits = (format: number): number => [10, 10, 14, 18][format]!;
const mask = (bits: number): number => 2 ** bits - 1;

function littleEndian(data: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + data[at + i]!;
  return value;
}

function requireWithin(at: number, end: number): void {
  if (at > end) throw new DamagedError('a part of a zstd block is longer than the block');
}

function times(count: number, value: number): number[] {
  return new Array<number>(count).fill(value);
}

function zeros(count: number): number[] {
  return times(count, 0);
}
