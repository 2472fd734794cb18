/**
 * What the beginning of an lz4 block decodes to ("LZ4 Block Format", lz4 1.9): a block is a row of sequences, each of a token,
 * literals, and a match of what was decoded before.
 * The trap: the decoder of blocks does not look where its input ends, and makes up what is missing.
 */

export interface CutBlock {
  /** Sequences of which every byte is there, to be decoded as a block. */
  readonly whole: Uint8Array;
  /** What is there of the literals of the sequence that is cut: they follow. */
  readonly literals: Uint8Array;
}

const MOST_IN_TOKEN = 15;
const OFFSET_BYTES = 2;

/** Never throws: bytes that make no sense are sequences, too. */
export function cutBlock(beginning: Uint8Array): CutBlock {
  for (let start = 0; ; ) {
    const whole = beginning.subarray(0, start);
    const token = beginning[start];
    if (token === undefined) return { whole, literals: beginning.subarray(start) };
    const count = lengthAt(beginning, start + 1, token >> 4);
    if (count === null) return { whole, literals: beginning.subarray(0, 0) };
    const end = count.at + count.length;
    const match = lengthAt(beginning, end + OFFSET_BYTES, token & MOST_IN_TOKEN);
    if (end + OFFSET_BYTES > beginning.length || match === null)
      return { whole, literals: beginning.subarray(count.at, end) };
    start = match.at;
  }
}

/** A length that begins in a token and may go on at `at`, in bytes that are added up to the first that is not 255. Null: cut. */
function lengthAt(bytes: Uint8Array, at: number, inToken: number): { length: number; at: number } | null {
  if (inToken < MOST_IN_TOKEN) return { length: inToken, at };
  for (let length = inToken; ; ) {
    const byte = bytes[at++];
    if (byte === undefined) return null;
    length += byte;
    if (byte !== 255) return { length, at };
  }
}
