import fc from 'fast-check';
import { expect, test } from 'vitest';
import { table, wrap, wrapAfter } from './layout.ts';

test('words are kept, lines fit, and only a long word sticks out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^\S{1,12}$/), { maxLength: 30 }),
      fc.integer({ min: 5, max: 40 }),
      (words, width) => {
        const lines = wrap(words.join(' '), width);
        expect(lines.join(' ')).toBe(words.join(' '));
        for (const line of lines) expect([...line].length <= width || !line.includes(' ')).toBe(true);
      },
    ),
  );
});

test('continued lines stand under the text, not under the label', () => {
  expect(wrapAfter('note: ', 'the capture ends in mid-transfer', 32)).toEqual([
    'note: the capture ends in',
    '      mid-transfer',
  ]);
});

test('columns are as wide as their widest cell', () => {
  expect(
    table(
      [
        ['a', '1', 'x'],
        ['long', '1,000', ''],
      ],
      [1],
    ),
  ).toEqual(['a         1  x', 'long  1,000']);
});
