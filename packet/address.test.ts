import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, formatMac, parseAddress, parseMac } from './address.ts';

const again = (text: string) => {
  const address = parseAddress(text);
  return address && formatAddress(address.words, 0, address.version);
};

describe('IPv4', () => {
  test.each(['0.0.0.0', '10.0.1.10', '255.255.255.255', '192.0.2.1'])('%s', (text) => {
    expect(again(text)).toBe(text);
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '1.2.3.4 ', 'a.b.c.d', '1..2.3'])(
    '"%s" is none',
    (text) => {
      expect(parseAddress(text)).toBeNull();
    },
  );

  test('fills word 0 only', () => {
    expect(parseAddress('10.0.1.10')).toEqual({ version: 4, words: Uint32Array.of(0x0a00010a, 0, 0, 0) });
  });
});

describe('IPv6, RFC 5952', () => {
  test.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::0001', 'fe80::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s is %s', (text, canonical) => {
    expect(again(text)).toBe(canonical);
  });

  test.each([
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '1:2:3:4:5:6:7:8::',
  ])('"%s" is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('any address survives text', () => {
    fc.assert(
      fc.property(fc.uint32Array({ minLength: 4, maxLength: 4 }), (words) => {
        expect(parseAddress(formatAddress(words, 0, 6))).toEqual({
          version: 6,
          words: Uint32Array.from(words),
        });
      }),
    );
  });

  test('the destination of a frame starts at word 4', () => {
    const words = Uint32Array.of(0, 0, 0, 0, 0xfe800000, 0, 0, 9);
    expect(formatAddress(words, 4, 6)).toBe('fe80::9');
  });

  test('any text gives an address or null', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%') }), (text) => {
        const address = parseAddress(text);
        if (address) expect(parseAddress(formatAddress(address.words, 0, address.version))).toEqual(address);
      }),
    );
  });
});

describe('MAC', () => {
  test('text and number', () => {
    expect(formatMac(0x0200000000ff)).toBe('02:00:00:00:00:ff');
    expect(formatMac(-1)).toBe('');
    expect(parseMac('FF:ff:ff-ff:ff:ff')).toBe(0xffffffffffff);
    expect(parseMac('02:00:00:00:00')).toBe(-1);
    expect(parseMac('02:00:00:00:00:0g')).toBe(-1);
  });
});
