import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcapSplitter } from './pcap-splitter.ts';

interface Packet {
  readonly seconds: number;
  readonly fraction: number;
  readonly original: number;
  readonly bytes: Uint8Array;
}

const packet = fc.record({
  seconds: fc.nat({ max: 0xffff_ffff }),
  fraction: fc.nat({ max: 999_999 }),
  original: fc.nat({ max: 0xffff_ffff }),
  bytes: fc.uint8Array({ maxLength: 40 }),
});

/** Of the records only; `unit` of the fraction in ns. */
function write(packets: readonly Packet[], little: boolean, unit: number): Uint8Array {
  const out: number[] = [];
  for (const { seconds, fraction, original, bytes } of packets) {
    const head = new DataView(new ArrayBuffer(16));
    [seconds, fraction * unit, bytes.length, original].forEach((value, i) => {
      head.setUint32(4 * i, value, little);
    });
    out.push(...new Uint8Array(head.buffer), ...bytes);
  }
  return Uint8Array.from(out);
}

function header(magic: number, little: boolean, linkType = 1): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, magic, little);
  view.setUint32(20, linkType, little);
  return new Uint8Array(view.buffer);
}

/** Everything that the splitter says of a stream, given in chunks of these sizes, again and again. */
function split(stream: Uint8Array, sizes: readonly number[]) {
  const records: number[] = [];
  const linkTypes: number[] = [];
  const sum = { count: 0, bytes: 0, lastAt: 0n };
  const splitter = new PcapSplitter({
    begin: (linkType) => linkTypes.push(linkType),
    records: (view, from, to, { count, bytes, lastAt }) => {
      for (let at = from; at < to; at++) records.push(view.getUint8(at));
      sum.count += count;
      sum.bytes += bytes;
      sum.lastAt = lastAt;
    },
  });
  let fault: string | null = null;
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length]!;
    fault = splitter.push(stream.slice(at, at + size));
    at += size;
  }
  return { records: Uint8Array.from(records), linkTypes, sum, fault };
}

const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 });

describe('a pcap stream', () => {
  it('comes as whole little-endian ns records, whatever its form and however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 12 }),
        sizes,
        fc.boolean(),
        fc.boolean(),
        (packets, cut, little, micro) => {
          const magic = micro ? 0xa1b2c3d4 : 0xa1b23c4d;
          // Of µs all of them; of ns only those with three zeros, so that both forms mean the same.
          const stream = [...header(magic, little, 276), ...write(packets, little, micro ? 1 : 1000)];
          const { records, linkTypes, sum, fault } = split(Uint8Array.from(stream), cut);
          const last = packets.at(-1);
          expect(fault).toBeNull();
          expect(linkTypes).toEqual([276]);
          expect(records).toEqual(write(packets, true, 1000));
          expect(sum.count).toBe(packets.length);
          expect(sum.bytes).toBe(packets.reduce((bytes, next) => bytes + next.bytes.length, 0));
          if (last) expect(sum.lastAt).toBe(BigInt(last.seconds) * 10n ** 9n + BigInt(last.fraction) * 1000n);
        },
      ),
    );
  });

  it('never throws, and tells nothing behind what is no record', () => {
    const good = write([{ seconds: 1, fraction: 2, original: 3, bytes: Uint8Array.of(7) }], true, 1000);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), sizes, (rest, cut) => {
        const lengths = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);
        const stream = Uint8Array.from([...header(0xa1b23c4d, true), ...good, ...lengths, ...rest]);
        const { sum, fault } = split(stream, cut);
        expect(fault).toMatch(/no pcap stream any more/);
        expect(sum.count).toBe(1);
        expect(split(rest, cut).sum.count).toBe(0);
      }),
    );
  });

  it('takes the longest packet that there can be, in pieces', () => {
    const bytes = new Uint8Array(262_144).fill(5);
    const longest = new Uint8Array(24 + 16 + bytes.length);
    longest.set(header(0xa1b23c4d, true));
    new DataView(longest.buffer).setUint32(24 + 8, bytes.length, true);
    longest.set(bytes, 40);
    expect(split(longest, [65_536]).sum).toMatchObject({ count: 1, bytes: 262_144 });
  });

  it('is refused where a fraction is more than a second', () => {
    const packets = [{ seconds: 1, fraction: 1_000_000, original: 1, bytes: new Uint8Array(1) }];
    const stream = Uint8Array.from([...header(0xa1b2c3d4, true), ...write(packets, true, 1)]);
    expect(split(stream, [1000]).fault).toMatch(/no pcap stream any more/);
  });
});
