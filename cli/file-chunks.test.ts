import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { reusedChunks } from './file-chunks.ts';
import { temporaryFolder } from './run-cli.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function readIn(bytes: Uint8Array, chunkBytes: number): Promise<{ copy: number[]; lengths: number[] }> {
  const path = `${folder.path}/bytes`;
  writeFileSync(path, bytes);
  const [copy, lengths]: [number[], number[]] = [[], []];
  for await (const chunk of reusedChunks(path, chunkBytes)) {
    copy.push(...chunk);
    lengths.push(chunk.length);
    // Long enough for whatever is filled meanwhile to be filled.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { copy, lengths };
}

it.each([
  [0, []],
  [1, [1]],
  [9, [9]],
  [10, [10]],
  [11, [10, 1]],
  [35, [10, 10, 10, 5]],
  [40, [10, 10, 10, 10]],
])('%i bytes come in order, in chunks of ten', async (length, lengths) => {
  const bytes = Uint8Array.from({ length }, (_, i) => i);
  expect(await readIn(bytes, 10)).toEqual({ copy: [...bytes], lengths });
});

it('closes the file when nobody asks for more', async () => {
  const path = `${folder.path}/stopped`;
  writeFileSync(path, new Uint8Array(100));
  const chunks = reusedChunks(path, 10);
  expect((await chunks.next()).value).toHaveLength(10);
  expect(await chunks.return()).toEqual({ value: undefined, done: true });
  expect((await chunks.next()).done).toBe(true);
});

it('throws what the file system says', async () => {
  await expect(reusedChunks(`${folder.path}/missing`).next()).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(reusedChunks(folder.path).next()).rejects.toMatchObject({ code: 'EISDIR' });
});
