/** What an incident is called that was made from files: after them, or after the folder they lie in. */
import { basename, dirname, resolve } from 'node:path';

/** `paths`: as they were given, without vantages; `-` is standard input. */
export function titleOf(paths: readonly string[]): string {
  const [first = '', ...others] = paths.map((path) => (path === '-' ? 'standard input' : resolve(path)));
  if (others.length === 0) return basename(first);
  const folders = new Set([first, ...others].map(dirname));
  const folder = folders.size === 1 ? basename(dirname(first)) : '';
  const count = `${paths.length} files`;
  // The root, and what came from a pipe, have no name.
  return folder === '' || folder === '.'
    ? `${basename(first)} and ${paths.length - 1} more`
    : `${folder} (${count})`;
}
