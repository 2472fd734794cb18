/** Of a journal, the lines of a window of time. */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { cutJournal } from './journal-cut.ts';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

async function cut(text: string, from = 10n, to = 20n): Promise<string | null> {
  const [journal, target] = [join(folder.path, 'journal'), join(folder.path, 'cut')];
  writeFileSync(journal, text);
  const { isThere } = await cutJournal(journal, { from, to }, target);
  expect(existsSync(target)).toBe(isThere);
  return isThere ? readFileSync(target, 'utf8') : null;
}

const line = (time: number): string =>
  `{"time":"${time}","node":"node-a","event":"note","text":"at ${time}"}`;

it('takes those within, both ends included, in their order', async () => {
  expect(await cut([9, 10, 15, 12, 20, 21].map(line).join('\n'))).toBe(
    `${[10, 15, 12, 20].map(line).join('\n')}\n`,
  );
});

it('passes over a line of 100 MB, says so, and holds little of it', async () => {
  const [journal, target] = [join(folder.path, 'journal'), join(folder.path, 'cut')];
  writeFileSync(journal, `${line(11)}\r\n{"time":"12","text":"`);
  const piece = Buffer.alloc(1_000_000, 'x');
  for (let mb = 0; mb < 100; mb += 1) appendFileSync(journal, piece);
  // What looks like a line at its end is none.
  appendFileSync(journal, `${line(13)}\n${line(14)}`);
  const before = process.memoryUsage().rss;
  const cutting = cutJournal(journal, { from: 10n, to: 20n }, target);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss - before);
  }, 1);
  expect(await cutting).toEqual({ isThere: true, longLines: 1 });
  clearInterval(watch);
  expect(most).toBeLessThan(80_000_000);
  expect(readFileSync(target, 'utf8')).toBe(`${line(11)}\n${line(14)}\n`);
});

it('makes no file where there are none', async () => {
  expect(await cut(`${line(1)}\nno line of a node\n`)).toBe(null);
  expect(await cut('')).toBe(null);
  expect(readdirSync(folder.path)).toEqual(['journal']);
});

it('takes the end of a log that has other times, in whole lines', async () => {
  const lines = Array.from(
    { length: 30_000 },
    (_, i) => `Nov 26 03:12:00 node-a Keepalived_vrrp[1]: line ${i}`,
  );
  const got = (await cut(lines.join('\n'))) ?? '';
  expect(got.length).toBeLessThanOrEqual(1024 ** 2);
  expect(got.length).toBeGreaterThan(1024 ** 2 - 100);
  expect(lines.join('\n').endsWith(got.trimEnd())).toBe(true);
  expect(lines).toContain(got.split('\n')[0]);
});

it('says that there is no journal', async () => {
  const none = join(folder.path, 'none');
  await expect(cutJournal(none, { from: 1n, to: 2n }, join(folder.path, 'cut'))).rejects.toThrow(/ENOENT/);
});
