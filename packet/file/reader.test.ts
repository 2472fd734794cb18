import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPcapWriter } from './pcap-writer.ts';
import { createCaptureReader } from './reader.ts';
import { hex, listCapture, listChunks } from './test-listing.ts';

const text = (value: string) => new TextEncoder().encode(value);

test.each([
  ['nothing', new Uint8Array(0), 'empty-file', 'The file is empty.'],
  ['text', text('{"hello": 1}\n'), 'not-a-capture', 'This is no pcap or pcapng file: it is text.'],
  [
    'long text',
    text('hello world '.repeat(1000)),
    'not-a-capture',
    'This is no pcap or pcapng file: it is text.',
  ],
  ['gzip in gzip', hex('1f8b08000000'), 'not-a-capture', /gzip inside another/],
  ['xz', hex('fd377a585a0000'), 'not-a-capture', /xz -dc/],
  ['Network Monitor', text('GMBU\x00\x02'), 'not-a-capture', /Microsoft Network Monitor/],
  ['snoop', text('snoop\0\0\0\0\0\0\x02'), 'not-a-capture', /snoop/],
  ['btsnoop', text('btsnoop\0\0\0\0\x01'), 'not-a-capture', /btsnoop/],
  ['ERF', hex('0000000000000000 02 04 0050 0000 003c 0000 ffff'), 'not-a-capture', /ERF/],
  ['zeros', new Uint8Array(1000), 'not-a-capture', /zeros/],
  ['three bytes', hex('a1b2c3'), 'not-a-capture', /begins with a1 b2 c3/],
] as const)('%s', (_name, bytes, code, message) => {
  for (const chunkBytes of [1, 5, Math.max(1, bytes.length)]) {
    const { problems, reader, packets } = listCapture(bytes, chunkBytes);
    expect(problems).toEqual([
      { code, kind: expect.any(String), message: expect.stringMatching(message), at: { offset: 0 } },
    ]);
    expect(reader).toMatchObject({ format: null, frames: 0, origin: 0n, bytes: bytes.length });
    expect(packets).toEqual([]);
  }
});

test('what a file repeats is one problem', () => {
  const chunks: Uint8Array[] = [hex('0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000')];
  for (let i = 0; i < 1000; i++) chunks.push(hex('05000000 18000000 09000000 00000000 00000000 18000000'));
  expect(listChunks(chunks).codes).toEqual(['interface-unknown']);
});

test('any bytes: no throw, few problems, nothing made up', () => {
  const magics = fc.constantFrom('', 'a1b2c3d4', 'd4c3b2a1', '4d3cb2a1', 'a1b2cd34', '0a0d0d0a');
  fc.assert(
    fc.property(
      magics,
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 500 }),
      (magic, rest, chunkBytes) => {
        const bytes = Uint8Array.from([...hex(magic), ...rest]);
        const whole = listCapture(bytes);
        expect(whole.problems.length).toBeLessThanOrEqual(8);
        const pieces = listCapture(bytes, chunkBytes);
        expect(pieces.packets).toEqual(whole.packets);
        expect(pieces.problems).toEqual(whole.problems);
      },
    ),
    { numRuns: 2000 },
  );
});

test('the record is one object, and its bytes are those of the chunk', () => {
  const seen = new Set<unknown>();
  const reader = createCaptureReader({ packet: (record) => seen.add(record), problem: () => {} });
  const writer = createPcapWriter((chunk) => reader.push(chunk));
  for (let i = 0; i < 10; i++) writer.packet({ time: 0n, data: Uint8Array.of(i) });
  reader.end();
  expect(reader.frames).toBe(10);
  expect(seen.size).toBe(1);
});
