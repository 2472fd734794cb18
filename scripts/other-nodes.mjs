/**
 * `npm run other-nodes [-- 22 24]`: the table of scenarios under newer versions of Node, which must be the one
 * that this Node prints, to the byte. The npm packages `node-<platform>-<arch>` bring them, into `.cache/nodes/`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, root, say, setUp } from './setup.mjs';

export const OTHER_NODES = ['22', '24'];

/** The path of that version's program, installed where it is not there yet. */
export function otherNode(major) {
  const folder = path.join(root, '.cache/nodes', major);
  const name = `node-${process.platform}-${process.arch}`;
  const program = path.join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) {
    say(`installing Node ${major} …`);
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', folder];
    const { status, stderr } = spawnSync('npm', [...args, `${name}@${major}`], { encoding: 'utf8' });
    if (status !== 0 || !existsSync(program)) throw new Error(`Node ${major} cannot be installed: ${stderr}`);
  }
  return program;
}

function versionOf(program) {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

async function main(majors) {
  process.chdir(root);
  await setUp();
  const { bundleScenarios } = await import('./scenarios.mjs');
  const bundle = await bundleScenarios();
  const run = (program) => spawnSync(program, [bundle], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const own = run(process.execPath);
  if (own.status !== 0) fail(`the scenarios fail under ${process.version}:\n${own.stdout}${own.stderr}`);
  process.stdout.write(`${process.version}: ${own.stdout.trimEnd().split('\n').at(-1)}\n`);
  for (const major of majors) {
    const program = otherNode(major);
    const { status, stdout, stderr } = run(program);
    const isSame = status === 0 && stdout === own.stdout;
    process.stdout.write(`${versionOf(program)}: ${isSame ? 'the same, to the byte' : 'OTHERWISE'}\n`);
    if (!isSame) {
      process.stdout.write(stdout + stderr);
      process.exitCode = 1;
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const given = process.argv.slice(2);
  await main(given.length > 0 ? given : OTHER_NODES);
}
