/** Code spans: a filter can be copied as it stands, and whatever a text holds, a renderer makes no markup of it. */
import fc from 'fast-check';
import { marked, type Tokens } from 'marked';
import { expect, test } from 'vitest';
import { codeSpan } from './markdown-text.ts';

test.each([
  ['(frame.number >= 3 && frame.number <= 9)', '`(frame.number >= 3 && frame.number <= 9)`'],
  ['tcp.port == 80 || udp', '`tcp.port == 80 \\|\\| udp`'],
  ["diagnose 'a&lt;b'", "diagnose 'a\\&lt;b'"],
  ['a <b> c', 'a \\<b> c'],
  ['a `b` [c](d)', 'a \\`b\\` \\[c\\](d)'],
  [' \n ', ''],
])('%j is %j in a cell', (text, span) => {
  expect(codeSpan(text, true)).toBe(span);
});

test('no character of any text ends a span, begins a tag, or is read as a reference', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '`', '<', '>', '&', ';', '#', '/', '!', '\\', '|', '\n'),
  });
  fc.assert(
    fc.property(text, (hostile) => {
      const [paragraph] = marked.lexer(`x ${codeSpan(hostile, false)} y`) as Tokens.Paragraph[];
      const kinds = new Set(paragraph?.tokens.map(({ type }) => type));
      for (const kind of ['text', 'codespan', 'escape']) kinds.delete(kind);
      expect([...kinds]).toEqual([]);
    }),
  );
});
