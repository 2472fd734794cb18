/** Tests clean up after themselves, and never more than that. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeBundle, temporaryFolder } from './run-cli.ts';

test('a bundle is removed with its folder, and no other folder ever is', () => {
  const folder = temporaryFolder();
  const other = join(folder.path, 'src');
  mkdirSync(other);
  removeBundle(join(other, 'diagnose.js'));
  expect(existsSync(other)).toBe(true);
  const own = mkdtempSync(join(folder.path, 'stallscope-cli-'));
  removeBundle(join(own, 'diagnose.js'));
  expect(existsSync(own)).toBe(false);
  expect(existsSync(tmpdir())).toBe(true);
  folder.remove();
});
