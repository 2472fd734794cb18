/**
 * Stored captures in the order in which they are fed: uploads arrive in any.
 */
import { createReadStream } from 'node:fs';
import { type Headed, inFeedingOrder as inOrder, readHead } from '../../packet/file/feeding-order.ts';
import type { FileOnDisk } from '../store/store.ts';

const CHUNK_BYTES = 64 * 1024;

/** With what each file's beginning says of it. */
export async function inFeedingOrder(files: readonly FileOnDisk[]): Promise<Headed<FileOnDisk>[]> {
  const headed: Headed<FileOnDisk>[] = [];
  for (const file of files) {
    const source = createReadStream(file.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
    headed.push({ file, head: await readHead(source) });
  }
  return inOrder(headed, ({ vantage }) => vantage);
}
