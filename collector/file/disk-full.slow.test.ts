/** A disk that fills: a small tmpfs, which takes a part of a write before it refuses, as others do. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  gapsOf,
  MS,
  openTestCollector,
  pcapRecords,
  type ReadFile,
  readCaptures,
  somePackets,
  type TestCollector,
  testFolder,
} from './test-recording.ts';

const MB = 1_000_000;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Unmounted when the test is over. */
function smallDisk(bytes: number): string {
  const folder = testFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'stallscope-test', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  return folder;
}

/** Somebody else's data, up to the last byte. */
function fill(folder: string): string {
  const file = path.join(folder, 'filler');
  const fd = fs.openSync(file, 'w');
  try {
    for (;;) fs.writeSync(fd, new Uint8Array(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    fs.closeSync(fd);
  }
  return file;
}

/** In batches of 1000 packets, about 95 kB. Returns how many packets. */
function send({ recordings, clock }: TestCollector, batches: number): number {
  const sink = recordings.recording('node-a.in').sink('eth0');
  for (let i = 0; i < batches; i++) {
    const records = pcapRecords(somePackets(clock.now, 1000));
    sink.packets(records, 0, records.byteLength);
    clock.now += 1000n * MS;
  }
  return batches * 1000;
}

const packetsIn = (files: readonly ReadFile[]): number =>
  files.reduce((sum, { listing }) => sum + listing.packets.length, 0);

const lostIn = (files: readonly ReadFile[]): number =>
  files
    .flatMap(({ notes }) => notes)
    .reduce((sum, { note }) => sum + (note.note === 'gap' ? (note.packets ?? 0) : 0), 0);

const troubleOf = ({ events }: TestCollector) =>
  events.filter((event) => event.event === 'trouble' && event.what.startsWith('captures cannot'));

describe.skipIf(!isRoot)('a disk that is full (needs root, for a small disk of its own)', () => {
  it('with files of the ring gets room from the oldest, and nothing is lost', async () => {
    const folder = smallDisk(12 * MB);
    const collector = await openTestCollector(folder, {
      keep: 100 * MB,
      rotate: { size: 2 * MB, age: 60_000 },
    });
    collector.recordings.recording('node-a.in').sink('eth0').begin(collector.clock.now, 1);
    for (let i = 0; i < 30; i++) {
      send(collector, 10);
      // Files are closed in the background.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await collector.recordings.close();
    expect(troubleOf(collector)).toEqual([]);
    expect(collector.events.filter(({ event }) => event === 'forgotten').length).toBeGreaterThan(5);
    const files = readCaptures(collector.ring);
    expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
    expect(lostIn(files)).toBe(0);
    const times = files.flatMap(({ listing }) => listing.packets.map(({ epoch }) => epoch ?? 0n));
    expect(times).toEqual(times.map((_, i) => times[0]! + BigInt(i) * MS));
  });

  it('of others is waited for: the file is cut to whole blocks, and the next one says what is missing', async () => {
    const folder = smallDisk(16 * MB);
    const collector = await openTestCollector(folder, { rotate: { size: 50 * MB, age: 60_000 } });
    collector.recordings.recording('node-a.in').sink('eth0').begin(collector.clock.now, 1);
    let sent = send(collector, 25);
    const filler = fill(folder);
    sent += send(collector, 40);
    expect(troubleOf(collector)).toHaveLength(1);
    // Some retries later it is still full.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    sent += send(collector, 5);
    fs.rmSync(filler);
    const recovered = () => collector.events.some((event) => event.event === 'gap' && event.to !== null);
    await expect.poll(recovered).toBe(true);
    sent += send(collector, 10);
    await collector.recordings.close();

    const files = readCaptures(collector.ring);
    expect(files.map(({ name }) => name.slice(-13))).toEqual(['000001.pcapng', '000002.pcapng']);
    expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
    expect(packetsIn(files) + lostIn(files)).toBe(sent);
    expect(files[1]?.listing.packets).toHaveLength(10_000);
    const [gap] = gapsOf(files[1]!);
    expect(gap).toMatch(/^eth0 \d+-\d+ the disk was full \(ENOSPC\) \(\d+\)$/);
    expect(files[1]?.listing.reader.interfaces).toMatchObject([
      { received: 10_000 + lostIn(files), dropped: lostIn(files) },
    ]);
    expect(troubleOf(collector)).toHaveLength(1);
    expect(fs.readdirSync(collector.ring).filter((name) => !name.endsWith('.pcapng'))).toEqual([]);
  });

  it('of pinned files gets no room from them', async () => {
    const folder = smallDisk(12 * MB);
    const collector = await openTestCollector(folder, { rotate: { size: 2 * MB, age: 60_000 } });
    collector.recordings.recording('node-a.in').sink('eth0').begin(collector.clock.now, 1);
    await collector.recordings.pin(collector.clock.now, 'takeover');
    for (let i = 0; i < 20; i++) {
      send(collector, 10);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(troubleOf(collector)).toHaveLength(1);
    expect(collector.events.filter(({ event }) => event === 'forgotten')).toEqual([]);
    const [pin] = collector.recordings.pins();
    expect(pin?.files.length).toBeGreaterThan(3);
    for (const file of pin?.files ?? []) expect(fs.statSync(file).size).toBeGreaterThan(0);
    await collector.recordings.close();
    const files = readCaptures(collector.ring);
    expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
  });
});
