/**
 * A file's bytes for whoever looks at them once: two pieces of memory in turn, so that they stay in the
 * processor's cache and none is fetched from the system per chunk, which costs more than all decoding. While one is looked at
 * the other is being filled.
 * The trap: a chunk is valid only until the next one is asked for.
 */
import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/** The file's bytes in order; every chunk but the last has `chunkBytes`. Errors are those of the file system. */
export async function* reusedChunks(
  path: string,
  chunkBytes = CHUNK_BYTES,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path);
  // Allocated once the first chunk turns out not to be all: most files are small.
  let spare: Uint8Array | null = null;
  let filling: Promise<Uint8Array> | null = null;
  try {
    let chunk = await fill(file, new Uint8Array(chunkBytes));
    while (chunk.length === chunkBytes) {
      filling = fill(file, spare ?? new Uint8Array(chunkBytes));
      // Whoever stops asking never awaits it.
      filling.catch(() => {});
      yield chunk;
      spare = chunk;
      chunk = await filling;
    }
    if (chunk.length > 0) yield chunk;
  } finally {
    await filling?.catch(() => {});
    await file.close();
  }
}

/** As much of `into` as the file still fills: one read may bring less, of a pipe a few bytes. */
async function fill(file: FileHandle, into: Uint8Array): Promise<Uint8Array> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return into.subarray(0, filled);
}
