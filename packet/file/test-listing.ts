/**
 * Tests only: reads a capture, in chunks of any size, into plain values that
 * can be compared with those of another reading.
 */
import type { Problem } from '../problem.ts';
import { type CaptureReaderOptions, createCaptureReader } from './reader.ts';
import type { CaptureReader } from './record.ts';

export interface ListedPacket {
  frame: number;
  /** ns since the epoch; null where the record has no time. */
  epoch: bigint | null;
  interfaceIndex: number;
  linkType: number;
  originalLength: number;
  /** The bytes, one character each. */
  data: string;
}

export interface Listing {
  packets: ListedPacket[];
  problems: Problem[];
  codes: string[];
  reader: CaptureReader;
}

export function listCapture(
  bytes: Uint8Array,
  chunkBytes = bytes.length,
  options: CaptureReaderOptions = {},
): Listing {
  return listChunks(splitEvery(bytes, chunkBytes), options);
}

export function listChunks(chunks: Iterable<Uint8Array>, options: CaptureReaderOptions = {}): Listing {
  const packets: ListedPacket[] = [];
  const problems: Problem[] = [];
  const reader = createCaptureReader(
    {
      packet(record) {
        const { frame, interfaceIndex, linkType, originalLength, view, offset, capturedLength } = record;
        packets.push({
          frame,
          epoch: record.hasTime ? reader.origin + BigInt(record.time) : null,
          interfaceIndex,
          linkType,
          originalLength,
          data: String.fromCharCode(
            ...new Uint8Array(view.buffer, view.byteOffset + offset, capturedLength).subarray(0, 4096),
          ),
        });
      },
      problem: (problem) => problems.push(problem),
    },
    options,
  );
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { packets, problems, codes: problems.map(({ code }) => code), reader };
}

export function splitEvery(bytes: Uint8Array, count: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += count) chunks.push(bytes.subarray(at, at + count));
  return chunks;
}

/** Cuts at random places: `cuts` are fractions of the whole. */
export function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

/** `00 01 ff`, spaces as one likes. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
