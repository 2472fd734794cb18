/**
 * Is it a capture, a journal, or neither? By its first bytes, decompressed; a name only helps where
 * a log begins with lines that say nothing of gateways.
 */

import { holdsJournal } from '../../analyzer/index.ts';
import { readPlainText } from '../../packet/file/plain-text.ts';
import { HEAD_BYTES, sniffCapture } from '../../packet/file/sniff.ts';
import { asClause } from '../../packet/problem.ts';

export { HEAD_BYTES };

export type DetectedKind =
  | { readonly kind: 'capture' | 'journal' }
  /** `why`: reads on after `FILE: `. */
  | { readonly kind: null; readonly why: string };

const LOG_NAME = /\.(?:log|jsonl|ndjson|journal)(?:\.\d{1,3})?(?:\.(?:gz|zst|lz4))?$/i;

/** `head`: the first 64 KiB of the file, or all of a shorter one. */
export async function detectKind(head: Uint8Array, name: string): Promise<DetectedKind> {
  if (head.length === 0) return { kind: null, why: 'the file is empty' };
  const capture = await sniffCapture(once(head));
  if (capture.isCapture) return { kind: 'capture' };
  // That the head of a compressed file ends early is no problem here.
  const text = await readPlainText(once(head), () => {});
  if (typeof text === 'object' && (holdsJournal(text.text) || LOG_NAME.test(name)))
    return { kind: 'journal' };
  const why = typeof text === 'object' ? 'neither a capture nor a journal of a gateway' : capture.why;
  return { kind: null, why: asClause(why) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
