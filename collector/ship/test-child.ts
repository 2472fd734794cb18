/**
 * For `kill.slow.test.ts`: a process that ships what lies in a folder, as a collector with everything to ship does, until it
 * is killed. It says what was acknowledged, a name a line.
 */
import { readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig } from '../config.ts';
import type { RingFile } from '../file/recording.ts';
import { startShipping } from './shipping.ts';

const [, , folder = '', url = ''] = process.argv;
const ring = join(folder, 'ring');

const files = (): RingFile[] =>
  readdirSync(ring)
    .sort()
    .map((name, number): RingFile => {
      const path = join(ring, name);
      const from = 1_795_694_400_000_000_000n + BigInt(number) * 1_000_000_000n;
      return { path, vantage: 'client', number, from, to: from, bytes: statSync(path).size };
    });

const { ship, ...config } = checkConfig({
  folder,
  captures: [{ interface: 'lo', vantage: 'client' }],
  ship: { url, what: 'all' },
});
if (ship === undefined) throw new Error('nothing is to be shipped');
startShipping({
  config: { ...config, ship },
  recordings: { collector: 'c1', files, pins: () => [], shipped: () => {}, note: () => {} },
  onEvent: (event) => {
    if (event.event === 'shipped') writeSync(1, `${event.file}\n`);
  },
  times: { look: 20, firstRetry: 20, mostRetry: 200 },
});
