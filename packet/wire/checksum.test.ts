import { expect, test } from 'vitest';
import { internetChecksum } from './checksum.ts';

test('the example of RFC 1071', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(internetChecksum(bytes)).toBe(~0xddf2 & 0xffff);
});

test('an odd last byte is the high one', () => {
  expect(internetChecksum(Uint8Array.of(0xab))).toBe(~0xab00 & 0xffff);
});
