import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConversationTable, type Endpoints, isFromLow } from './conversation-table.ts';

const word = fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff);
const port = fc.constantFrom(0, 80, 65535);
const endpoints: fc.Arbitrary<Endpoints> = fc.record({
  ipVersion: fc.constantFrom(4, 6),
  address: fc.tuple(word, word, word, word).map(([a, b, c, d]) => Uint32Array.of(a, 0, 0, b, c, 0, 0, d)),
  sourcePort: port,
  destinationPort: port,
});

const reverse = ({ ipVersion, address, sourcePort, destinationPort }: Endpoints): Endpoints => ({
  ipVersion,
  address: Uint32Array.of(...address.slice(4), ...address.slice(0, 4)),
  sourcePort: destinationPort,
  destinationPort: sourcePort,
});

const nameOf = ({ ipVersion, address, sourcePort, destinationPort }: Endpoints): string =>
  [
    ipVersion,
    ...[
      [...address.slice(0, 4), sourcePort],
      [...address.slice(4), destinationPort],
    ]
      .map(String)
      .sort(),
  ].join('|');

describe('ConversationTable', () => {
  it('finds what a map of both ends finds, either way round', () => {
    fc.assert(
      fc.property(fc.array(endpoints, { maxLength: 300 }), (all) => {
        const table = new ConversationTable();
        const streams = new Map<string, number>();
        for (const between of all) {
          const name = nameOf(between);
          if (!streams.has(name)) streams.set(name, streams.size);
          expect(table.find(between).stream).toBe(streams.get(name));
          expect(table.find(reverse(between)).stream).toBe(streams.get(name));
        }
        expect(table.streams).toBe(streams.size);
      }),
    );
  });

  it('grows', () => {
    const table = new ConversationTable();
    const between = (i: number): Endpoints => ({
      ipVersion: 4,
      address: Uint32Array.of(0x0a000001, 0, 0, 0, 0x0a000000 + (i >> 4), 0, 0, 0),
      sourcePort: 1024 + (i & 15),
      destinationPort: 80,
    });
    for (let i = 0; i < 5000; i++) expect(table.find(between(i)).stream).toBe(i);
    for (let i = 0; i < 5000; i++) expect(table.find(between(i)).stream).toBe(i);
  });

  it('replaces a conversation by the next one', () => {
    const table = new ConversationTable();
    const between = {
      ipVersion: 4,
      address: Uint32Array.of(1, 0, 0, 0, 2, 0, 0, 0),
      sourcePort: 1,
      destinationPort: 2,
    };
    expect(table.find(between).stream).toBe(0);
    expect(table.replace(between).stream).toBe(1);
    expect(table.find(reverse(between)).stream).toBe(1);
  });
});

describe('isFromLow', () => {
  it('tells the two senders apart, but for one that talks to itself', () => {
    fc.assert(
      fc.property(endpoints, (between) => {
        expect(isFromLow(between) === isFromLow(reverse(between))).toBe(isSelf(between));
      }),
    );
  });
});

const isSelf = ({ address, sourcePort, destinationPort }: Endpoints): boolean =>
  String(address.slice(0, 4)) === String(address.slice(4)) && sourcePort === destinationPort;
