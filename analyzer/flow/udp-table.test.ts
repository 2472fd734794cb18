import { expect, test } from 'vitest';
import { buildUdp, type UdpFrame } from '../../packet/wire/build.ts';
import type { Frame } from '../../packet/wire/frame.ts';
import { decoded } from '../test-frames.ts';
import { UdpTable } from './udp-table.ts';

const udp = (fields: UdpFrame): Frame => decoded(buildUdp({ payload: 4, ...fields }));
const UP: UdpFrame = { source: '10.0.0.9', destination: '10.0.0.2', sourcePort: 4000, destinationPort: 53 };
const DOWN: UdpFrame = { source: '10.0.0.2', destination: '10.0.0.9', sourcePort: 53, destinationPort: 4000 };

test('both directions are one entry, and say who sends', () => {
  const table = new UdpTable();
  const entry = table.open(udp(UP), 7);
  expect([table.find(udp(UP), 7), table.sender]).toEqual([entry, 1]);
  expect([table.find(udp(DOWN), 7), table.sender]).toEqual([entry, 0]);
  expect([table.addressOf(entry, 0), table.portOf(entry, 0)]).toEqual(['10.0.0.2', 53]);
  expect([table.addressOf(entry, 1), table.portOf(entry, 1)]).toEqual(['10.0.0.9', 4000]);
});

test('another tag, port, address or IP version is another entry', () => {
  const table = new UdpTable();
  table.open(udp(UP), 7);
  expect(table.find(udp(UP), 8)).toBe(-1);
  expect(table.find(udp({ ...UP, sourcePort: 4001 }), 7)).toBe(-1);
  expect(table.find(udp({ ...UP, source: '10.0.0.8' }), 7)).toBe(-1);
  // Ports swapped without the addresses: not the other direction.
  expect(table.find(udp({ ...UP, sourcePort: 53, destinationPort: 4000 }), 7)).toBe(-1);
});

test('IPv6 ends that differ in the last word only', () => {
  const table = new UdpTable();
  const ends = { sourcePort: 1, destinationPort: 2, destination: 'fd00::2' };
  const entries = ['fd00::a', 'fd00::b'].map((source) => table.open(udp({ ...ends, source }), 0));
  expect(['fd00::a', 'fd00::b'].map((source) => table.find(udp({ ...ends, source }), 0))).toEqual(entries);
  expect(table.addressOf(entries[1] as number, 1)).toBe('fd00::b');
});

test('one host that talks to itself has two ends', () => {
  const table = new UdpTable();
  const own = { source: '127.0.0.1', destination: '127.0.0.1' };
  const entry = table.open(udp({ ...own, sourcePort: 9, destinationPort: 5 }), 0);
  expect([table.find(udp({ ...own, sourcePort: 5, destinationPort: 9 }), 0), table.sender]).toEqual([
    entry,
    0,
  ]);
});

test('closed entries are gone, and their numbers used again', () => {
  const table = new UdpTable();
  const entries = Array.from({ length: 3000 }, (_, i) =>
    table.open(udp({ ...UP, sourcePort: 1 + i }), i & 1),
  );
  for (const [i, entry] of entries.entries()) if (i % 3 !== 0) table.close(entry);
  expect(table.size).toBe(1000);
  for (const [i, entry] of entries.entries()) {
    expect(table.find(udp({ ...UP, sourcePort: 1 + i }), i & 1)).toBe(i % 3 === 0 ? entry : -1);
  }
  const again = table.open(udp({ ...UP, sourcePort: 9999 }), 0);
  expect([again < 3000, table.find(udp({ ...UP, sourcePort: 9999 }), 0)]).toEqual([true, again]);
});
