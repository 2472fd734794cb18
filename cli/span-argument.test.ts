import { expect, it } from 'vitest';
import { parseSpan } from './span-argument.ts';

it.each([
  ['30s', 30_000],
  ['30', 30_000],
  ['500ms', 500],
  ['2m', 120_000],
  [' 1.5s ', 1500],
  ['1440m', 86_400_000],
])('%j is %i ms', (text, ms) => {
  expect(parseSpan('--outage', text)).toBe(ms);
});

it.each([
  ['soon', "--outage: 'soon' is no time"],
  ['', "--outage: '' is no time"],
  ['-5s', "--outage: '-5s' is no time"],
  ['5h', "--outage: '5h' is no time"],
  ['1e3s', "--outage: '1e3s' is no time"],
  ['1441m', "--outage: '1441m' is more than a day"],
])('%j is refused', (text, message) => {
  expect(() => parseSpan('--outage', text)).toThrow(expect.objectContaining({ code: 'usage', message }));
});
