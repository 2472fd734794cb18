/**
 * Is this file a capture? Looks at its first bytes, decompressed, with the
 * reader that will read it: the name says nothing.
 */
import { decompressed } from '../packet/file/compression.ts';
import { createCaptureReader } from '../packet/file/reader.ts';
import { openChunks } from './read-capture.ts';

export interface SniffResult {
  isCapture: boolean;
  /** A sentence; '' for a capture. */
  why: string;
}

/** Enough for the header of any format, also behind a compressed block's header. */
const HEAD_BYTES = 64 * 1024;

/** @throws UserError `input` when the file cannot be read */
export async function sniffCapture(path: string): Promise<SniffResult> {
  let why = '';
  const keepFirst = ({ message }: { message: string }): void => {
    why ||= message;
  };
  const reader = createCaptureReader({ packet() {}, problem: keepFirst });
  for await (const chunk of decompressed(openChunks(path, HEAD_BYTES), keepFirst)) {
    reader.push(chunk);
    if (reader.format !== null || reader.bytes >= HEAD_BYTES) break;
  }
  if (reader.format === null) reader.end();
  return reader.format === null
    ? { isCapture: false, why: why || 'This is no capture.' }
    : { isCapture: true, why: '' };
}
