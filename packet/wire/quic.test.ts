import { describe, expect, test } from 'vitest';
import { viewOf } from './bytes.ts';
import {
  isQuicVersion,
  looksLong,
  looksShort,
  QuicHead,
  QuicType,
  readQuicLong,
  writeQuicLong,
  writeQuicShort,
} from './quic.ts';

const destination = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const source = Uint8Array.of(9, 10, 11, 12);
const initial = writeQuicLong({ destination, source }, new Uint8Array(1200));

function read(bytes: Uint8Array, length = bytes.length): QuicHead | null {
  const head = new QuicHead();
  return readQuicLong(viewOf(bytes), 0, length, head) ? head : null;
}

describe('readQuicLong', () => {
  test('an Initial has both connection IDs', () => {
    const head = read(initial) as QuicHead;
    expect(head).toMatchObject({ type: QuicType.Initial, version: 1, destinationLength: 8, sourceLength: 4 });
    expect(initial.subarray(head.destinationAt, head.destinationAt + 8)).toEqual(destination);
    expect(initial.subarray(head.sourceAt, head.sourceAt + 4)).toEqual(source);
  });

  test.each([1, 0x6b3343cf])('types of version %i', (version) => {
    for (const type of Object.values(QuicType)) {
      const bytes = writeQuicLong(
        { type, version, destination, source: new Uint8Array(0) },
        new Uint8Array(20),
      );
      expect(read(bytes)).toMatchObject({ type, version, sourceLength: 0 });
    }
  });

  test('in version 2 the bits of an Initial are 01 (RFC 9369, 3.2)', () => {
    expect(writeQuicLong({ version: 0x6b3343cf, destination, source }, new Uint8Array(0))[0]).toBe(0xd0);
  });

  test('a header that was cut before its IDs end is none', () => {
    for (let length = 0; length < 6 + 8 + 1 + 4; length++) expect(read(initial, length)).toBeNull();
    expect(read(initial, 19)).not.toBeNull();
  });

  test('neither is one of another version, without the fixed bit, or with an ID of 21 bytes', () => {
    const changed = (at: number, byte: number): Uint8Array => {
      const copy = initial.slice();
      copy[at] = byte;
      return copy;
    };
    expect(read(changed(4, 2))).toBeNull();
    expect(read(changed(0, 0x80))).toBeNull();
    expect(read(changed(0, 0x40))).toBeNull();
    expect(read(changed(5, 21))).toBeNull();
    expect(read(changed(14, 21))).toBeNull();
  });
});

test('versions: 1, 2, the late drafts, and nothing greased or negotiated', () => {
  expect([1, 0x6b3343cf, 0xff00001d, 0xfaceb002].every(isQuicVersion)).toBe(true);
  expect([0, 2, 0x0a0a0a0a, 0xff000000, 0x51303436].some(isQuicVersion)).toBe(false);
});

test('a short header has the fixed bit alone', () => {
  const short = writeQuicShort(destination, 0x3f, new Uint8Array(20));
  expect([looksShort(short[0] as number), looksLong(short[0] as number)]).toEqual([true, false]);
  expect(short.subarray(1, 9)).toEqual(destination);
  expect([0x00, 0x17, 0x80, 0xbf].some((b) => looksShort(b) || looksLong(b))).toBe(false);
});
