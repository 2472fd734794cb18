import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeDeep, escapeText, safeJson } from './escape.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
/** What a terminal would act on, written independently of the implementation: by Unicode category. */
const actsOnTerminal = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/u;

test('what a reader should see', () => {
  expect(escapeText('\x1b[31mred\x1b[0m')).toBe('\\x1b[31mred\\x1b[0m');
  expect(escapeText('a\nb\tc\r')).toBe('a\\x0ab\\x09c\\x0d');
  expect(escapeText('gpj.\u202eexe')).toBe('gpj.\\u{202e}exe');
  expect(escapeText('\x9b2J')).toBe('\\x9b2J');
  expect(escapeText('\ud800')).toBe('\\u{d800}');
  expect(escapeText('größe 中文 😀')).toBe('größe 中文 😀');
});

test('nothing that acts on a terminal passes, and safe text is untouched', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(actsOnTerminal);
      expect(escapeText(escaped)).toBe(escaped);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      expect(escapeText(text)).toBe(text);
    }),
  );
});

test('every string of a document is escaped, and nothing else is changed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      JSON.stringify(escapeDeep(value), (key, inner) => {
        expect(key).not.toMatch(actsOnTerminal);
        if (typeof inner === 'string') expect(inner).not.toMatch(actsOnTerminal);
        return inner;
      });
    }),
  );
  expect(escapeDeep({ a: [1, null, { b: 'x\u0007' }] })).toEqual({ a: [1, null, { b: 'x\\x07' }] });
});

test('JSON stays exact while nothing in it acts on a terminal', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const json = safeJson({ text });
      expect(json).not.toMatch(actsOnTerminal);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});
