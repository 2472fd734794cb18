/** Pushes the bytes of a capture, decompressed, into whoever takes them. Chunks are never kept. */
import { decompressed } from './compression.ts';

/** What a capture is pushed into: the analyzer, or the frame flags. */
export interface ByteSink {
  push(chunk: Uint8Array): void;
  end(): void;
  problem(problem: { code: string; message: string }): void;
  /** Null until the bytes are known to be a capture. */
  readonly format: string | null;
  /** True once no more bytes are wanted. */
  readonly stopped?: boolean;
}

/** By then every format is known; without this an endless stream of text would be read for ever. */
const UNKNOWN_BYTES = 64 * 1024;

/** All of it. Damage goes to `sink.problem`; errors of `source` are thrown. `onPush` is called after every chunk with the bytes so far, decompressed; what it throws ends it. */
export async function feedCapture(
  source: AsyncIterable<Uint8Array>,
  sink: ByteSink,
  onPush: (pushed: number) => void,
): Promise<void> {
  let pushed = 0;
  for await (const chunk of decompressed(source, (problem) => sink.problem(problem))) {
    sink.push(chunk);
    pushed += chunk.length;
    if (sink.stopped === true || (sink.format === null && pushed > UNKNOWN_BYTES)) break;
    onPush(pushed);
  }
  sink.end();
}
