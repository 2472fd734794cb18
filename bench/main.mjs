/**
 * `npm run bench [-- --rounds N] [--only NAME] [--profile]`: builds the command, bundles and runs
 * `bench/bench.ts`, which measures it against the programs that are installed.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from '../scripts/build.mjs';
import { root, setUp } from '../scripts/setup.mjs';

process.chdir(root);
await setUp();
const outfile = path.join(root, '.cache/bench.mjs');
const { build } = await import('esbuild');
await build({ ...bundleOptions(), entryPoints: ['bench/bench.ts'], outfile, packages: 'external' });
await import(pathToFileURL(outfile).href);
