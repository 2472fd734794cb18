import { describe, expect, test } from 'vitest';
import { createPcapWriter } from './pcap-writer.ts';
import { hex, listCapture, listChunks, splitEvery } from './test-listing.ts';

const SECOND = 1_700_000_000n * 1_000_000_000n;

/** A header and one packet of 3 bytes, 60 on the wire, at 1700000000.000001 s (6553f100). */
const FILES: [string, string, bigint][] = [
  [
    'big-endian µs',
    'a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001 6553f100 00000001 00000003 0000003c 010203',
    1000n,
  ],
  [
    'little-endian µs',
    'd4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000 00f15365 01000000 03000000 3c000000 010203',
    1000n,
  ],
  [
    'big-endian ns',
    'a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000001 6553f100 00000001 00000003 0000003c 010203',
    1n,
  ],
  [
    'little-endian ns',
    '4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000 00f15365 01000000 03000000 3c000000 010203',
    1n,
  ],
  [
    'modified by Kuznetzov',
    'a1b2cd34 0002 0004 00000000 00000000 0000ffff 00000001 6553f100 00000001 00000003 0000003c 00000002 0800 00 00 010203',
    1000n,
  ],
  [
    'modified by Kuznetzov before that, of SuSE 6.3',
    'a1b2cd34 0002 0004 00000000 00000000 0000ffff 00000001 6553f100 00000001 00000003 0000003c 00000002 0800 00 00 00 00 0000 010203',
    1000n,
  ],
];

describe.each(FILES)('%s', (_name, text, nanos) => {
  test.each([1, 7, 1000])('in chunks of %i', (chunkBytes) => {
    const { packets, codes, reader } = listCapture(hex(text), chunkBytes);
    expect(codes).toEqual([]);
    expect(packets).toEqual([
      {
        frame: 1,
        epoch: SECOND + nanos,
        interfaceIndex: 0,
        linkType: 1,
        originalLength: 60,
        data: '\x01\x02\x03',
      },
    ]);
    expect(reader).toMatchObject({ format: 'pcap', origin: SECOND, frames: 1, truncated: false });
    expect(reader.interfaces).toEqual([
      {
        section: 0,
        linkType: 1,
        snaplen: 65_535,
        dropped: null,
        received: null,
        startTime: null,
        endTime: null,
      },
    ]);
  });
});

describe("Kuznetzov's magic number does not tell how long the header of a record is: the records do", () => {
  const MODIFIED = 'a1b2cd34 0002 0004 00000000 00000000 0000ffff 00000001';
  const FIELDS = '6553f100 00000001 00000003 0000003c';
  const EXTRA = { 16: '', 24: '00000002 0800 00 00', 28: '00000002 0800 00 00 00 00 0000' };
  const file = (records: number, header: 16 | 24 | 28) =>
    hex(`${MODIFIED} ${`${FIELDS} ${EXTRA[header]} 010203`.repeat(records)}`);

  test.each(
    [1, 2, 3, 10].flatMap((records) => ([16, 24, 28] as const).map((header) => ({ records, header }))),
  )('$records with $header bytes', ({ records, header }) => {
    for (const chunkBytes of [1, 30, 1000]) {
      const { packets, codes } = listCapture(file(records, header), chunkBytes);
      expect(packets.map(({ data }) => data)).toEqual(Array(records).fill('\x01\x02\x03'));
      // What Wireshark reads otherwise is said.
      expect(codes).toEqual(header === 16 ? ['records-plain'] : []);
    }
  });

  test.each([24, 28] as const)(
    'a file of %i bytes each that ends inside its fourth keeps three',
    (header) => {
      const { packets, codes, reader } = listCapture(file(4, header).subarray(0, -1), 20);
      expect(packets).toHaveLength(3);
      expect(codes).toEqual(['record-cut']);
      expect(reader.truncated).toBe(true);
    },
  );

  test('where no header makes sense of the records, nothing is made up of what follows the first', () => {
    const { packets, codes } = listCapture(hex(`${MODIFIED} ${FIELDS} ${'ff'.repeat(200)}`), 50);
    expect(packets).toHaveLength(1);
    expect(codes).toEqual(['record-too-long']);
  });
});

const HEADER = 'a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001';
const PACKET = '6553f100 00000001 00000003 0000003c 010203';

test('the length of the frame check sequence is not part of the link type', () => {
  const { reader } = listCapture(hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 14000071'));
  expect(reader.interfaces[0]?.linkType).toBe(0x71);
});

test('a file that ends inside a record keeps what came before', () => {
  const { packets, problems, reader } = listCapture(hex(`${HEADER} ${PACKET} ${PACKET}`).subarray(0, -1));
  expect(packets).toHaveLength(1);
  expect(reader.truncated).toBe(true);
  expect(problems).toEqual([
    {
      code: 'record-cut',
      kind: 'truncated',
      message:
        'The file ends inside frame 2, at byte 43 (18 bytes of it are there). Frames read before it: 1.',
      at: { offset: 43, frame: 2 },
    },
  ]);
});

test('a file that ends inside its header', () => {
  const { codes, reader } = listCapture(hex(HEADER).subarray(0, 10));
  expect(codes).toEqual(['record-cut']);
  expect(reader).toMatchObject({ format: 'pcap', truncated: true, frames: 0, origin: 0n });
});

test('a record that claims 3 GB ends the reading, and allocates nothing', () => {
  const { packets, problems } = listCapture(
    hex(`${HEADER} ${PACKET} 6553f100 00000001 b8c63f00 0000003c ${PACKET}`),
  );
  expect(packets).toHaveLength(1);
  expect(problems).toEqual([
    {
      code: 'record-too-long',
      kind: 'malformed',
      message: 'Frame 2, at byte 43, claims 3.1 GB: reading stops there. Frames read before it: 1.',
      at: { offset: 43, frame: 2 },
    },
  ]);
});

test('oddities are reported once and read on', () => {
  const longer = '6553f100 00000001 00000003 00000002 010203';
  const carried = '6553f100 001e8481 00000003 0000003c 010203';
  const { packets, codes } = listCapture(
    hex(`a1b2c3d4 0001 0004 00000000 00000000 0000ffff 00000001 ${longer.repeat(3)} ${carried.repeat(3)}`),
  );
  expect(codes).toEqual(['version-unknown', 'captured-exceeds-original', 'fraction-too-large']);
  expect(packets.map(({ epoch }) => epoch! - SECOND)).toEqual([
    1000n,
    1000n,
    1000n,
    2_000_001_000n,
    2_000_001_000n,
    2_000_001_000n,
  ]);
});

test('time that runs backwards is reported with its first frame; reordering by microseconds is not', () => {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk));
  for (const micros of [5000n, 4500n, 9000n, 7000n, 1000n]) {
    writer.packet({ time: SECOND + micros * 1000n, data: Uint8Array.of(1) });
  }
  const { problems } = listChunks(chunks);
  expect(problems).toMatchObject([{ code: 'time-backwards', at: { frame: 4 } }]);
});

test('a given origin moves the times, not the packets', () => {
  const bytes = hex(`${HEADER} ${PACKET}`);
  const origin = SECOND - 86_400_000_000_001n;
  const { packets, reader } = listCapture(bytes, 5, { origin });
  expect(reader.origin).toBe(origin);
  expect(packets[0]?.epoch).toBe(SECOND + 1000n);
});

test('a packet that straddles many chunks', () => {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk));
  writer.packet({ time: SECOND, data: new Uint8Array(70_000).fill(65) });
  writer.packet({ time: SECOND, data: new Uint8Array(3).fill(66) });
  const { packets, codes } = listChunks(chunks.flatMap((chunk) => splitEvery(chunk, 1000)));
  expect(codes).toEqual([]);
  expect(packets.map(({ originalLength }) => originalLength)).toEqual([70_000, 3]);
});

test('before version 2.3 the lengths of a record are in the other order', () => {
  // What nDPI's fuzzer found to be read by Wireshark and not here: a 2.0 file, 4 bytes captured of 524,501.
  const file = hex(`
    d4c3b2a1 0200 0000 00000000 00000000 00000400 01000000
    01000000 00000000 d5000800 04000000 aabbccdd`);
  const { packets, codes } = listCapture(file);
  expect(codes).toEqual(['version-unknown']);
  expect(packets.map(({ originalLength, data }) => [originalLength, data.length])).toEqual([[524_501, 4]]);
});
