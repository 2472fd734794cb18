/** Tests only: pcap records as engines write them, folders of their own, and what the files of a ring say. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { CollectorNote } from '../../packet/file/collector-note.ts';
import { type Listing, listCapture } from '../../packet/file/test-listing.ts';
import { checkConfig } from '../config.ts';
import type { CollectorEvent } from '../words.ts';
import type { Recordings } from './recording.ts';
import { openRecordings, type RecordingsConfig } from './recordings.ts';
import { nameFile } from './ring-file.ts';
import { type VantagePlan, VantageRecording } from './vantage-recording.ts';

/** 2026-11-26T03:12:00Z. */
export const START = 1_795_662_720_000_000_000n;
export const MS = 1_000_000n;

export interface TestPacket {
  /** ns since the epoch. */
  readonly time: bigint;
  readonly data: Uint8Array;
  readonly originalLength: number;
}

/** Little-endian, ns. Behind a byte, so that nothing is aligned. */
export function pcapRecords(packets: readonly TestPacket[]): DataView {
  const length = packets.reduce((sum, { data }) => sum + 16 + data.length, 0);
  const view = new DataView(new ArrayBuffer(length + 1), 1);
  let at = 0;
  for (const { time, data, originalLength } of packets) {
    view.setUint32(at, Number(time / 1_000_000_000n), true);
    view.setUint32(at + 4, Number(time % 1_000_000_000n), true);
    view.setUint32(at + 8, data.length, true);
    view.setUint32(at + 12, originalLength, true);
    new Uint8Array(view.buffer, view.byteOffset + at + 16, data.length).set(data);
    at += 16 + data.length;
  }
  return view;
}

/** `count` packets of 60 bytes, 1 ms apart. */
export function somePackets(from: bigint, count: number): TestPacket[] {
  return Array.from({ length: count }, (_, i) => ({
    time: from + BigInt(i) * MS,
    data: new Uint8Array(60).fill(i & 0xff),
    originalLength: 1500,
  }));
}

/** Removed when the test is over. */
export function testFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stallscope-recording-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface ReadFile {
  readonly name: string;
  readonly listing: Listing;
  readonly notes: readonly { readonly note: CollectorNote; readonly interfaceName: string | null }[];
}

/** Captures of a folder, by name. */
export function readCaptures(folder: string): ReadFile[] {
  const names = fs.readdirSync(folder).filter((name) => /\.pcapng(?:\.part)?$/.test(name));
  return names.sort().map((name) => {
    const listing = listCapture(fs.readFileSync(path.join(folder, name)));
    const { interfaces, notes } = listing.reader;
    const placed = notes.collector.map(({ note, interfaceIndex }) => {
      const interfaceName = interfaceIndex === null ? null : (interfaces[interfaceIndex]?.name ?? '');
      return { note, interfaceName };
    });
    return { name, listing, notes: placed };
  });
}

/** Its gap notes, as text. */
export function gapsOf({ notes }: ReadFile): string[] {
  return notes.flatMap(({ note, interfaceName }) => {
    if (note.note !== 'gap') return [];
    const packets = note.packets === undefined ? '' : ` (${note.packets})`;
    return [`${interfaceName} ${sinceStart(note.from)}-${sinceStart(note.to)} ${note.why}${packets}`];
  });
}

/** ms after `START`. */
const sinceStart = (time: string | null): string =>
  time === null ? '' : String(Number(BigInt(time) - START) / 1e6);

export interface TestCollector {
  readonly recordings: Recordings;
  readonly events: CollectorEvent[];
  readonly ring: string;
  /** The host's clock; set it. */
  readonly clock: { now: bigint };
}

/** A collector of `node-a.in` on eth0 and `node-a.out` on eth1 and eth2 whose clock stands still. */
export async function openTestCollector(
  folder: string,
  changes: Partial<Omit<RecordingsConfig, 'folder'>> = {},
  now = START,
): Promise<TestCollector> {
  const events: CollectorEvent[] = [];
  const clock = { now };
  const config = checkConfig({
    folder,
    captures: [
      { interface: 'eth0', vantage: 'node-a.in' },
      { interface: 'eth1', vantage: 'node-a.out', snaplen: 128, filter: 'tcp' },
      { interface: 'eth2', vantage: 'node-a.out' },
    ],
  });
  const recordings = await openRecordings({
    config: { ...config, ...changes },
    engine: 'tcpdump 4.99.3',
    stamps: 'kernel',
    application: 'Stallscope collector 0.0.0',
    host: 'gw-1',
    onEvent: (event) => events.push(event),
    now: () => clock.now,
  });
  return { recordings, events, clock, ring: path.join(folder, 'ring') };
}

export interface TestVantage {
  readonly recording: VantageRecording;
  readonly events: CollectorEvent[];
  /** Both clocks of it; set it. */
  readonly clock: { now: bigint };
}

/** `node-a.in` on eth0 and eth1, into a folder that is no ring, by a clock that stands still. */
export function openTestVantage(folder: string, changes: Partial<VantagePlan> = {}): TestVantage {
  const events: CollectorEvent[] = [];
  const clock = { now: START };
  let number = 0;
  const recording = new VantageRecording({
    vantage: 'node-a.in',
    folder,
    collector: 'c0ffee',
    host: 'gw-1',
    engine: 'tcpdump 4.99.3',
    stamps: 'kernel',
    application: 'test',
    interfaces: ['eth0', 'eth1'].map((name) => ({ name, filter: 'tcp', snaplen: 128 })),
    gaps: new Map(),
    rotateBytes: 1e6,
    rotateMs: 60_000,
    ring: {
      next: (vantage, at) => ({ path: path.join(folder, nameFile(vantage, at, ++number)), number }),
      closed: () => {},
      makeRoom: () => false,
    },
    onEvent: (event) => events.push(event),
    now: () => clock.now,
    elapsed: () => Number((clock.now - START) / MS),
    ...changes,
  });
  return { recording, events, clock };
}
