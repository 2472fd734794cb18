/**
 * In which order captures are fed: as they came, but files of one named vantage are one capture that
 * was cut, and those the analyzer wants in the order of time. Uploads arrive in any.
 */
import { createReadStream } from 'node:fs';
import { decompressed } from '../../packet/file/compression.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';
import type { FileOnDisk } from '../store/store.ts';

const CHUNK_BYTES = 64 * 1024;
/** A first packet stands behind its file's header: after this much the file has none that can be found. */
const MOST_BYTES = 1024 * 1024;

export async function inFeedingOrder(files: readonly FileOnDisk[]): Promise<FileOnDisk[]> {
  const groups = new Map<string, FileOnDisk[]>();
  for (const file of files) {
    const key = file.vantage ?? `file ${file.id}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const ordered: FileOnDisk[] = [];
  for (const group of groups.values()) {
    if (group.length === 1) ordered.push(...group);
    else ordered.push(...(await byTime(group)));
  }
  return ordered;
}

async function byTime(files: readonly FileOnDisk[]): Promise<FileOnDisk[]> {
  const timed: { file: FileOnDisk; time: bigint | null }[] = [];
  for (const file of files) timed.push({ file, time: await firstTime(file.path) });
  // The sort is stable: files without a time stay behind, as they came.
  timed.sort((a, b) => compare(a.time, b.time));
  return timed.map(({ file }) => file);
}

function compare(a: bigint | null, b: bigint | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** ns since the epoch of the first packet that has a time; null where none is found. */
export async function firstTime(path: string): Promise<bigint | null> {
  let first: number | null = null;
  const reader = createCaptureReader({
    packet(record) {
      if (record.hasTime) first ??= record.time;
    },
    problem() {},
  });
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  for await (const chunk of decompressed(source, () => {})) {
    reader.push(chunk);
    if (first !== null || reader.stopped || reader.bytes > MOST_BYTES) break;
  }
  return first === null ? null : reader.origin + BigInt(Math.round(first));
}
