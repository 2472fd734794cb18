import { describe, expect, test } from 'vitest';
import { ByteBuilder } from './byte-builder.ts';
import { type CollectorNote, writeNote } from './collector-note.ts';
import { createPcapngWriter } from './pcapng-writer.ts';
import { hex, listCapture, listChunks } from './test-listing.ts';

const BILLION = 1_000_000_000n;
const T = 1_700_000_000n * BILLION;

/** Blocks by hand, without the writer: what is read here does not depend on it. */
function blocks(littleEndian: boolean) {
  const block = (
    type: number,
    fill: (body: ByteBuilder) => ByteBuilder,
    claims?: number,
    behind?: number,
  ): Uint8Array => {
    const body = fill(new ByteBuilder(littleEndian)).pad().take();
    const length = claims ?? body.length + 12;
    return new ByteBuilder(littleEndian)
      .u32(type)
      .u32(length)
      .bytes(body)
      .u32(behind ?? length)
      .take();
  };
  const text = (value: string) => new TextEncoder().encode(value);
  return {
    block,
    text,
    section: (version: [number, number] = [1, 0]) =>
      block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4d).u16(version[0]).u16(version[1]).u64(-1n)),
    sectionWithOptions: () =>
      block(0x0a0d0d0a, (b) =>
        b
          .u32(0x1a2b3c4d)
          .u16(1)
          .u16(0)
          .u64(-1n)
          .u16(1)
          .u16(5)
          .bytes(text('hello'))
          .pad()
          .u16(2)
          .u16(3)
          .bytes(text('cpu'))
          .pad()
          .u16(3)
          .u16(6)
          .bytes(text('Linux\0'))
          .pad()
          .u16(4)
          .u16(7)
          .bytes(text('dumpcap'))
          .pad()
          .u32(0),
      ),
    iface: (snaplen = 0, linkType = 1) => block(1, (b) => b.u16(linkType).u16(0).u32(snaplen)),
    ifaceWithOptions: () =>
      block(1, (b) =>
        b
          .u16(113)
          .u16(0)
          .u32(96)
          .u16(2)
          .u16(4)
          .bytes(text('eth0'))
          .u16(3)
          .u16(3)
          .bytes(text('LAN'))
          .pad()
          .u16(9)
          .u16(1)
          .bytes([9])
          .pad()
          .u16(11)
          .u16(4)
          .bytes(text('\0tcp'))
          .u16(12)
          .u16(5)
          .bytes(text('Linux'))
          .pad()
          .u16(14)
          .u16(8)
          .u64(-5n)
          .u16(15)
          .u16(3)
          .bytes(text('e1k'))
          .pad()
          .u16(1)
          .u16(2)
          .bytes(text('up'))
          .pad()
          .u32(0),
      ),
    enhanced: (id: number, units: bigint, data: number[], captured = data.length) =>
      block(6, (b) =>
        b
          .u32(id)
          .u32(Number(units >> 32n))
          .u32(Number(units & 0xffff_ffffn))
          .u32(captured)
          .u32(60)
          .bytes(data),
      ),
    commented: (units: bigint, comment: string) =>
      block(6, (b) =>
        b
          .u32(0)
          .u32(Number(units >> 32n))
          .u32(Number(units & 0xffff_ffffn))
          .u32(1)
          .u32(1)
          .bytes([7])
          .pad()
          .u16(2)
          .u16(4)
          .u32(1)
          .u16(1)
          .u16(comment.length)
          .bytes(text(comment))
          .pad()
          .u16(4)
          .u16(8)
          .u64(3n)
          .u32(0),
      ),
    obsolete: (id: number, drops: number, units: bigint, data: number[]) =>
      block(2, (b) =>
        b
          .u16(id)
          .u16(drops)
          .u32(Number(units >> 32n))
          .u32(Number(units & 0xffff_ffffn))
          .u32(data.length)
          .u32(60)
          .bytes(data),
      ),
    simple: (original: number, data: number[]) => block(3, (b) => b.u32(original).bytes(data)),
    statistics: (id: number) =>
      block(5, (b) =>
        b
          .u32(id)
          .u32(0)
          .u32(0)
          .u16(3)
          .u16(8)
          .u32(0x00060a24)
          .u32(0x181e4000)
          .u16(4)
          .u16(8)
          .u64(1000n)
          .u16(5)
          .u16(8)
          .u64(7n)
          .u16(7)
          .u16(8)
          .u64(2n)
          .u32(0),
      ),
    names: () =>
      block(4, (b) =>
        b
          .u16(1)
          .u16(14)
          .bytes([10, 0, 0, 1])
          .bytes(text('gw\0router\0'))
          .pad()
          .u16(2)
          .u16(19)
          .bytes(hex('20010db8000000000000000000000001'))
          .bytes(text('v6\0'))
          .pad()
          .u16(3)
          .u16(6)
          .bytes([1, 2, 3, 4, 5, 6])
          .pad()
          .u32(0),
      ),
  };
}

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('%s', (_name, littleEndian) => {
  const make = blocks(littleEndian);
  const micros = T / 1000n;

  describe.each([1, 13, 100_000])('in chunks of %i', (chunkBytes) => {
    const read = (...parts: Uint8Array[]) => listCapture(join(...parts), chunkBytes);

    test('an enhanced packet', () => {
      const { packets, codes, reader } = read(
        make.section(),
        make.iface(),
        make.enhanced(0, micros + 5n, [1, 2, 3]),
      );
      expect(codes).toEqual([]);
      expect(packets).toEqual([
        {
          frame: 1,
          epoch: T + 5000n,
          interfaceIndex: 0,
          linkType: 1,
          originalLength: 60,
          data: '\x01\x02\x03',
        },
      ]);
      expect(reader).toMatchObject({ format: 'pcapng', origin: T, frames: 1, truncated: false });
    });

    test('an obsolete packet, with its count of drops', () => {
      const file = [
        make.section(),
        make.iface(),
        make.obsolete(0, 4, micros, [9]),
        make.obsolete(0, 0xffff, micros, [8]),
      ];
      const { packets, reader } = read(...file);
      expect(packets.map(({ data }) => data)).toEqual(['\x09', '\x08']);
      expect(reader.interfaces[0]?.dropped).toBe(4);
    });

    test('a simple packet has no time, and repeats the one before', () => {
      const file = [
        make.section(),
        make.iface(4),
        make.enhanced(0, micros, [1]),
        make.simple(60, [1, 2, 3, 4]),
        make.simple(2, [5, 6]),
      ];
      const { packets } = read(...file);
      expect(
        packets.map(({ frame, epoch, originalLength, data }) => [frame, epoch, originalLength, data]),
      ).toEqual([
        [1, T, 60, '\x01'],
        [2, null, 60, '\x01\x02\x03\x04'],
        [3, null, 2, '\x05\x06'],
      ]);
    });

    test('all that sections, interfaces, statistics and names say', () => {
      const file = [
        make.sectionWithOptions(),
        make.ifaceWithOptions(),
        make.iface(),
        make.names(),
        make.enhanced(0, T + 5n * BILLION + 1n, [1]),
        make.statistics(1),
      ];
      const { packets, codes, reader } = read(...file);
      expect(codes).toEqual([]);
      expect(packets[0]).toMatchObject({ epoch: T + 1n, linkType: 113 });
      expect(reader.interfaces).toEqual([
        {
          section: 0,
          linkType: 113,
          snaplen: 96,
          name: 'eth0',
          description: 'LAN',
          filter: 'tcp',
          os: 'Linux',
          hardware: 'e1k',
          dropped: null,
          received: null,
          startTime: null,
          endTime: null,
        },
        { section: 0, linkType: 1, snaplen: 0, dropped: 9, received: 1000, startTime: null, endTime: 0 },
      ]);
      expect(reader.notes).toEqual({
        comments: ['hello', 'up'],
        collector: [],
        packetComments: [],
        hardware: 'cpu',
        os: 'Linux',
        application: 'dumpcap',
        names: new Map([
          ['10.0.0.1', ['gw', 'router']],
          ['2001:db8::1', ['v6']],
        ]),
      });
    });

    test('what a collector says of itself, apart from what people wrote', () => {
      const gap: CollectorNote = { note: 'gap', from: '1', to: null, why: 'eth1 is not there' };
      const file: CollectorNote = {
        note: 'file',
        v: 1,
        collector: 'c0ffee',
        host: 'gw-1',
        vantage: 'node-a.out',
        number: 3,
        engine: 'tcpdump 4.99.3',
        stamps: 'kernel',
      };
      const written: Uint8Array[] = [];
      const writer = createPcapngWriter((chunk) => written.push(chunk), {
        bigEndian: !littleEndian,
        comments: ['by hand', writeNote(file)],
      });
      writer.addInterface();
      writer.statistics({ interfaceId: 0, time: T, comments: ['nothing'] });
      writer.section({ bigEndian: !littleEndian });
      writer.addInterface({ comments: ['old'] });
      writer.addInterface();
      writer.statistics({ interfaceId: 1, time: T, comments: [writeNote(gap), 'cable was out'] });
      expect(read(...written).reader.notes).toMatchObject({
        comments: ['by hand', 'nothing', 'old', 'cable was out'],
        collector: [
          { note: file, section: 0, interfaceIndex: null },
          { note: gap, section: 1, interfaceIndex: 2 },
        ],
      });
    });

    test('packet comments, and drops before a packet', () => {
      const { reader } = read(
        make.section(),
        make.iface(),
        make.commented(micros, 'first'),
        make.commented(micros, 'second'),
      );
      expect(reader.notes.packetComments).toEqual([
        { frame: 1, text: 'first' },
        { frame: 2, text: 'second' },
      ]);
      expect(reader.interfaces[0]?.dropped).toBe(6);
    });

    test('sections begin anew, each in its own byte order', () => {
      const other = blocks(!littleEndian);
      const file = [
        make.section(),
        make.iface(0, 1),
        make.enhanced(0, micros, [1]),
        other.section(),
        other.iface(0, 101),
        other.enhanced(0, micros + 1n, [2]),
      ];
      const { packets, codes, reader } = read(...file);
      expect(codes).toEqual([]);
      expect(
        packets.map(({ frame, epoch, interfaceIndex, linkType }) => [frame, epoch, interfaceIndex, linkType]),
      ).toEqual([
        [1, T, 0, 1],
        [2, T + 1000n, 1, 101],
      ]);
      expect(reader.interfaces.map(({ section }) => section)).toEqual([0, 1]);
    });

    test('unknown blocks are skipped; those that Wireshark numbers take a number', () => {
      const some = (type: number) =>
        make.block(type, (b) => b.u32(1).u32(2).u32(3).u32(4).bytes(new Uint8Array(500)));
      const types = [10, 0x12345, 0x208, 9, 0xbad, 0x40000bad, 0x204];
      const file = types.flatMap((type) => [some(type), make.enhanced(0, micros, [1])]);
      const { packets, codes } = read(make.section(), make.iface(), ...file);
      expect(codes).toEqual([]);
      expect(packets.map(({ frame }) => frame)).toEqual([1, 2, 3, 5, 7, 9, 11]);
    });

    test.each([
      [
        'a block whose lengths differ',
        make.block(6, (b) => b.bytes(new Uint8Array(32)), undefined, 48),
        'block-malformed',
        /gives its length as 44 in front and 48 behind/,
      ],
      [
        'an unknown block whose lengths differ',
        make.block(99, (b) => b.bytes(new Uint8Array(64)), undefined, 48),
        'block-malformed',
        /gives its length as 76 in front and 48 behind/,
      ],
      ['a block of 8 bytes', make.block(99, (b) => b, 8), 'block-malformed', /claims 8 bytes, too few/],
      [
        'a block of 47 bytes',
        make.block(6, (b) => b.bytes(new Uint8Array(35)), 47),
        'block-malformed',
        /no multiple of 4/,
      ],
      [
        'a packet block of 20 bytes',
        make.block(6, (b) => b.u32(0).u32(0)),
        'block-malformed',
        /too few for its type/,
      ],
      ['a packet block of 3.1 GB', make.block(6, (b) => b, 3_100_000_000), 'block-too-long', /claims 3.1 GB/],
      [
        'an unknown block of 3.1 GB',
        make.block(77, (b) => b, 3_100_000_000),
        'block-too-long',
        /claims 3.1 GB/,
      ],
      [
        'a packet longer than its block',
        make.enhanced(0, micros, [1], 99),
        'block-malformed',
        /holds a packet of 99 bytes, more than/,
      ],
      [
        'an interface that is not described',
        make.enhanced(7, micros, [1]),
        'interface-unknown',
        /interface 7, which is not described/,
      ],
      [
        'a section without byte order',
        make.block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4e).u32(0).u64(0n)),
        'block-malformed',
        /byte-order magic/,
      ],
    ] as const)('%s ends the reading, what came before stands', (_what, bad, code, message) => {
      const file = [
        make.section(),
        make.iface(),
        make.enhanced(0, micros, [1]),
        bad,
        make.enhanced(0, micros, [2]),
      ];
      const { packets, problems } = read(...file);
      expect(packets).toHaveLength(1);
      expect(problems).toEqual([
        { code, kind: 'malformed', message: expect.stringMatching(message), at: { offset: 84 } },
      ]);
      expect(problems[0]!.message).toMatch(
        /^The block at byte 84 .*: reading stops there\. Frames read before it: 1\.$/,
      );
    });

    test.each([
      ['in a packet', make.enhanced(0, micros, [2, 3, 4]), { offset: 84, frame: 2 }],
      ['in a block that is skipped', make.block(99, (b) => b.bytes(new Uint8Array(300))), { offset: 84 }],
    ])('a file that ends %s', (_what, cut, at) => {
      const { packets, problems, reader } = read(
        make.section(),
        make.iface(),
        make.enhanced(0, micros, [1]),
        cut.subarray(0, -2),
      );
      expect(packets).toHaveLength(1);
      expect(reader.truncated).toBe(true);
      const bytes = `of ${cut.length} bytes \\(${cut.length - 2} bytes of it are there\\)`;
      expect(problems).toEqual([
        { code: 'record-cut', kind: 'truncated', message: expect.stringMatching(bytes), at },
      ]);
    });

    test('options and names that claim too much are reported once and left', () => {
      const lying = make.block(1, (b) => b.u16(1).u16(0).u32(0).u16(2).u16(400).bytes([65, 66, 67, 68]));
      const { packets, problems } = read(make.section(), lying, lying, make.enhanced(1, micros, [1]));
      expect(packets).toHaveLength(1);
      expect(problems).toMatchObject([{ code: 'option-malformed' }]);
    });

    test('an unknown version is said and read on', () => {
      expect(read(make.section([1, 2])).codes).toEqual([]);
      expect(read(make.section([2, 0]), make.iface(), make.enhanced(0, micros, [1]))).toMatchObject({
        codes: ['version-unknown'],
        packets: [{ frame: 1 }],
      });
    });

    test('a simple packet without an interface', () => {
      expect(read(make.section(), make.simple(1, [1])).codes).toEqual(['interface-unknown']);
    });

    test('statistics before any packet are relative to the origin that comes', () => {
      const file = [make.section(), make.iface(), make.statistics(0)];
      const late = make.enhanced(0, micros + 10_000_000n, [1]);
      expect(read(...file, late).reader).toMatchObject({
        origin: T + 10n * BILLION,
        interfaces: [{ endTime: -10e9 }],
      });
      expect(read(...file).reader).toMatchObject({ origin: T, interfaces: [{ endTime: 0 }] });
    });
  });
});

test('time is checked within one interface', () => {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  const data = Uint8Array.of(1);
  const [a, b] = [writer.addInterface(), writer.addInterface()];
  writer.packet({ time: T, data, interfaceId: a });
  writer.packet({ time: T - BILLION, data, interfaceId: b });
  writer.packet({ time: T - BILLION / 2n, data, interfaceId: b });
  expect(listChunks(chunks).codes).toEqual([]);
  writer.packet({ time: T - BILLION / 4n, data, interfaceId: a });
  expect(listChunks(chunks).problems).toMatchObject([{ code: 'time-backwards', at: { frame: 4 } }]);
});
