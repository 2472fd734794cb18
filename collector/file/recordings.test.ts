/** A collector's folder over its life: files, ring, pins, and the next process that takes it. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  gapsOf,
  MS,
  openTestCollector,
  pcapRecords,
  readCaptures,
  START,
  somePackets,
  type TestCollector,
  testFolder,
} from './test-recording.ts';

const SECOND = 1000n * MS;

/** Captures on all interfaces. */
function begin({ recordings, clock }: TestCollector): void {
  recordings.recording('node-a.in').sink('eth0').begin(clock.now, 1);
  recordings.recording('node-a.out').sink('eth1').begin(clock.now, 1);
  recordings.recording('node-a.out').sink('eth2').begin(clock.now, 1);
}

function send(
  { recordings, clock }: TestCollector,
  count: number,
  vantage = 'node-a.in',
  name = 'eth0',
): void {
  const records = pcapRecords(somePackets(clock.now, count));
  recordings.recording(vantage).sink(name).packets(records, 0, records.byteLength);
}

const namesIn = (folder: string): string[] => fs.readdirSync(folder).sort();

describe('files', () => {
  it('are of one vantage each, and say who captured what', async () => {
    const collector = await openTestCollector(testFolder());
    const { recordings, ring, clock, events } = collector;
    recordings.note({ note: 'clock', at: String(START), synchronised: true, offset: 0, maxError: 0.01 });
    begin(collector);
    send(collector, 3);
    send(collector, 2, 'node-a.out', 'eth1');
    expect(namesIn(ring).every((name) => name.endsWith('.pcapng.part'))).toBe(true);
    clock.now += SECOND;
    await recordings.close();
    const [inside, outside] = readCaptures(ring);
    expect([inside?.name, outside?.name]).toEqual([
      'node-a.in-20261126T031200.000Z-000001.pcapng',
      'node-a.out-20261126T031200.000Z-000001.pcapng',
    ]);
    expect(inside?.listing.packets).toHaveLength(3);
    expect(outside?.listing.reader.interfaces).toMatchObject([
      {
        name: 'eth1',
        filter: 'tcp',
        snaplen: 128,
        received: 2,
        dropped: null,
        description: 'node-a.out on gw-1',
      },
      { name: 'eth2', snaplen: 256, received: 0 },
    ]);
    expect(outside?.listing.reader.notes).toMatchObject({ application: 'Stallscope collector 0.0.0' });
    expect(outside?.notes.map(({ note }) => note)).toMatchObject([
      {
        note: 'file',
        host: 'gw-1',
        collector: recordings.collector,
        engine: 'tcpdump 4.99.3',
        stamps: 'kernel',
      },
      { note: 'clock', maxError: 0.01 },
    ]);
    expect(events.map(({ event }) => event)).toEqual(['file', 'file']);
    expect(recordings.files().map(({ bytes }) => bytes)).toEqual(
      recordings.files().map(({ path: file }) => fs.statSync(file).size),
    );
  });

  it('repeat the newest clock notes, so that each stands for itself', async () => {
    const collector = await openTestCollector(testFolder());
    const { recordings, ring } = collector;
    begin(collector);
    for (const at of ['1', '2'])
      recordings.note({ note: 'exchange', at, peer: 'server', offset: 1, error: 0.1 });
    await recordings.recording('node-a.in').rotate();
    await recordings.close();
    const exchanges = readCaptures(ring).map(({ name, notes }) => [
      name.slice(0, 9),
      notes.flatMap(({ note }) => (note.note === 'exchange' ? [note.at] : [])),
    ]);
    expect(exchanges).toEqual([
      ['node-a.in', ['1', '2']],
      ['node-a.in', ['2']],
      ['node-a.ou', ['1', '2']],
    ]);
  });

  it('are closed at their size', async () => {
    const collector = await openTestCollector(testFolder(), { rotate: { size: 5000, age: 60_000 } });
    begin(collector);
    for (let i = 0; i < 20; i++) {
      send(collector, 10);
      collector.clock.now += SECOND;
    }
    await collector.recordings.close();
    const files = readCaptures(collector.ring).filter(({ name }) => name.startsWith('node-a.in'));
    expect(files.length).toBeGreaterThan(3);
    expect(files.flatMap(({ listing }) => listing.packets)).toHaveLength(200);
    expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
  });

  it('are not begun while nothing is captured', async () => {
    const { recordings, ring, clock } = await openTestCollector(testFolder());
    const sink = recordings.recording('node-a.in').sink('eth0');
    sink.gap(clock.now, 'eth0 is not there');
    expect(await recordings.recording('node-a.in').rotate()).toBeNull();
    expect(namesIn(ring)).toEqual([]);
    clock.now += SECOND;
    sink.begin(clock.now, 1);
    sink.gap(clock.now + MS, 'eth0 was deleted');
    expect(await recordings.recording('node-a.in').rotate()).toMatch(/000001\.pcapng$/);
    expect(await recordings.recording('node-a.in').rotate()).toBeNull();
    expect(readCaptures(ring).flatMap(gapsOf)).toEqual([
      'eth0 0-1000 eth0 is not there',
      'eth0 1001- eth0 was deleted',
    ]);
    await recordings.close();
  });

  it('describe an interface that comes back with another link type as another one', async () => {
    const { recordings, ring, clock } = await openTestCollector(testFolder());
    const sink = recordings.recording('node-a.in').sink('eth0');
    sink.begin(clock.now, 1);
    sink.gap(clock.now, 'eth0 was deleted');
    clock.now += SECOND;
    sink.begin(clock.now, 12);
    await recordings.close();
    const [file] = readCaptures(ring);
    expect(file?.listing.reader.interfaces).toMatchObject([
      { name: 'eth0', linkType: 1 },
      { name: 'eth0', linkType: 12 },
    ]);
    expect(file?.notes.at(-1)).toMatchObject({ note: { note: 'gap', to: String(START + SECOND) } });
  });
});

describe('the ring', () => {
  it('forgets the oldest of all vantages, and keeps its limit', async () => {
    const collector = await openTestCollector(testFolder(), { keep: 20_000 });
    const { recordings, ring, events, clock } = collector;
    begin(collector);
    for (let i = 0; i < 6; i++) {
      clock.now += SECOND;
      send(collector, 30, 'node-a.out', 'eth1');
      await recordings.recording('node-a.out').rotate();
      await recordings.recording('node-a.in').rotate();
      const disk = recordings.files().reduce((sum, { bytes }) => sum + bytes, 0);
      expect(disk).toBeLessThanOrEqual(20_000);
    }
    await recordings.close();
    const forgotten = events.filter(({ event }) => event === 'forgotten').length;
    expect(forgotten).toBeGreaterThan(5);
    expect(namesIn(ring)).toHaveLength(14 - forgotten);
    expect(
      recordings
        .files()
        .map(({ path: file }) => path.basename(file))
        .sort(),
    ).toEqual(namesIn(ring));
    expect(namesIn(ring).at(-1)).toContain('-000007');
  });
});

describe('a ring that is smaller than a file may be', () => {
  it('keeps its limit, and what came last', async () => {
    const keep = 200_000;
    const collector = await openTestCollector(testFolder(), { keep });
    const { recordings, ring, clock } = collector;
    begin(collector);
    for (let i = 0; i < 40; i++) {
      clock.now += SECOND;
      send(collector, 100, 'node-a.out', 'eth1');
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(recordings.bytes).toBeLessThanOrEqual(keep);
    }
    await recordings.close();
    const packets = readCaptures(ring).reduce((sum, { listing }) => sum + listing.packets.length, 0);
    // More than half of the limit is in use, and the oldest are gone.
    expect(packets).toBeGreaterThan(1000);
    expect(packets).toBeLessThan(4000);
  });
});

describe('the next process', () => {
  it('is the same collector, counts on, and says what was not captured', async () => {
    const folder = testFolder();
    const first = await openTestCollector(folder);
    begin(first);
    first.clock.now += 5n * SECOND;
    await first.recordings.close();
    const second = await openTestCollector(folder, {}, START + 60n * SECOND);
    begin(second);
    await second.recordings.close();
    expect(second.recordings.collector).toBe(first.recordings.collector);
    const files = readCaptures(second.ring);
    expect(files.map(({ name }) => name.slice(-13))).toEqual([
      '000001.pcapng',
      '000002.pcapng',
      '000001.pcapng',
      '000002.pcapng',
    ]);
    expect(files.flatMap(gapsOf)).toEqual([
      'eth0 5000-60000 the collector was stopped',
      'eth1 5000-60000 the collector was stopped',
      'eth2 5000-60000 the collector was stopped',
    ]);
  });

  it('does not get a folder that is in use', async () => {
    const folder = testFolder();
    const { recordings } = await openTestCollector(folder);
    await expect(openTestCollector(folder)).rejects.toThrow('another collector uses the folder');
    await recordings.close();
  });

  it('counts on where the ring was emptied', async () => {
    const folder = testFolder();
    const first = await openTestCollector(folder);
    begin(first);
    await first.recordings.close();
    for (const name of namesIn(first.ring)) fs.rmSync(path.join(first.ring, name));
    const second = await openTestCollector(folder);
    begin(second);
    await second.recordings.close();
    expect(namesIn(second.ring)[0]).toContain('-000002');
  });
});
