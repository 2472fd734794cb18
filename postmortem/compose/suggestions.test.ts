/** Every suggestion stands on the page of its cause, in the same words. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CAUSE_IDS } from '../../analyzer/index.ts';
import { SUGGESTIONS } from './suggestions.ts';

const plain = (text: string): string => text.replaceAll('`', '').replace(/\s+/g, ' ');

test.each(CAUSE_IDS)('%s', (cause) => {
  const page = readFileSync(new URL(`../../docs/causes/${cause}.md`, import.meta.url), 'utf8');
  const [, todo = ''] = page.split('## What to do');
  expect(SUGGESTIONS[cause].length).toBeGreaterThan(0);
  for (const text of SUGGESTIONS[cause]) expect(plain(todo)).toContain(text);
});
