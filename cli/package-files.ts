/**
 * Files that come with the package, found from wherever the code runs: the
 * bundle in `dist/`, the sources, or a copy of the bundle made by a test.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The text of a file of the package, or null when it is not there. */
export function readPackageFile(...path: string[]): string | null {
  const file = packagePath(...path);
  return file && readFileSync(file, 'utf8');
}

/** Where a file or folder of the package is, or null when it is not there. */
export function packagePath(...path: string[]): string | null {
  const root = packageRoot(dirname(fileURLToPath(import.meta.url)));
  const file = root && join(root, ...path);
  return file && existsSync(file) ? file : null;
}

/** The nearest folder upward that holds this package's `package.json`. */
function packageRoot(folder: string): string | null {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest) && /"name":\s*"stallscope"/.test(readFileSync(manifest, 'utf8'))) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : packageRoot(parent);
}
