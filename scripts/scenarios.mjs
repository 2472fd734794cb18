/**
 * `npm run scenarios`: prints the table of scenarios, expected against found. Bundles and runs
 * `test/scenarios/main.ts`, with the repository as working directory.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOptions } from './build.mjs';
import { fail, root, setUp } from './setup.mjs';

const MAIN = 'test/scenarios/main.ts';

/** The path of the bundle; packages stay outside of it. */
export async function bundleScenarios() {
  if (!existsSync(path.join(root, MAIN))) fail(`${MAIN} is not there`);
  const outfile = path.join(root, '.cache/scenarios.mjs');
  const { build } = await import('esbuild');
  await build({ ...bundleOptions(), entryPoints: [MAIN], outfile, packages: 'external' });
  return outfile;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.chdir(root);
  await setUp();
  await import(pathToFileURL(await bundleScenarios()).href);
}
