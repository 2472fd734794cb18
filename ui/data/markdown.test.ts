import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CAUSE_IDS } from '../../analyzer/index.ts';
import { causeDoc } from './cause-docs.ts';
import { type Block, type Inline, parseInline, parseMarkdown } from './markdown.ts';

const words = (parts: readonly Inline[]): string => parts.map(({ text }) => text).join('');
const textOf = (block: Block): string => {
  if (block.kind === 'code') return block.text;
  return block.kind === 'list' ? block.items.map(words).join(' ') : words(block.text);
};

test('headings, paragraphs, lists with long items, code', () => {
  const source = '# a\n\nb `c`\nd\n\n- e\n  f\n- **g**\n\n    h\n\n    i\n\nj\n';
  expect(parseMarkdown(source)).toEqual([
    { kind: 'heading', level: 1, text: [{ kind: 'text', text: 'a' }] },
    {
      kind: 'paragraph',
      text: [
        { kind: 'text', text: 'b ' },
        { kind: 'code', text: 'c' },
        { kind: 'text', text: ' d' },
      ],
    },
    { kind: 'list', items: [[{ kind: 'text', text: 'e f' }], [{ kind: 'strong', text: 'g' }]] },
    { kind: 'code', text: 'h\n\ni' },
    { kind: 'paragraph', text: [{ kind: 'text', text: 'j' }] },
  ]);
});

test('only the web is linked to', () => {
  expect(
    parseInline('[a](https://x.y) [b](javascript:alert(1)) [c](loss.md)').map(({ kind }) => kind),
  ).not.toContain('code');
  const links = parseInline('[a](https://x.y) [b](javascript:x) [c](loss.md)').filter(
    ({ kind }) => kind === 'link',
  );
  expect(links).toEqual([{ kind: 'link', text: 'a', href: 'https://x.y' }]);
});

test('every cause has its page, and all of its words are kept', () => {
  for (const id of CAUSE_IDS) {
    const source = causeDoc(id);
    expect(source, id).not.toBeNull();
    const shown = parseMarkdown(source!).map(textOf).join(' ').replaceAll(/\s+/g, ' ');
    for (const word of source!.replaceAll(/[`*#]|^- |^\* /gm, '').match(/[A-Za-z]{4,}/g) ?? []) {
      expect(shown).toContain(word);
    }
  }
});

test('any text is read to its end', () => {
  const line = fc.constantFrom('# a', 'b', '- c', '  d', '    e', '', '**', '`x', '[a](b', '#');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      expect(Array.isArray(parseMarkdown(lines.join('\n')))).toBe(true);
    }),
  );
});
