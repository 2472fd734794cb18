/**
 * Finite state entropy, the arithmetic coder of zstd (RFC 8878, section 4.1):
 * tables of states, each a symbol and how to get to the next state.
 * The trap: the bits of a stream are read from its end backwards.
 */
import { DamagedError } from './decompression-error.ts';

/** By state: the symbol, and the bits to read and add to the baseline for the next state. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly baselines: Uint16Array;
}

/** Reads a stream from its last set bit back to its first byte. Reading beyond it leaves `left` negative and makes up bits. */
export class BackwardBits {
  /** Bits not yet read. */
  left: number;
  readonly #data: Uint8Array;
  readonly #from: number;

  /** `data` has some bytes before `from` and behind `end`, whatever they are. */
  constructor(data: Uint8Array, from: number, end: number) {
    const last = data[end - 1]!;
    if (end <= from || last === 0) throw new DamagedError('a zstd bit stream has no end');
    this.#data = data;
    this.#from = from;
    this.left = (end - from) * 8 - 1 - Math.clz32(last << 24);
  }

  /** At most 32 bits. */
  read(count: number): number {
    if (count > 24) return this.read(count - 16) * 65_536 + this.read(16);
    this.left -= count;
    if (this.left < 0) return 0;
    const data = this.#data;
    const at = this.#from + (this.left >> 3);
    const word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    return (word >>> (this.left & 7)) & ((1 << count) - 1);
  }
}

/** Section 4.1.1: reads probabilities and makes their table. */
export function readFseTable(
  data: Uint8Array,
  from: number,
  end: number,
  maxLog: number,
  maxSymbols: number,
): { table: FseTable; at: number } {
  let bit = from * 8;
  const take = (count: number): number => {
    const at = bit >> 3;
    if (at >= end) throw new DamagedError('a zstd table is longer than its block');
    const word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
    const value = (word >>> (bit & 7)) & ((1 << count) - 1);
    bit += count;
    return value;
  };
  const log = take(4) + 5;
  if (log > maxLog) throw new DamagedError('a zstd table is too precise');
  const probabilities: number[] = [];
  let remaining = 1 << log;
  while (remaining > 0) {
    if (probabilities.length >= maxSymbols) throw new DamagedError('a zstd table has too many symbols');
    // A value needs one bit less where the whole range of the longer form is not used.
    const bits = 32 - Math.clz32(remaining + 1);
    const unused = (1 << bits) - 2 - remaining;
    let value = take(bits - 1);
    if (value >= unused) {
      value |= take(1) << (bits - 1);
      if (value >= 1 << (bits - 1)) value -= unused;
    }
    const probability = value - 1;
    probabilities.push(probability);
    remaining -= Math.abs(probability);
    if (probability === 0) {
      for (let repeat = 3; repeat === 3; ) {
        repeat = take(2);
        for (let i = 0; i < repeat; i++) probabilities.push(0);
        if (probabilities.length > maxSymbols) throw new DamagedError('a zstd table has too many symbols');
      }
    }
  }
  const at = (bit + 7) >> 3;
  if (at > end || remaining < 0) throw new DamagedError('a zstd table does not add up');
  return { table: buildFseTable(probabilities, log), at };
}

/** Probabilities add up to `2^log`; -1 stands for "less than 1" and takes one state at the end. */
export function buildFseTable(probabilities: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const table = {
    log,
    symbols: new Uint8Array(size),
    bits: new Uint8Array(size),
    baselines: new Uint16Array(size),
  };
  let high = size;
  probabilities.forEach((probability, symbol) => {
    if (probability === -1) table.symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  probabilities.forEach((probability, symbol) => {
    for (let i = 0; i < probability; i++) {
      table.symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  });
  const next = probabilities.map(Math.abs);
  for (let state = 0; state < size; state++) {
    const value = next[table.symbols[state]!]!++;
    const bits = log - (31 - Math.clz32(value));
    table.bits[state] = bits;
    table.baselines[state] = (value << bits) - size;
  }
  return table;
}

export function singleSymbolTable(symbol: number): FseTable {
  return {
    log: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    baselines: new Uint16Array(1),
  };
}
