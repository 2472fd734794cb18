/** The page as it is handed out: nothing in it that its security policy forbids, nothing from elsewhere. */
import { beforeAll, expect, test } from 'vitest';

interface Page {
  files: { fileName: string; content: string | Uint8Array }[];
}

let files: Map<string, string>;

beforeAll(async () => {
  const script = new URL('../scripts/build.mjs', import.meta.url).href;
  const { buildPage } = (await import(script)) as { buildPage(): Promise<Page> };
  const page = await buildPage();
  files = new Map(page.files.map(({ fileName, content }) => [fileName, Buffer.from(content).toString()]));
}, 120_000);

const ofKind = (ending: string): string[] =>
  [...files].filter(([name]) => name.endsWith(ending)).map(([, text]) => text);

test('one document, and files with a hash in their name', () => {
  const names = [...files.keys()];
  expect(names).toContain('index.html');
  const others = names.filter((name) => name !== 'index.html');
  expect(others.length).toBeGreaterThan(1);
  for (const name of others) expect(name).toMatch(/^assets\/[\w.-]+-[\w-]{8}\.(?:js|css|svg)$/);
});

test('no script and no style stands in the document itself', () => {
  const html = files.get('index.html')!;
  expect(html.match(/<script\b[^>]*>\s*\S+?[^<]*<\/script>/g) ?? []).toEqual([]);
  expect(html).not.toMatch(/<style|\bon\w+=|\sstyle=|javascript:/i);
  expect(html).toMatch(/<script type="module"[^>]* src="\.\/assets\//);
});

test('nothing is asked from elsewhere', () => {
  expect(files.get('index.html')).not.toMatch(/(?:src|href)="(?!\.\/)/);
  for (const css of ofKind('.css')) expect(css).not.toMatch(/@import|url\(\s*['"]?(?:https?:|\/\/|data:)/);
  for (const js of ofKind('.js'))
    expect(js).not.toMatch(/(?:fetch|import|EventSource|Worker)\(\s*["'`]https?:/);
});

test('it is built for production', () => {
  for (const js of ofKind('.js')) expect(js).not.toContain('react-dom-client.development');
});
