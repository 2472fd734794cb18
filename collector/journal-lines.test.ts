/** Lines out of bytes that come in any pieces; longer ones than a journal has are passed over whole. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explainLongLines, LONGEST_LINE, readLines } from './journal-lines.ts';

function read(pieces: readonly Uint8Array[]): { lines: string[]; long: number } {
  const lines: string[] = [];
  let long = 0;
  const reading = readLines(
    (line) => lines.push(line),
    () => {
      long += 1;
    },
  );
  for (const piece of pieces) reading.take(piece);
  reading.end();
  return { lines, long };
}

it('are the same in any pieces', () => {
  const some = fc.string({ unit: fc.constantFrom('a', 'œ', ' ', '\r'), maxLength: 8 });
  const text = fc.array(fc.oneof(some, fc.constant('x'.repeat(LONGEST_LINE + 1))), { maxLength: 6 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 100_000 }), (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const short = lines.filter((line) => line.length <= LONGEST_LINE);
      expect(read(pieces)).toEqual({ lines: short, long: lines.length - short.length });
    }),
    { numRuns: 50 },
  );
});

it('the longest that is one, and the last, which may lack its end', () => {
  const longest = 'x'.repeat(LONGEST_LINE);
  expect(read([Buffer.from(`${longest}\nlast`)])).toEqual({ lines: [longest, 'last'], long: 0 });
  expect(read([Buffer.from(`${longest}x`)])).toEqual({ lines: [], long: 1 });
});

it('are told of in one sentence, with what to look at', () => {
  expect(explainLongLines({ node: 'node-a', file: '/var/log/a.jsonl' })).toEqual({
    event: 'trouble',
    what: 'the journal of node-a has lines of more than 64 KiB, which are passed over',
    hint: 'no node writes such lines: look at /var/log/a.jsonl',
  });
});
