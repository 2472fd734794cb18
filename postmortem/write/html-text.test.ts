/** Whatever a text holds, it stays text: in an element, in an attribute, and in the direction of reading. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHtml } from './html-text.ts';

test('no character of any text acts', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(anything, (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"'\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(escaped).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
    }),
  );
});

test.each([
  ['<b>&"\'', '&lt;b&gt;&amp;&quot;&#39;'],
  ['a\u202eb', 'a\\u{202e}b'],
  ['plain, 10.0.0.1:80 → x', 'plain, 10.0.0.1:80 → x'],
])('%j is %j', (text, escaped) => {
  expect(escapeHtml(text)).toBe(escaped);
});
