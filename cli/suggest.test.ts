import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestWord } from './suggest.ts';

test('the nearest word is suggested, and none when nothing is near', () => {
  const words = ['hung', 'reset', 'resumed', 'gave-up'];
  expect(nearestWord('hnug', words)).toBe('hung');
  expect(nearestWord('RESETT', words)).toBe('reset');
  expect(nearestWord('resum', words)).toBe('resumed');
  expect(nearestWord('gaveup', words)).toBe('gave-up');
  expect(nearestWord('elephant', words)).toBeNull();
  expect(nearestWord('', words)).toBeNull();
});

test('distance: equal is 0, symmetric, a neighbour swap is 1', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
    }),
  );
  expect(editDistance('ab', 'ba')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
});
