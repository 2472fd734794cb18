/**
 * `npm run bench [-- --rounds N] [--only NAME] [--profile]`: builds the command, bundles and runs
 * `bench/bench.ts`, which measures it against the programs that are installed. `--only drawing`: the web page
 * instead, in `bench/drawing.ts`; `--only proxy`: the gateway's proxy, in `bench/proxy.ts`; `--only collect`: a collector, in
 * `bench/collect.ts`; `--only server`: `diagnose serve` under many clients, in `bench/server.ts`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from '../scripts/build.mjs';
import { root, setUp } from '../scripts/setup.mjs';

process.chdir(root);
if (process.argv.includes('--help')) {
  process.stdout.write(readFileSync('bench/README.md', 'utf8'));
  process.exit();
}
await setUp();
const own = ['drawing', 'proxy', 'collect', 'server'].find((name) => process.argv.includes(name));
const entry = `bench/${own ?? 'bench'}.ts`;
const outfile = path.join(root, '.cache/bench.mjs');
const { build } = await import('esbuild');
await bundle(entry, outfile);
await bundle('bench/timeline-run.ts', path.join(root, '.cache/timeline-run.mjs'));
try {
  await import(pathToFileURL(outfile).href);
} catch (error) {
  if (!/^ERR_PARSE_ARGS/.test(error.code)) throw error;
  process.stderr.write(`bench: ${error.message}; see npm run bench -- --help\n`);
  process.exitCode = 2;
}

async function bundle(entry, into) {
  await build({ ...bundleOptions(), entryPoints: [entry], outfile: into, packages: 'external' });
}
