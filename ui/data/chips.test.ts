import { expect, test } from 'vitest';
import { addChips, removeChip, splitChips, toggleChip } from './chips.ts';

test('chips are cut at spaces, added once, taken away', () => {
  expect(splitChips('  outcome:hung   stall:>2s 10.0.0.7 ')).toEqual([
    'outcome:hung',
    'stall:>2s',
    '10.0.0.7',
  ]);
  expect(addChips('port:443', ' port:443  -seen:node-b')).toBe('port:443 -seen:node-b');
  expect(removeChip('a:1 b:2', 'a:1')).toBe('b:2');
});

test('a facet is on, off, or another of its kind', () => {
  expect(toggleChip('', 'outcome', 'hung')).toBe('outcome:hung');
  expect(toggleChip('outcome:hung port:443', 'outcome', 'reset')).toBe('port:443 outcome:reset');
  expect(toggleChip('outcome:hung port:443', 'outcome', 'hung')).toBe('port:443');
});
