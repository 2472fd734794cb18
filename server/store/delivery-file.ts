/** The file of a delivery: is it what was promised, and its way to its place. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { HEAD_BYTES } from './file-kind.ts';
import { PRIVATE_FOLDER } from './files.ts';

/** To another folder, which is made where it is missing; what both say is on the disk afterwards. */
export function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: PRIVATE_FOLDER });
  renameSync(from, to);
  for (const folder of [dirname(to), dirname(dirname(to))]) {
    const descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

/** Hash and first bytes. Of a file that was taken away: a hash that agrees with none. */
export async function digest(path: string): Promise<{ sha256: string; head: Uint8Array }> {
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes = chunk as Uint8Array;
      hash.update(bytes);
      if (size < HEAD_BYTES) head.push(bytes);
      size += bytes.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { sha256: '', head: new Uint8Array() };
  }
  return { sha256: hash.digest('hex'), head: Buffer.concat(head) };
}
