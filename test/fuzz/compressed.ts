/** A compressed capture, mutated: it decompresses to the same in any chunks, to no more than a bound, and throws nothing. */
import { decompressed } from '../../packet/file/compression.ts';
import type { Problem } from '../../packet/problem.ts';

/** No mutation of a few KB makes more by chance; beyond it nobody goes on reading. */
const MOST_BYTES = 64 * 1024 * 1024;

export async function checkCompressed(bytes: Uint8Array, seed: number): Promise<string[]> {
  const whole = await decompress(bytes, bytes.length || 1);
  const again = await decompress(bytes, bytes.length < 600 ? 1 : 7 + (seed % 200));
  const broken: string[] = [];
  if (whole.hash !== again.hash || whole.length !== again.length) {
    broken.push(`${whole.length} bytes come out at once, ${again.length} (or others) in small chunks`);
  }
  const [a, b] = [whole, again].map(({ problems }) => problems.map(({ code }) => code).join());
  if (a !== b) broken.push(`problems [${a}] at once, [${b}] in small chunks`);
  if (whole.problems.length > 1) broken.push(`${whole.problems.length} problems`);
  return broken;
}

interface Decompressed {
  readonly length: number;
  readonly hash: number;
  readonly problems: readonly Problem[];
}

async function decompress(bytes: Uint8Array, chunk: number): Promise<Decompressed> {
  const problems: Problem[] = [];
  let length = 0;
  let hash = 0;
  for await (const piece of decompressed(chunksOf(bytes, chunk), (problem) => problems.push(problem))) {
    length += piece.length;
    for (let i = 0; i < piece.length; i += 1 + (piece.length >> 16)) hash = (hash * 31 + piece[i]!) | 0;
    if (length > MOST_BYTES) break;
  }
  // Pieces differ, and with long ones not every byte is looked at: then only lengths are compared.
  return { length, hash: length > 1 << 16 ? 0 : hash, problems };
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
