/** Is this file a capture? */
import { HEAD_BYTES, type SniffResult, sniffCapture } from '../packet/file/sniff.ts';
import { openChunks } from './read-capture.ts';

/** @throws UserError `input` when the file cannot be read */
export const sniffFile = (path: string): Promise<SniffResult> => sniffCapture(openChunks(path, HEAD_BYTES));
