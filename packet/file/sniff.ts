/**
 * Is this a capture? Looks at the first bytes, decompressed, with the reader that will read it: the
 * name says nothing.
 */
import { decompressed } from './compression.ts';
import { createCaptureReader } from './reader.ts';

export interface SniffResult {
  isCapture: boolean;
  /** A sentence; '' for a capture. */
  why: string;
}

/**
 * Enough for the header of any format, also in a compressed file: a block of zstd has up to 128 KiB, and is decoded as a whole. Of
 * lz4, whose blocks have up to 8 MiB, and of gzip the beginning is decoded.
 */
export const HEAD_BYTES = 192 * 1024;

/** `source`: the file's bytes as they are; no more are asked for than needed. */
export async function sniffCapture(source: AsyncIterable<Uint8Array>): Promise<SniffResult> {
  let why = '';
  const keepFirst = ({ message }: { message: string }): void => {
    why ||= message;
  };
  const reader = createCaptureReader({ packet() {}, problem: keepFirst });
  for await (const chunk of decompressed(source, keepFirst)) {
    reader.push(chunk);
    if (reader.format !== null || reader.bytes >= HEAD_BYTES) break;
  }
  if (reader.format === null) reader.end();
  return reader.format === null
    ? { isCapture: false, why: why || 'This is no capture.' }
    : { isCapture: true, why: '' };
}
