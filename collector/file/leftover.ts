/**
 * What a collector that was killed, or whose disk was full, left unfinished: cut to its last whole block, given its last
 * statistics with the gap that began there, and closed under its name.
 * The trap: after a loss of power a file may end in zeros that nobody wrote, which is a block that claims no bytes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';
import type { CaptureReader } from '../../packet/file/record.ts';
import { finishFile } from './capture-file.ts';
import { writeGap } from './gap-note.ts';
import type { RingFile } from './recording.ts';
import { parseFileName, UNFINISHED } from './ring-file.ts';

export const ENDED = 'the collector was ended';
const CHUNK_BYTES = 4 * 2 ** 20;

export interface Leftover {
  readonly file: RingFile;
  /** Up to when each interface was captured, by its name. */
  readonly ends: ReadonlyMap<string, bigint>;
}

/** `file`: without the mark. Null where nothing was in it; then it is gone. @throws what the system says */
export async function mendLeftover(file: string): Promise<Leftover | null> {
  const parsed = parseFileName(path.basename(file));
  const content = readContent(file + UNFINISHED);
  if (parsed === null || content.reader.interfaces.length === 0) {
    fs.rmSync(file + UNFINISHED);
    return null;
  }
  const { mtimeNs } = fs.statSync(file + UNFINISHED, { bigint: true });
  const covered = content.last.map((end) => end ?? parsed.from);
  const bytes = writeEnd(file + UNFINISHED, content, covered, mtimeNs);
  await finishFile(file);
  const ends = new Map<string, bigint>();
  for (const [i, { name = '' }] of content.reader.interfaces.entries()) {
    const end = covered[i]!;
    if (end > (ends.get(name) ?? 0n)) ends.set(name, end);
  }
  return { file: { path: file, ...parsed, to: mtimeNs, bytes }, ends };
}

interface Content {
  readonly reader: CaptureReader;
  /** Of its whole blocks. */
  readonly length: number;
  /** By interface: packets, and the last moment that is surely covered. */
  readonly packets: readonly number[];
  readonly last: readonly (bigint | null)[];
}

function readContent(file: string): Content {
  const packets: number[] = [];
  const times: number[] = [];
  let stop = 0;
  const reader = createCaptureReader({
    packet({ interfaceIndex: i, time }) {
      packets[i] = (packets[i] ?? 0) + 1;
      times[i] = Math.max(times[i] ?? Number.NEGATIVE_INFINITY, time);
    },
    problem({ at }) {
      stop = at.offset ?? stop;
    },
  });
  const length = feed(reader, file);
  const last = reader.interfaces.map(({ endTime }, i) => {
    const end = Math.max(times[i] ?? Number.NEGATIVE_INFINITY, endTime ?? Number.NEGATIVE_INFINITY);
    return Number.isFinite(end) ? reader.origin + BigInt(end) : null;
  });
  return {
    reader,
    length: reader.truncated || reader.stopped ? stop : length,
    packets: reader.interfaces.map((_, i) => packets[i] ?? 0),
    last,
  };
}

/** Returns the file's length. */
function feed(reader: CaptureReader, file: string): number {
  const fd = fs.openSync(file, 'r');
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    let length = 0;
    for (let read = -1; read !== 0; ) {
      read = fs.readSync(fd, chunk, 0, chunk.length, length);
      reader.push(chunk.subarray(0, read));
      length += read;
    }
    reader.end();
    return length;
  } finally {
    fs.closeSync(fd);
  }
}

/** Returns the file's length. `at`: when it was last written to, which it goes on to say. */
function writeEnd(file: string, content: Content, covered: readonly bigint[], at: bigint): number {
  const end = lastStatistics(content, covered, at);
  const fd = fs.openSync(file, 'r+');
  try {
    fs.ftruncateSync(fd, content.length);
    const written = writeAll(fd, end, content.length);
    // Without them it is whole too, and the next file says the same.
    if (!written) fs.ftruncateSync(fd, content.length);
    fs.futimesSync(fd, Number(at) / 1e9, Number(at) / 1e9);
    fs.fdatasyncSync(fd);
    return written ? content.length + end.length : content.length;
  } finally {
    fs.closeSync(fd);
  }
}

/** Of interfaces that were described twice, the last is the one that the gap began on. */
function lastStatistics({ reader, packets }: Content, covered: readonly bigint[], at: bigint): Uint8Array {
  const blocks: Uint8Array[] = [];
  // The file has its section; the writer's own only makes it know the interfaces.
  let emit = false;
  const writer = createPcapngWriter((block) => {
    if (emit) blocks.push(block);
  });
  for (const { linkType } of reader.interfaces) writer.addInterface({ linkType, resolution: 9 });
  emit = true;
  const names = reader.interfaces.map(({ name }) => name);
  for (const [i, { dropped }] of reader.interfaces.entries()) {
    if (names.lastIndexOf(names[i]) !== i) continue;
    writer.statistics({
      interfaceId: i,
      time: at,
      endTime: covered[i]!,
      received: BigInt(packets[i]! + (dropped ?? 0)),
      ...(dropped !== null && { interfaceDropped: BigInt(dropped) }),
      comments: [writeGap({ from: covered[i]!, to: null, why: ENDED })],
    });
  }
  return Buffer.concat(blocks);
}

/** False where the disk is full. */
function writeAll(fd: number, bytes: Uint8Array, position: number): boolean {
  try {
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(fd, bytes, at, bytes.length - at, position + at);
    }
    return true;
  } catch {
    return false;
  }
}
