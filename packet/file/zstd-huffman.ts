/**
 * Huffman-coded literals of zstd (RFC 8878, section 4.2): weights, themselves
 * coded, make a table that is looked up with the next bits.
 * The trap: the last weight is not written; it is what is missing to a power of two.
 */
import { DamagedError } from './decompression-error.ts';
import { BackwardBits, readFseTable } from './zstd-fse.ts';

/** By the next `log` bits: the symbol, and how many of the bits are its. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const MAX_LOG = 11;
const MAX_WEIGHTS_LOG = 6;

export function readHuffmanTable(
  data: Uint8Array,
  at: number,
  end: number,
): { table: HuffmanTable; at: number } {
  const head = at < end ? data[at]! : 0;
  const from = at + 1;
  // Above 127 it counts weights of 4 bits each; below, it is the length of the coded weights.
  const stop = from + (head < 128 ? head : (head - 126) >> 1);
  if (stop > end || head === 0) throw new DamagedError('a zstd Huffman table is longer than its block');
  const weights = head < 128 ? readCodedWeights(data, from, stop) : readPlainWeights(data, from, head - 127);
  return { table: buildHuffmanTable(weights), at: stop };
}

function readPlainWeights(data: Uint8Array, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const byte = data[from + (i >> 1)]!;
    return i % 2 === 0 ? byte >> 4 : byte & 15;
  });
}

/** Two states take turns, until there are no bits left for the next one. */
function readCodedWeights(data: Uint8Array, from: number, end: number): number[] {
  const { table, at } = readFseTable(data, from, end, MAX_WEIGHTS_LOG, 16);
  const bits = new BackwardBits(data, at, end);
  const weights: number[] = [];
  const states = [bits.read(table.log), bits.read(table.log)];
  if (bits.left < 0) throw new DamagedError('a zstd Huffman table has no weights');
  for (let turn = 0; ; turn ^= 1) {
    // A single symbol takes no bits and would go on for ever.
    if (weights.length > 253) throw new DamagedError('a zstd Huffman table has too many weights');
    const state = states[turn]!;
    weights.push(table.symbols[state]!);
    states[turn] = table.baselines[state]! + bits.read(table.bits[state]!);
    if (bits.left < 0) {
      weights.push(table.symbols[states[turn ^ 1]!]!);
      return weights;
    }
  }
}

function buildHuffmanTable(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 2 ** (weight - 1) : 0), 0);
  const log = 32 - Math.clz32(sum);
  const missing = 2 ** log - sum;
  if (sum === 0 || log > MAX_LOG || (missing & (missing - 1)) !== 0) {
    throw new DamagedError('a zstd Huffman table does not add up');
  }
  const all = [...weights, 32 - Math.clz32(missing)];
  const table = { log, symbols: new Uint8Array(1 << log), bits: new Uint8Array(1 << log) };
  let next = 0;
  for (let weight = 1; weight <= log; weight++) {
    all.forEach((own, symbol) => {
      if (own !== weight) return;
      const count = 1 << (weight - 1);
      table.symbols.fill(symbol, next, next + count);
      table.bits.fill(log + 1 - weight, next, next + count);
      next += count;
    });
  }
  return table;
}

/** Fills `target` from `from` to `end` of `data`, written as one stream or as four, each for a quarter of it. */
export function decodeHuffman(
  table: HuffmanTable,
  data: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  streams: 1 | 4,
): void {
  if (streams === 1) {
    decodeStream(table, data, from, end, target);
    return;
  }
  const quarter = (target.length + 3) >> 2;
  if (end - from < 6 || 3 * quarter > target.length) {
    throw new DamagedError('a zstd block has no room for four streams');
  }
  let at = from + 6;
  for (let i = 0; i < 4; i++) {
    const stop = i < 3 ? at + data[from + 2 * i]! + (data[from + 2 * i + 1]! << 8) : end;
    if (stop > end) throw new DamagedError('a zstd stream is longer than its block');
    decodeStream(table, data, at, stop, target.subarray(i * quarter, i < 3 ? (i + 1) * quarter : undefined));
    at = stop;
  }
}

function decodeStream(
  { log, symbols, bits }: HuffmanTable,
  data: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
): void {
  let left = new BackwardBits(data, from, end).left;
  const mask = (1 << log) - 1;
  for (let i = 0; i < target.length; i++) {
    const start = left - log;
    // Near its beginning a stream has fewer bits than the table asks for; zeros stand in.
    const at = from + (start >> 3);
    const word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
    let index = (word >>> (start & 7)) & mask;
    if (start < 0) index &= mask << -start;
    left -= bits[index]!;
    if (left < 0) throw new DamagedError('a zstd stream ends before its literals do');
    target[i] = symbols[index]!;
  }
  if (left !== 0) throw new DamagedError('a zstd stream goes on behind its literals');
}
