/**
 * Tests only: a collector without engines, as a process that can be killed. It records made packets, each with its number in
 * its first bytes, and prints a number once it must have been flushed: 250 ms after it was recorded, by its own clock.
 *
 *     node recorder.mjs FOLDER FIRST [ROTATE-BYTES]
 */
import { checkConfig } from '../config.ts';
import { openRecordings } from './recordings.ts';

const PACKET = 100;
const BATCH = 20;
const EVERY = 5;
const PROMISED = 250;

const [folder = '', first = '0', rotate = '40000'] = process.argv.slice(2);
const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

const { keep, pin, filter, snaplen } = checkConfig({
  folder,
  captures: [{ interface: 'eth0', vantage: 'a' }],
});
const recordings = await openRecordings({
  config: {
    folder,
    captures: [{ interface: 'eth0', vantage: 'node-a.in' }],
    keep,
    filter,
    snaplen,
    pin: { ...pin, before: 60_000, after: 400 },
    rotate: { size: Number(rotate), age: 60_000 },
  },
  engine: 'made 1.0',
  stamps: 'userland',
  application: 'Stallscope test',
  host: 'gw-1',
  onEvent: (event) => {
    if (event.event === 'trouble') process.stderr.write(`${event.what}\n`);
  },
});

const sink = recordings.recording('node-a.in').sink('eth0');
sink.begin(now(), 1);
await recordings.pin(now(), 'start');

let next = Number(first);
const pending: { readonly last: number; readonly at: number }[] = [];

function batch(): DataView {
  const view = new DataView(new ArrayBuffer(BATCH * (16 + PACKET)));
  const time = now();
  for (let at = 0; at < view.byteLength; at += 16 + PACKET) {
    view.setUint32(at, Number(time / 1_000_000_000n), true);
    view.setUint32(at + 4, Number(time % 1_000_000_000n), true);
    view.setUint32(at + 8, PACKET, true);
    view.setUint32(at + 12, PACKET, true);
    view.setUint32(at + 16, next++, false);
  }
  return view;
}

setInterval(() => {
  const records = batch();
  sink.packets(records, 0, records.byteLength);
  pending.push({ last: next - 1, at: performance.now() });
  let flushed = -1;
  while (pending[0] !== undefined && performance.now() - pending[0].at > PROMISED) {
    flushed = pending.shift()!.last;
  }
  if (flushed >= 0) process.stdout.write(`${flushed}\n`);
}, EVERY);

process.on('SIGTERM', () => {
  void recordings.close().then(() => process.exit(0));
});
