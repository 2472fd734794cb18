import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPcapWriter, type PcapWriterOptions } from './pcap-writer.ts';
import { createPcapngWriter, type InterfaceOptions, type SectionOptions } from './pcapng-writer.ts';
import { type Listing, listChunks, splitAt } from './test-listing.ts';

interface Packet {
  time: bigint;
  data: Uint8Array;
  originalLength: number;
}

const packet = fc
  .record({
    time: fc
      .bigInt({ min: 0n, max: 86_400_000_000n })
      .map((micros) => 1_700_000_000_000_000_000n + micros * 1000n),
    data: fc.uint8Array({ maxLength: 90 }),
    more: fc.nat(2000),
  })
  .map(({ time, data, more }): Packet => ({ time, data, originalLength: data.length + more }));
const packets = fc.array(packet, { maxLength: 15 });
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

function writePcap(content: readonly Packet[], options: PcapWriterOptions): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk), options);
  for (const one of content) writer.packet(one);
  return chunks;
}

function writePcapng(
  content: readonly Packet[],
  section: SectionOptions,
  iface: InterfaceOptions,
): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk), section);
  writer.addInterface(iface);
  for (const one of content) writer.packet(one);
  return chunks;
}

/** What must be equal in every form of the same packets. */
const essence = ({ packets, codes }: Listing) => ({ packets, codes });

test('what is written is what is read, in every form and any chunks', () => {
  fc.assert(
    fc.property(packets, cuts, (content, places) => {
      const whole = (chunks: Uint8Array[]) =>
        splitAt(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), places);
      const expected = essence(listChunks(writePcap(content, {})));
      expect(
        expected.packets.map(({ epoch, originalLength, data }) => ({ epoch, originalLength, data })),
      ).toEqual(
        content.map(({ time, data, originalLength }) => ({
          epoch: time,
          originalLength,
          data: String.fromCharCode(...data),
        })),
      );
      for (const bigEndian of [false, true]) {
        for (const nanoseconds of [false, true]) {
          expect(essence(listChunks(whole(writePcap(content, { bigEndian, nanoseconds }))))).toEqual(
            expected,
          );
        }
        for (const iface of [
          {},
          { resolution: 9 },
          { resolution: 7, offsetSeconds: -3600n },
          { resolution: 6, offsetSeconds: 1_000_000n },
        ]) {
          expect(essence(listChunks(whole(writePcapng(content, { bigEndian }, iface))))).toEqual(expected);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('the writers cut to the snap length and keep the length on the wire', () => {
  const content = [{ time: 0n, data: new Uint8Array(100).fill(65), originalLength: 1500 }];
  for (const chunks of [writePcap(content, { snaplen: 10 }), writePcapng(content, {}, { snaplen: 10 })]) {
    expect(listChunks(chunks).packets).toMatchObject([{ data: 'A'.repeat(10), originalLength: 1500 }]);
  }
});

test('all that a pcapng file says about itself comes back', () => {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk), {
    comments: ['one', 'two'],
    hardware: 'h',
    os: 'o',
    application: 'a',
  });
  writer.addInterface();
  writer.section({ bigEndian: true, comments: ['three'] });
  const described = {
    linkType: 276,
    snaplen: 0,
    name: 'any',
    description: 'all',
    filter: 'port 80',
    os: 'Linux',
    hardware: 'nic',
  };
  const id = writer.addInterface({ ...described, resolution: 9, comments: ['four'] });
  writer.names([[Uint8Array.of(10, 0, 0, 1), ['gw', 'vip']]]);
  writer.packet({
    time: 1_000_000_000n,
    data: Uint8Array.of(1),
    interfaceId: id,
    comments: ['x', 'y'],
    droppedBefore: 2n,
  });
  writer.simplePacket({ data: Uint8Array.of(2) });
  writer.block(0xbad, new Uint8Array(7));
  writer.packet({ time: 2_000_000_000n, data: Uint8Array.of(3) });
  writer.statistics({
    time: 3n,
    startTime: 0n,
    endTime: 5_500_000_000n,
    received: 10n,
    interfaceDropped: 3n,
    osDropped: 4n,
    comments: ['c'],
  });

  const { reader, packets, codes } = listChunks(chunks);
  expect(codes).toEqual([]);
  expect(packets.map(({ frame, epoch, data }) => [frame, epoch, data])).toEqual([
    [1, 1_000_000_000n, '\x01'],
    [2, null, '\x02'],
    [4, 2_000_000_000n, '\x03'],
  ]);
  expect(reader.interfaces[1]).toEqual({
    section: 1,
    ...described,
    dropped: 7,
    received: 10,
    startTime: -1_000_000_000,
    endTime: 4_500_000_000,
  });
  expect(reader.notes).toEqual({
    comments: ['one', 'two', 'three', 'four', 'c'],
    collector: [],
    packetComments: [
      { frame: 1, text: 'x' },
      { frame: 1, text: 'y' },
    ],
    hardware: 'h',
    os: 'o',
    application: 'a',
    names: new Map([['10.0.0.1', ['gw', 'vip']]]),
  });
});
