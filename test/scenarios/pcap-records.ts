/**
 * The records of a fixture's classic pcap, to cut, filter and rewrite captures.
 * A few lines of its own on purpose: what the reader under test misreads must
 * not be misread here as well.
 * The trap: fixtures are little-endian µs files; nothing else is read.
 */
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';

export interface PcapRecord {
  /** 1-based, as Wireshark counts. */
  readonly frame: number;
  /** ns since the epoch. */
  readonly time: bigint;
  readonly data: Uint8Array;
  readonly originalLength: number;
  /** Offset in the file of the first byte after the record. */
  readonly end: number;
}

export interface PcapFile {
  readonly snaplen: number;
  readonly linkType: number;
  readonly records: readonly PcapRecord[];
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

export function readPcap(bytes: Uint8Array): PcapFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4) throw new Error('not a little-endian µs pcap');
  const records: PcapRecord[] = [];
  let at = FILE_HEADER;
  while (at + RECORD_HEADER <= bytes.length) {
    const seconds = BigInt(view.getUint32(at, true));
    const micros = BigInt(view.getUint32(at + 4, true));
    const end = at + RECORD_HEADER + view.getUint32(at + 8, true);
    records.push({
      frame: records.length + 1,
      time: seconds * 1_000_000_000n + micros * 1000n,
      data: bytes.subarray(at + RECORD_HEADER, end),
      originalLength: view.getUint32(at + 12, true),
      end,
    });
    at = end;
  }
  return { snaplen: view.getUint32(16, true), linkType: view.getUint32(20, true), records };
}

/** The capture as it would be, had it been stopped after so many frames. */
export function cutAfter(bytes: Uint8Array, file: PcapFile, frames: number): Uint8Array {
  return bytes.subarray(0, frames === 0 ? FILE_HEADER : (file.records[frames - 1] as PcapRecord).end);
}

export interface Encoding {
  readonly format: 'pcap' | 'pcapng';
  readonly bigEndian?: boolean;
  readonly nanoseconds?: boolean;
}

/** What a rewritten record needs; the rest follows from its place. */
export type WrittenRecord = Pick<PcapRecord, 'time' | 'data' | 'originalLength'>;

/** A whole capture file of these records. `snaplen` and link type as in `like`. */
export function writeCapture(
  records: readonly WrittenRecord[],
  like: Pick<PcapFile, 'snaplen' | 'linkType'>,
  encoding: Encoding = { format: 'pcap' },
): Uint8Array {
  const chunks: Uint8Array[] = [];
  const emit = (chunk: Uint8Array): void => {
    chunks.push(chunk);
  };
  const { bigEndian = false, nanoseconds = false } = encoding;
  const { snaplen, linkType } = like;
  if (encoding.format === 'pcap') {
    const writer = createPcapWriter(emit, { bigEndian, nanoseconds, snaplen, linkType });
    for (const record of records) writer.packet(record);
  } else {
    const writer = createPcapngWriter(emit, { bigEndian });
    writer.addInterface({ linkType, snaplen, resolution: nanoseconds ? 9 : 6 });
    for (const record of records) writer.packet(record);
  }
  return Buffer.concat(chunks);
}
