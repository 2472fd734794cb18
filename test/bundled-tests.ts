/**
 * Slow tests are run as bundles with all of the repository that they import, as users run the command: between modules that the
 * test runner keeps apart every use of an imported name is a call, which took half the time of an analysis. Packages stay outside.
 * All are bundled at once, when the first is asked for; nothing is kept for the next run.
 * The traps: in a bundle `import.meta` is that of the bundle, so each module gets its own written in. And what lies outside of
 * `node_modules` the test runner would take apart again.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plugin as BundlerPlugin, build } from 'esbuild';
import type { Plugin } from 'vite';
import { bundleOptions } from '../scripts/build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SLOW_TEST = /\.slow\.test\.tsx?$/;
const NOT_OURS = ['node_modules', 'dist'];

/** For Vitest: instead of a slow test its bundle is loaded. */
export function bundledTests(): Plugin {
  let bundles: Promise<string> | null = null;
  return {
    name: 'bundled-tests',
    enforce: 'pre',
    async load(id) {
      if (!SLOW_TEST.test(id)) return null;
      bundles ??= bundleAll();
      const bundle = path.join(await bundles, path.relative(ROOT, id).replace(/\.tsx?$/, '.mjs'));
      return { code: `import ${JSON.stringify(bundle)};`, map: { mappings: '' } };
    },
  };
}

/** The folder with a bundle of each slow test, and what several of them have in common in further files. */
async function bundleAll(): Promise<string> {
  const cache = path.join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(path.join(cache, 'stallscope-tests-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({
    ...bundleOptions(),
    banner: {},
    entryPoints: [...slowTests()],
    outbase: ROOT,
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    splitting: true,
    jsx: 'automatic',
    sourcemap: 'inline',
    plugins: [ownImportMeta],
  });
  return outdir;
}

function* slowTests(): Generator<string> {
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.') || NOT_OURS.includes(entry.name)) continue;
    for (const file of readdirSync(path.join(ROOT, entry.name), { recursive: true, encoding: 'utf8' })) {
      if (SLOW_TEST.test(file)) yield path.join(ROOT, entry.name, file);
    }
  }
}

const ownImportMeta: BundlerPlugin = {
  name: 'own-import-meta',
  setup({ onLoad, initialOptions }) {
    initialOptions.define = {
      ...initialOptions.define,
      'import.meta.url': '__url',
      'import.meta.dirname': '__folder',
    };
    onLoad({ filter: /\.(?:ts|mjs)$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8');
      if (!text.includes('import.meta')) return null;
      const own = { __url: pathToFileURL(file).href, __folder: path.dirname(file) };
      const written = Object.entries(own).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
      return { contents: `${written.join(' ')} ${text}`, loader: file.endsWith('.mjs') ? 'js' : 'ts' };
    });
  },
};
