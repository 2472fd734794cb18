/** A data folder that was taken away while the server runs is not a bug of ours, and the client is told what to do. */
import { expect, test } from 'vitest';
import { freeBytes } from './uploads.ts';

test('free room of a folder, and of one that is gone', async () => {
  expect(await freeBytes(import.meta.dirname)).toBeGreaterThan(0);
  await expect(freeBytes(`${import.meta.dirname}/gone`)).rejects.toMatchObject({
    status: 500,
    code: 'folder-unusable',
    message: 'the data folder cannot be used (ENOENT)',
  });
});
