import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FirstOfName } from './first-of-name.ts';

it('knows what a Map knows, however many names there are and whatever they share in their low bits', () => {
  const name = fc.oneof(
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    fc.integer({ min: 0, max: 2 ** 21 - 1 }).map((high) => high * 2 ** 32),
    fc.integer({ min: 0, max: 9 }),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 3000, size: 'max' }), fc.nat(5000), (names, expected) => {
      const [found, known] = [new FirstOfName(expected), new Map<number, number>()];
      for (const [row, one] of names.entries()) {
        expect(found.take(one, row)).toBe(known.get(one) ?? -1);
        if (!known.has(one)) known.set(one, row);
      }
    }),
    { numRuns: 30 },
  );
});
