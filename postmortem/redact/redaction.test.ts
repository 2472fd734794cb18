/** Replacing is injective, the same for the same, and leaves nothing that has the shape of an address. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Address, formatAddress, formatMac, parseAddress } from '../../packet/address.ts';
import { Redaction } from './redaction.ts';

const textOf = ({ words, version }: Address): string => formatAddress(words, 0, version);
const ipv4 = fc.ipV4().map((text) => textOf(parseAddress(text)!));
const ipv6 = fc.ipV6().map((text) => textOf(parseAddress(text)!));
/** Those that say only what they are for are told apart by hand below. */
const ordinary = fc
  .oneof(ipv4, ipv6)
  .filter(
    (text) =>
      !/^(?:0\.0\.0\.0|127\.0\.0\.1|255\.255\.255\.255|224\.0\.0\.\d+|(?:ff[\da-f]{2})?::.*)$/.test(text),
  );
const mac = fc.bigInt(0n, 0xffffffffffffn).map((number) => Number(number));

describe('addresses', () => {
  test('two never become one, one never becomes two, and a learned one never stands for another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ordinary, { minLength: 1, maxLength: 40 }), (all) => {
        const redaction = new Redaction();
        for (const text of all) redaction.addresses.learn(parseAddress(text)!, 'client');
        const mapped = all.map((text) => redaction.text(text));
        expect(new Set(mapped).size).toBe(all.length);
        expect(all.map((text) => redaction.text(text))).toEqual(mapped);
        for (const made of mapped) expect(all).not.toContain(made);
        for (const made of mapped) expect(parseAddress(made), made).not.toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  test('they are found in text, however they stand there', () => {
    const redaction = new Redaction();
    redaction.addresses.learn(parseAddress('10.0.0.1')!, 'client');
    redaction.addresses.learn(parseAddress('fd00::a')!, 'server');
    expect(redaction.text('10.0.0.1:4000 -> [fd00::a]:80')).toBe('192.0.2.1:4000 -> [2001:db8::1:0:1]:80');
    expect(redaction.text('from:10.0.0.1, FD00:0::A.')).toBe('from:192.0.2.1, 2001:db8::1:0:1.');
    expect(redaction.text('::ffff:10.0.0.1 fd00::a%eth7')).toBe('::ffff:192.0.2.1 2001:db8::1:0:1');
    expect(redaction.text('fd00::a:33180 asked, and 10.0.0.1:33180.')).toBe(
      '2001:db8::1:0:1:33180 asked, and 192.0.2.1:33180.',
    );
    expect(redaction.text('ip.addr == 10.0.0.1 && tcp.port == 80')).toBe(
      'ip.addr == 192.0.2.1 && tcp.port == 80',
    );
  });

  test('times, versions and what says only what it is for stay', () => {
    const redaction = new Redaction();
    for (const text of ['11:07:02.601 UTC', 'tcpdump 4.99.3', '224.0.0.18', 'ff02::1', '0.0.0.0', '::1'])
      expect(redaction.text(text)).toBe(text);
  });
});

test('MACs: two never become one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(mac, { minLength: 2, maxLength: 40 }), (all) => {
      const redaction = new Redaction();
      for (const one of all) redaction.macs.learn(one);
      expect(new Set(all.map((one) => redaction.text(formatMac(one)))).size).toBe(all.length);
    }),
    { numRuns: 40 },
  );
});

describe('names', () => {
  test('a name is found as a word, in any case; a longer one before the shorter in it', () => {
    const redaction = new Redaction();
    redaction.learnHost('fw1', 'node');
    redaction.learnHost('fw1.example.net', 'node');
    expect(redaction.text('FW1 handed on to fw1.example.net, not to fw10')).toBe(
      'node-1 handed on to node-2, not to fw10',
    );
  });

  test('words for places stay, and a name that a replacement has is passed over', () => {
    const redaction = new Redaction();
    for (const name of ['node-a', 'client', 'in', 'node-1', 'gw']) redaction.learnHost(name, 'node');
    expect(redaction.text('node-a.in, client, node-1, gw')).toBe('node-a.in, client, node-2, node-3');
  });

  test('flow ids, which can be computed from addresses, never stay', () => {
    expect(new Redaction().text('replaced by f0123456789')).toBe('replaced by flow');
  });
});
