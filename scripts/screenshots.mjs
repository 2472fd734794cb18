/**
 * `npm run screenshots`: makes the pictures of the web page in `docs/screenshots/` anew. Bundles and runs
 * `test/browser/screenshots.ts`, two folders below the root as its source is: it looks for files from there.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from './build.mjs';
import { root, setUp } from './setup.mjs';

process.chdir(root);
await setUp();
const outfile = path.join(root, '.cache/screenshots/main.mjs');
const { build } = await import('esbuild');
await build({
  ...bundleOptions(),
  entryPoints: ['test/browser/screenshots.ts'],
  outfile,
  packages: 'external',
});
await import(pathToFileURL(outfile).href);
