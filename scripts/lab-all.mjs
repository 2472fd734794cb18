/**
 * `npm run lab:all [-- options of diagnose lab run]`: every scenario three times, and how many diagnoses equal the
 * truth. What does not agree is kept in .cache/lab. A run mostly waits (a quarter of a core), so there are
 * two a core at once; `-- --jobs N` for others.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { installSystemPackages, root, setUp } from './setup.mjs';

// Ctrl-C reaches the lab too, which puts everything away; this waits for it.
process.on('SIGINT', () => {});
await setUp();
installSystemPackages();
const command = [
  path.join(root, 'dist/diagnose.js'),
  ...['lab', 'run', 'all', '--repeat', '3', '--summary'],
  ...['--jobs', String(2 * os.availableParallelism()), '--keep-failed', path.join(root, '.cache/lab')],
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
process.exitCode = status ?? 130;
