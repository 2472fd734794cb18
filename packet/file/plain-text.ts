/**
 * A text file, plain or compressed, as a whole.
 * The trap: a few bytes may decompress to gigabytes, so reading stops at a limit.
 */
import type { ProblemSink } from '../problem.ts';
import { decompressed } from './compression.ts';

/** Logs of months; an incident is some hundred KB. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A capture shows by then that it is no text. */
const HEAD_BYTES = 4096;

/** Its text, or what is wrong with it. Errors of `source` are thrown. */
export async function readPlainText(
  source: AsyncIterable<Uint8Array>,
  onProblem: ProblemSink,
): Promise<{ text: string } | 'no-text' | 'too-large'> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of decompressed(source, onProblem)) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return 'too-large';
    if (chunks.length === 0 && chunk.subarray(0, HEAD_BYTES).includes(0)) return 'no-text';
    chunks.push(chunk);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  // Bytes that are no UTF-8 become marks that no line of a journal begins with.
  return { text: new TextDecoder().decode(all) };
}
