/** For `kill-migration.slow.test.ts`: a process that opens a store, says so, and stays until it is killed. */
import { writeSync } from 'node:fs';
import { openStore } from './open-store.ts';

const [folder = ''] = process.argv.slice(2);
writeSync(1, 'opening\n');
await openStore({ folder });
writeSync(1, 'opened\n');
setInterval(() => {}, 1000);
