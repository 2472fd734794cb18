/** A disk that takes no file for a while. What a full one does is in `disk-full.slow.test.ts`. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  gapsOf,
  MS,
  openTestVantage,
  pcapRecords,
  readCaptures,
  START,
  somePackets,
  testFolder,
} from './test-recording.ts';

it('what comes meanwhile is counted, said once, and noted in the file that follows', async () => {
  const folder = path.join(testFolder(), 'ring');
  const { recording, events, clock } = openTestVantage(folder);
  const sink = recording.sink('eth0');
  const send = (count: number) => {
    const records = pcapRecords(somePackets(clock.now, count));
    sink.packets(records, 0, records.byteLength);
  };
  // There is no folder to write to, and then not even room for one.
  sink.begin(clock.now, 1);
  fs.writeFileSync(folder, '');
  send(5);
  for (let i = 0; i < 30; i++) {
    clock.now += 100n * MS;
    recording.tick();
    send(1);
  }
  fs.rmSync(folder);
  fs.mkdirSync(folder);
  sink.counts(clock.now, null, 2);
  clock.now += 1000n * MS;
  recording.tick();
  send(3);
  expect(recording.ends()).toEqual(new Map([['eth0', clock.now]]));
  await recording.close();
  const [file, ...others] = readCaptures(folder);
  expect(others).toEqual([]);
  expect(file?.listing.packets).toHaveLength(3);
  expect(gapsOf(file!)).toEqual([
    'eth0 0-3000 the kernel had no room for all packets (2)',
    'eth0 0-4000 the disk took no data (ENOENT) (35)',
  ]);
  expect(file?.listing.reader.interfaces).toMatchObject([{ received: 40, dropped: 37 }]);
  const why = 'the disk took no data (ENOENT)';
  expect(events).toMatchObject([
    { event: 'trouble', hint: expect.stringContaining('writing goes on by itself') },
    { event: 'gap', interface: 'eth0', from: START, to: null, why },
    { event: 'gap', interface: 'eth0', from: START, to: START + 4000n * MS, why },
    { event: 'file' },
  ]);
});
