/**
 * In which order captures are fed: as they came, but the files of one vantage, which are one capture that was cut, in the
 * order in which they were written. People give them, and uploads arrive, in any.
 * The trap: a collector numbers its files, and a clock that was set back would put them in another order.
 */
import { type FileNote, fileNoteOf } from './collector-note.ts';
import { decompressed } from './compression.ts';
import { createCaptureReader } from './reader.ts';

/** A first packet stands behind its file's header: after this much the file has none that can be found. */
const MOST_BYTES = 1024 * 1024;

/** What the beginning of a file says of it. */
export interface CaptureHead {
  /** By whom and where, where a collector wrote it. */
  readonly note: FileNote | null;
  /** ns since the epoch of the first packet that has a time. */
  readonly time: bigint | null;
}

/** Reads no further than it must. `source` has the file's bytes, compressed or not; its errors are thrown. */
export async function readHead(source: AsyncIterable<Uint8Array>): Promise<CaptureHead> {
  let first: number | null = null;
  const reader = createCaptureReader({
    packet(record) {
      if (record.hasTime) first ??= record.time;
    },
    problem() {},
  });
  for await (const chunk of decompressed(source, () => {})) {
    reader.push(chunk);
    if (first !== null || reader.stopped || reader.bytes > MOST_BYTES) break;
  }
  return {
    note: fileNoteOf(reader.notes.collector),
    time: first === null ? null : reader.origin + BigInt(Math.round(first)),
  };
}

export interface Headed<T> {
  readonly file: T;
  readonly head: CaptureHead;
}

/** `vantageOf`: what somebody said where a file was taken; that a collector says it counts where nobody did. */
export function inFeedingOrder<T>(
  files: readonly Headed<T>[],
  vantageOf: (file: T) => string | null,
): Headed<T>[] {
  const groups = new Map<string | T, Headed<T>[]>();
  for (const one of files) {
    const { note } = one.head;
    const said = vantageOf(one.file);
    const noted = note === null ? one.file : `by ${note.collector} at ${note.vantage}`;
    const key = said === null ? noted : `said ${said}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => group.sort((a, b) => compare(a.head, b.head)));
}

/** By number where one collector wrote both, else by time. The sort is stable: files without a time stay behind, as they came. */
function compare(a: CaptureHead, b: CaptureHead): number {
  if (a.note !== null && a.note.collector === b.note?.collector && a.note.vantage === b.note.vantage) {
    return a.note.number - b.note.number;
  }
  if (a.time === null || b.time === null) return Number(a.time === null) - Number(b.time === null);
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}
