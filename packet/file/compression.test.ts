import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../problem.ts';
import { decompressed, detectCompression } from './compression.ts';
import { hex, splitEvery } from './test-listing.ts';

interface Result {
  bytes: Buffer;
  chunks: number[];
  problems: Problem[];
}

async function* source(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function run(bytes: Uint8Array, chunkBytes = bytes.length || 1): Promise<Result> {
  const problems: Problem[] = [];
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(source(splitEvery(bytes, chunkBytes)), (problem) =>
    problems.push(problem),
  )) {
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), chunks: chunks.map(({ length }) => length), problems };
}

/** Text that compresses some, as captures do. */
const TEXT = Buffer.from(
  Array.from(
    { length: 12_000 },
    (_, i) => `line ${i} of a text that repeats, ${(i * i * 7919) % 1_000_003}\n`,
  ).join(''),
);

test.each([
  ['gzip', '1f8b0800'],
  ['zstd', '28b52ffd'],
  ['lz4', '04224d18'],
  ['lz4', '02214c18'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a6839'],
  [null, 'a1b2c3d4'],
  [null, '1f8b'],
  [null, ''],
])('detects %s', (compression, head) => {
  expect(detectCompression(hex(head))).toBe(compression);
});

test('what is not compressed passes as it is, chunk by chunk', async () => {
  const { bytes, chunks, problems } = await run(TEXT, 100_000);
  expect(bytes.equals(TEXT)).toBe(true);
  expect(problems).toEqual([]);
  expect(chunks[1]).toBe(100_000);
  expect(await run(Uint8Array.of(1, 2))).toMatchObject({ bytes: Buffer.of(1, 2), problems: [] });
  expect(await run(new Uint8Array(0))).toMatchObject({ bytes: Buffer.of(), problems: [] });
});

test('xz passes as it is, so that the reader names it', async () => {
  const xz = hex('fd377a585a000004');
  expect(await run(xz, 1)).toMatchObject({ bytes: Buffer.from(xz), problems: [] });
});

describe('gzip', () => {
  const packed = gzipSync(TEXT);

  test.each([1, 100, 65_536, 1_000_000])('in chunks of %i', async (chunkBytes) => {
    const { bytes, problems, chunks } = await run(packed, chunkBytes);
    expect(problems).toEqual([]);
    expect(bytes.equals(TEXT)).toBe(true);
    expect(Math.min(...chunks.slice(0, -1))).toBeGreaterThanOrEqual(65_536);
  });

  test('several members are one file, wherever they meet', async () => {
    const file = Buffer.concat([
      gzipSync('one '),
      gzipSync(''),
      packed,
      gzipSync(' three'),
      new Uint8Array(700),
    ]);
    for (const chunkBytes of [1, 7, 64, file.length]) {
      const { bytes, problems } = await run(file, chunkBytes);
      expect(problems).toEqual([]);
      expect(bytes.equals(Buffer.concat([Buffer.from('one '), TEXT, Buffer.from(' three')]))).toBe(true);
    }
  });

  test('cut at any place, it yields what there is and says so', async () => {
    for (let length = 3; length < packed.length; length += Math.ceil(packed.length / 50)) {
      const { bytes, problems } = await run(packed.subarray(0, length));
      expect(problems).toMatchObject([{ code: 'compressed-file-truncated', kind: 'truncated' }]);
      expect(TEXT.subarray(0, bytes.length).equals(bytes)).toBe(true);
      expect(bytes.length).toBeGreaterThanOrEqual(((length - 8000) / packed.length) * TEXT.length);
    }
  });

  test('damaged in the middle, it yields nearly all before it', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, packed.length >> 1, (packed.length >> 1) + 40);
    const { bytes, problems } = await run(damaged);
    expect(problems).toMatchObject([{ code: 'compressed-file-damaged', kind: 'malformed' }]);
    expect(bytes.length).toBeGreaterThan(TEXT.length * 0.4);
    const sound = Math.floor(TEXT.length * 0.4);
    expect(bytes.subarray(0, sound).equals(TEXT.subarray(0, sound))).toBe(true);
  });

  test('what follows and is no gzip is told', async () => {
    const { bytes, problems } = await run(Buffer.concat([packed, Buffer.alloc(100_000, 'x')]), 1000);
    expect(problems).toMatchObject([{ code: 'compressed-file-damaged' }]);
    expect(bytes.length).toBeGreaterThan(TEXT.length * 0.9);
  });

  test('gzip in gzip is opened once', async () => {
    expect((await run(gzipSync(packed))).bytes.equals(packed)).toBe(true);
  });

  test('a bomb is handed out piece by piece, and may be left at any time', async () => {
    const bomb = Buffer.concat(new Array<Buffer>(20).fill(gzipSync(Buffer.alloc(50_000_000))));
    let closed = false;
    const chunks = (async function* () {
      try {
        for (const chunk of splitEvery(bomb, 65_536)) yield chunk;
      } finally {
        closed = true;
      }
    })();
    let taken = 0;
    for await (const chunk of decompressed(chunks, () => {})) {
      taken += chunk.length;
      if (taken > 100_000_000) break;
    }
    expect(taken).toBeLessThan(101_000_000);
    expect(closed).toBe(true);
    // Random bytes of V8 and the zero pages of other tests aside: a gigabyte was never there.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(300_000_000);
  });
});

describe('zstd', () => {
  /** Magic, a header byte, and a window of 1 KiB. */
  const head = '28b52ffd 00 00';
  const raw = (text: string, last: boolean) => {
    const word = (text.length << 3) | (last ? 1 : 0);
    return Buffer.concat([Buffer.of(word & 255, word >> 8, 0), Buffer.from(text)]);
  };

  test('frames, skippable frames, raw and repeated blocks', async () => {
    const skippable = hex('5a2a4d18 03000000 010203');
    const repeated = hex('0b2000 41'.replace('0b2000', '230000'));
    const file = Buffer.concat([
      hex(head),
      raw('hello ', false),
      repeated,
      skippable,
      hex(head),
      raw('', true),
    ]);
    for (const chunkBytes of [1, 3, 1000]) {
      const { bytes, problems } = await run(file, chunkBytes);
      expect(problems).toEqual([]);
      expect(bytes.toString()).toBe('hello AAAA');
    }
  });

  test.each([
    ['a window of 2 TB', '28b52ffd 00 f8 010000', 'compressed-file-unsupported', /needs 2199.0 GB of memory/],
    ['a segment of 3 GB', '28b52ffd a0 005ed0b2 010000', 'compressed-file-unsupported', /needs 3.0 GB/],
    ['a dictionary', '28b52ffd 01 00 07 010000', 'compressed-file-unsupported', /dictionary/],
    ['a block of no kind', `${head} 070000`, 'compressed-file-damaged', /no known kind/],
    ['a block longer than its window', `${head} 01ff00`, 'compressed-file-damaged', /longer than its frame/],
    ['a block cut', `${head} 290000 4142`, 'compressed-file-truncated', /ends in the middle/],
    ['another file behind', `${head} 010000 a1b2c3d4`, 'compressed-file-damaged', /no zstd frame/],
    // One symbol that takes no bits: a decoder that waits for the bits to end waits for ever.
    [
      'a table of one symbol',
      `${head} 550000 128001 04 f0030004 01 00`,
      'compressed-file-damaged',
      /too many weights/,
    ],
  ])('%s', async (_what, text, code, message) => {
    const { problems } = await run(hex(text));
    expect(problems).toEqual([
      {
        code: expect.stringMatching(code),
        kind: expect.any(String),
        message: expect.stringMatching(message),
        at: { offset: expect.any(Number) },
      },
    ]);
  });
});

describe('lz4', () => {
  const head = '04224d18 60 40 82';

  test('blocks stored and compressed, that refer to those before them', async () => {
    // Version 1, blocks linked. "abcd", then 8 bytes that repeat it (token 4: match of 8), then 5 literals.
    const linked = '04224d18 40 40 c0 04000080 61626364 09000000 04 0400 50 6566676869 00000000';
    for (const chunkBytes of [1, 1000]) {
      const { bytes, problems } = await run(hex(linked), chunkBytes);
      expect(problems).toEqual([]);
      expect(bytes.toString()).toBe('abcdabcdabcdefghi');
    }
  });

  test.each([
    ['a block longer than its frame allows', `${head} 00001000`, 'compressed-file-damaged'],
    [
      'a block that decodes to more',
      `${head} 2c010000 1f410100${'ff'.repeat(295)}00`,
      'compressed-file-damaged',
    ],
    ['a block cut', `${head} 00010000 1f41`, 'compressed-file-truncated'],
    ['no end mark', `${head} 01000080 41`, 'compressed-file-truncated'],
    ['an unknown version', '04224d18 a0 40 00', 'compressed-file-damaged'],
    ['a dictionary', '04224d18 61 40 00000000 00', 'compressed-file-unsupported'],
    ['another file behind', `${head} 00000000 a1b2c3d4`, 'compressed-file-damaged'],
  ])('%s', async (_what, text, code) => {
    expect((await run(hex(text))).problems).toMatchObject([{ code }]);
  });
});

describe.each([
  ['one block of 4 MiB', ['-1']],
  ['linked blocks of 64 KiB', ['-9', '-BD', '-B4']],
  ['the old format', ['-l']],
])('lz4 cut at any place (skipped without the command): %s', (_what, options) => {
  const packed = packWith('lz4', ...options);
  test.skipIf(packed === null)('it yields what there is, and says so', async () => {
    for (let length = 40; length < packed!.length - 8; length += Math.ceil(packed!.length / 50)) {
      const { bytes, problems } = await run(packed!.subarray(0, length));
      expect(problems).toMatchObject([{ code: 'compressed-file-truncated' }]);
      expect(TEXT.subarray(0, bytes.length).equals(bytes)).toBe(true);
      // Not more packed than the text around it, give or take.
      expect(bytes.length).toBeGreaterThan(length - 100);
    }
  });
});

function packWith(tool: string, ...options: string[]): Uint8Array | null {
  try {
    return execFileSync(tool, [...options, '-c'], { input: TEXT, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

describe.each([
  ['gzip', gzipSync(TEXT)],
  ['zstd', packWith('zstd', '-19')],
  ['lz4', packWith('lz4', '-9', '-BD', '-B4')],
])('%s, mutated (zstd and lz4 are skipped without their command)', (_name, packed) => {
  test.skipIf(packed === null)('unharmed, in any chunks', async () => {
    for (const chunkBytes of [1, 4096, packed!.length]) {
      const { bytes, problems } = await run(packed!, chunkBytes);
      expect(problems).toEqual([]);
      expect(bytes.equals(TEXT)).toBe(true);
    }
  });

  test.skipIf(packed === null)('no throw, one problem at most, no more than could be in it', async () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 8 }),
        fc.integer({ min: 1, max: 100_000 }),
        async (changes, chunkBytes) => {
          const bytes = Uint8Array.from(packed!);
          for (const { at, value } of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
          const result = await run(bytes, chunkBytes);
          expect(result.problems.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('any bytes behind a magic: no throw, and an end', async () => {
  const magic = fc.constantFrom(
    '1f8b0800',
    '28b52ffd',
    '28b52ffd0050',
    '04224d18',
    '04224d18604082',
    '02214c18',
  );
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
      const { problems, bytes } = await run(Buffer.concat([hex(start), rest]));
      expect(problems.length).toBeLessThanOrEqual(1);
      expect(bytes.length).toBeLessThan(100_000_000);
    }),
    { numRuns: 500 },
  );
});
