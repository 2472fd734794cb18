/** Names, headers and notes come out of captures, from anybody: they may become text, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const here = import.meta.dirname;
const FORBIDDEN =
  /\b(?:dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|srcdoc|createContextualFragment|DOMParser)\b|document\.write|\beval\(|new Function\(/g;

test('no source of the page turns text into markup or code', () => {
  const sources = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name),
  );
  expect(sources.length).toBeGreaterThan(30);
  const found = sources.flatMap((name) =>
    [...readFileSync(path.join(here, name), 'utf8').matchAll(FORBIDDEN)].map(
      (match) => `${name}: ${match[0]}`,
    ),
  );
  expect(found).toEqual([]);
});
