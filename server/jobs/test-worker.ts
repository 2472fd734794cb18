/**
 * For tests: the worker bundled as `npm run build` does it, into `.cache/`. Several test files may do
 * that at once, and all make the same.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from '../../scripts/build.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles a module of the repository, such as `server/jobs/analysis-worker.ts`. */
export async function bundled(source: string): Promise<URL> {
  const cache = join(ROOT, '.cache');
  const file = join(cache, `${source.replace(/\W+/g, '-')}.mjs`);
  const { outputFiles } = await build({
    ...bundleOptions(),
    entryPoints: [join(ROOT, source)],
    write: false,
    external: ['better-sqlite3'],
  });
  mkdirSync(cache, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, outputFiles[0]?.contents ?? '');
  renameSync(temporary, file);
  return pathToFileURL(file);
}

export const bundledWorker = (): Promise<URL> => bundled('server/jobs/analysis-worker.ts');
