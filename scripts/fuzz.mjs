/**
 * `npm run fuzz -- foreign`: captures of other people's test suites, through everything.
 * `npm run fuzz -- long --seconds N`: mutated inputs for as long as that; goes on where it ended the last time.
 * Bundles `test/fuzz/main.ts` and what it runs in processes of their own, with the repository as working directory.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from './build.mjs';
import { root, setUp } from './setup.mjs';

process.chdir(root);
await setUp();
const outdir = path.join(root, '.cache/fuzz');
const { build } = await import('esbuild');
await build({
  ...bundleOptions(),
  entryPoints: {
    main: 'test/fuzz/main.ts',
    'foreign-child': 'test/fuzz/foreign/child.ts',
    'long-child': 'test/fuzz/long/child.ts',
    'analysis-worker': 'server/jobs/analysis-worker.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  packages: 'external',
});
await import(pathToFileURL(path.join(outdir, 'main.mjs')).href);
