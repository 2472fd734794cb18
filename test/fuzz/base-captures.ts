/**
 * What mutations begin with: the real captures of `test/fixtures/`, each cut
 * down to the frames around its silences, so that thousands of mutations a
 * second still pass the rules of every stall.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/captures', import.meta.url));

export interface BaseCapture {
  /** Path below the fixtures. */
  readonly name: string;
  readonly packets: readonly WrittenPacket[];
}

/** Node-b is where the flows arrive after the failover; the controls' node is node-a. */
const VANTAGES = /^(?:client|server|node-b\.out|node-a)\.pcap\.gz$/;
/** Frames kept at each end of the capture and on each side of a silence. */
const AROUND = 24;
const SILENCE = 500_000_000n;
const MOST_PACKETS = 240;

/** Sorted by name, so that a seed names the same capture on every machine. */
export function readBaseCaptures(folder = FIXTURES): BaseCapture[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => VANTAGES.test(name.split('/').at(-1) ?? ''))
    .sort()
    .map((name) => ({ name, packets: cutDown(packetsOf(gunzipSync(readFileSync(join(folder, name))))) }));
}

/** All packets of a capture, copied out of it. */
export function packetsOf(bytes: Uint8Array): WrittenPacket[] {
  const packets: WrittenPacket[] = [];
  const reader = createCaptureReader({
    packet({ time, view, offset, capturedLength, originalLength }) {
      const from = view.byteOffset + offset;
      const data = new Uint8Array(view.buffer.slice(from, from + capturedLength) as ArrayBuffer);
      packets.push({ time: reader.origin + BigInt(Math.round(time)), data, originalLength });
    },
    problem() {},
  });
  reader.push(bytes);
  reader.end();
  return packets;
}

function cutDown(packets: readonly WrittenPacket[]): WrittenPacket[] {
  const kept = new Set<number>();
  const keep = (middle: number): void => {
    for (let i = middle - AROUND; i < middle + AROUND; i++) kept.add(i);
  };
  keep(0);
  keep(packets.length);
  for (let i = 1; i < packets.length; i++) {
    if (packets[i]!.time - packets[i - 1]!.time >= SILENCE) keep(i);
  }
  return packets.filter((_, i) => kept.has(i)).slice(0, MOST_PACKETS);
}
