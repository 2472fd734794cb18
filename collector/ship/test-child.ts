/**
 * For `kill.slow.test.ts`: a collector without engines, as a process that is killed. It records made packets into files of
 * half a second, ships them all, and says what was acknowledged, a name a line.
 *
 *     node child.mjs FOLDER URL [drain]      drain: records nothing, and ends once all is shipped
 */
import { randomFillSync } from 'node:crypto';
import { writeSync } from 'node:fs';
import { wallClock } from '../../packet/wall-clock.ts';
import { checkConfig } from '../config.ts';
import { openRecordings } from '../file/recordings.ts';
import { startShipping } from './shipping.ts';

const PACKET = 1000;
const BATCH = 40;
const EVERY_MS = 10;

const [, , folder = '', url = '', mode = ''] = process.argv;
const { ship, ...config } = checkConfig({
  folder,
  captures: [{ interface: 'lo', vantage: 'client' }],
  rotate: { size: '5MB', age: 0.5 },
  ship: { url, what: 'all' },
});
if (ship === undefined) throw new Error('nothing is to be shipped');

const recordings = await openRecordings({
  ...{ config, engine: 'made 1.0', stamps: 'userland', application: 'Stallscope test', host: 'h' },
  now: wallClock,
  onEvent: (event) => {
    if (event.event === 'trouble') process.stderr.write(`${event.what}\n`);
  },
});
const shipper = startShipping({
  config: { ...config, ship },
  recordings,
  onEvent: (event) => {
    if (event.event === 'shipped') writeSync(1, `${event.file}\n`);
  },
  times: { look: 20, firstRetry: 20, mostRetry: 200 },
});

/** Of bytes that do not compress, so that a file is more than a piece. */
function batch(): DataView {
  const bytes = randomFillSync(new Uint8Array(BATCH * (16 + PACKET)));
  const view = new DataView(bytes.buffer);
  const time = wallClock();
  for (let at = 0; at < view.byteLength; at += 16 + PACKET) {
    view.setUint32(at, Number(time / 1_000_000_000n), true);
    view.setUint32(at + 4, Number(time % 1_000_000_000n), true);
    view.setUint32(at + 8, PACKET, true);
    view.setUint32(at + 12, PACKET, true);
  }
  return view;
}

if (mode === 'drain') {
  setInterval(() => {
    const { state, waitingFiles } = shipper.status();
    if (state === 'connected' && waitingFiles === 0) process.exit(0);
  }, 50);
} else {
  const sink = recordings.recording('client').sink('lo');
  sink.begin(wallClock(), 1);
  setInterval(() => {
    const records = batch();
    sink.packets(records, 0, records.byteLength);
  }, EVERY_MS);
}
