import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Column, packColumns, packedRows, unpackColumns } from './packed-columns.ts';

/** Near each other, far apart, negative, beyond 2^53, broken, and none at all. */
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constant(Number.NaN),
  fc.double(),
  fc.integer({ min: 0, max: 300 }).map((n) => 2 ** 40 + n),
);
const near = fc
  .tuple(fc.maxSafeInteger(), fc.constantFrom(1, 255, 256, 65_535, 2 ** 24, 2 ** 32, 2 ** 40, 2 ** 48))
  .chain(([base, span]) =>
    fc.array(
      fc.oneof(
        {
          weight: 9,
          arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => base / 2 + Math.floor(x * span)),
        },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
    ),
  )
  .map((values) => values.map((v) => Math.floor(v)));

const floats = fc.oneof(fc.array(number), near).map((values) => Float64Array.from(values));

it('gives back every number of every column', () => {
  fc.assert(
    fc.property(floats, fc.array(fc.nat(0xffff_ffff)), fc.uint16Array(), (a, words, shorts) => {
      const rows = Math.min(a.length, words.length, shorts.length);
      const octets = Uint8Array.from(shorts, (n) => n >>> 8);
      const given: Column[] = [a, Uint32Array.from(words), shorts, octets].map((c) => c.slice(0, rows));
      const bytes = packColumns(given, rows);
      const back: Column[] = [
        new Float64Array(rows),
        new Uint32Array(rows),
        new Uint16Array(rows),
        new Uint8Array(rows),
      ];
      expect(packedRows(bytes)).toBe(rows);
      unpackColumns(bytes, back);
      // Zeros without a sign: there is no such time.
      expect(back.map((c) => [...c].map((v) => v + 0))).toEqual(given.map((c) => [...c].map((v) => v + 0)));
    }),
    { numRuns: 1000 },
  );
});

it.each([
  { least: 7, span: 0, bytes: 0 },
  { least: 1e15, span: 255, bytes: 1 },
  { least: -5, span: 256, bytes: 2 },
  { least: 0, span: 2 ** 24, bytes: 4 },
  { least: 0, span: 2 ** 40 - 1, bytes: 5 },
  { least: 0, span: 2 ** 48, bytes: 8 },
])('numbers that span $span take $bytes bytes', ({ least, span, bytes }) => {
  const packed = packColumns([Float64Array.of(least, least + span)], 2);
  expect(packed.length).toBe(4 + 9 + 2 * bytes);
});
