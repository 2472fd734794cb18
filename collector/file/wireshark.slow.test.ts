/** What tshark and capinfos read in a collector's files, against what packet/ does. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeNote } from '../../packet/file/collector-note.ts';
import { findProgram } from '../engine/program.ts';
import {
  MS,
  openTestCollector,
  pcapRecords,
  type ReadFile,
  readCaptures,
  somePackets,
  testFolder,
} from './test-recording.ts';

const tshark = findProgram('tshark');
const capinfos = findProgram('capinfos');
const SECOND = 1000n * MS;

const run = (program: string | null, ...args: string[]): string =>
  execFileSync(program ?? '', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e8,
  });

/** Interfaces that go and come back, drops, clocks, notes in other alphabets; packets of every length. */
async function recordAll(folder: string): Promise<string> {
  const { recordings, ring, clock } = await openTestCollector(folder);
  const [first, second] = ['eth1', 'eth2'].map((name) => recordings.recording('node-a.out').sink(name));
  second!.gap(clock.now, 'eth2 is not there');
  first!.begin(clock.now, 1);
  for (let length = 0; length < 120; length++) {
    const data = new Uint8Array(length).fill(length);
    const records = pcapRecords([{ time: clock.now + 999_999_999n, data, originalLength: length + 7 }]);
    first!.packets(records, 0, records.byteLength);
    clock.now += SECOND;
  }
  recordings.note({ note: 'clock', at: String(clock.now), synchronised: false, offset: -1.5, maxError: 16 });
  first!.counts(clock.now, 500, 11);
  second!.begin(clock.now, 276);
  await recordings.recording('node-a.out').rotate();
  const records = pcapRecords(somePackets(clock.now, 50));
  second!.packets(records, 0, records.byteLength);
  first!.gap(clock.now, 'das Gerät ist weg — "eth1"\n');
  clock.now += SECOND;
  first!.begin(clock.now, 12);
  second!.counts(clock.now, 60, 3);
  second!.gap(clock.now, 'tcpdump was ended by SIGKILL');
  await recordings.close();
  return ring;
}

/** Values of a field in tshark's reading of the blocks, in the order of the file. */
const valuesOf = (text: string, field: string): string[] =>
  text.split('\n').flatMap((line) => {
    const match = new RegExp(`^\\s*${field}: (.*)$`).exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });

function checkPackets(file: string, { listing }: ReadFile): void {
  const fields = ['frame.number', 'frame.time_epoch', 'frame.interface_name', 'frame.len', 'frame.cap_len'];
  const rows = run(tshark, '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]));
  const expected = listing.packets.map(({ frame, epoch, interfaceIndex, originalLength, data }) => {
    const nanos = String((epoch ?? 0n) % 1_000_000_000n).padStart(9, '0');
    const { name } = listing.reader.interfaces[interfaceIndex]!;
    return [frame, `${(epoch ?? 0n) / 1_000_000_000n}.${nanos}`, name, originalLength, data.length].join(
      '\t',
    );
  });
  expect(rows.trim().split('\n')).toEqual(expected);
}

function checkBlocks(file: string, { listing, notes }: ReadFile): void {
  const text = run(tshark, '-r', file, '-X', 'read_format:MIME Files Format', '-V');
  const { interfaces } = listing.reader;
  expect(valuesOf(text, 'Name')).toEqual(interfaces.map(({ name }) => name));
  expect(valuesOf(text, 'Description')).toEqual(interfaces.map(({ description }) => description));
  // tshark escapes what is no ASCII.
  const comments = valuesOf(text, 'Comment').map(
    (comment) => comment.replaceAll(/[^ -~]|\\/g, '').length > 0,
  );
  expect(comments).toHaveLength(notes.length);
  for (const { note } of notes) {
    const comment = writeNote(note);
    if (/^[ -[\]-~]*$/.test(comment)) expect(valuesOf(text, 'Comment')).toContain(comment);
  }
  const statistics = text.split('Block: ').filter((block) => block.startsWith('Interface Statistics'));
  for (const [i, { received, dropped }] of interfaces.entries()) {
    const last = statistics.findLast((block) => valuesOf(block, 'Interface')[0] === String(i)) ?? '';
    expect(valuesOf(last, 'Number of Received Packets').map(Number)).toEqual([received]);
    expect(valuesOf(last, 'Number of Dropped Packets').map(Number)).toEqual(
      dropped === null ? [] : [dropped],
    );
  }
}

function checkCounts(file: string, { listing }: ReadFile): void {
  const text = run(capinfos, file);
  const counts = valuesOf(text.replaceAll(' = ', ': '), 'Number of packets').map((value) => value.trim());
  const { interfaces } = listing.reader;
  const own = interfaces.map(
    (_, i) => listing.packets.filter((packet) => packet.interfaceIndex === i).length,
  );
  expect(counts.slice(-own.length).map(Number)).toEqual(own);
  expect(text).toContain(`Number of interfaces in file: ${interfaces.length}`);
  expect(text).toContain('Capture application: Stallscope collector 0.0.0');
}

describe.skipIf(tshark === null || capinfos === null)(
  "a collector's files (skipped where tshark and capinfos are not installed)",
  () => {
    it('are read by tshark and capinfos as they are by packet/', async () => {
      const ring = await recordAll(testFolder());
      const files = readCaptures(ring);
      expect(files.map(({ listing }) => [listing.packets.length, listing.reader.interfaces.length])).toEqual([
        [120, 2],
        [50, 3],
      ]);
      for (const read of files) {
        const file = path.join(ring, read.name);
        checkPackets(file, read);
        checkBlocks(file, read);
        checkCounts(file, read);
      }
    });
  },
);
