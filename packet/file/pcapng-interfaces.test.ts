/** A file may describe very many interfaces, as one joined from many does; without bound it may not. */
import { expect, test } from 'vitest';
import { createPcapngWriter } from './pcapng-writer.ts';
import { listCapture } from './test-listing.ts';

const MOST = 65_536;

function withInterfaces(count: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = createPcapngWriter((piece) => pieces.push(piece));
  for (let i = 0; i < count; i++) writer.addInterface({});
  writer.packet({ time: 1_700_000_000_000_000_000n, interfaceId: count - 1, data: Uint8Array.of(1) });
  return Buffer.concat(pieces);
}

test('a packet of the last of 65,536 interfaces is read', () => {
  const { packets, codes } = listCapture(withInterfaces(MOST));
  expect(codes).toEqual([]);
  expect(packets).toHaveLength(1);
});

test('one interface more ends the reading, and is said', () => {
  const { packets, codes } = listCapture(withInterfaces(MOST + 1));
  expect(codes).toEqual(['too-many-interfaces']);
  expect(packets).toHaveLength(0);
});
