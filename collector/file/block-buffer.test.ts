import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { listCapture } from '../../packet/file/test-listing.ts';
import { BlockBuffer, countRecords } from './block-buffer.ts';
import { pcapRecords, START, somePackets, type TestPacket } from './test-recording.ts';

const text = (data: Uint8Array) => String.fromCharCode(...data);

/** A buffer that begins with a section and an interface of ns. */
function begun(buffer = new BlockBuffer()): BlockBuffer {
  buffer.clear();
  const writer = createPcapngWriter((block) => buffer.append(block));
  writer.addInterface({ resolution: 9, snaplen: 0 });
  return buffer;
}

const packets = fc.array(
  fc
    .record({
      second: fc.oneof(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.constantFrom(0, 65_535, 65_536, 2 ** 32 - 1),
      ),
      nanos: fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 999_999_999)),
      data: fc.uint8Array({ maxLength: 200 }),
      originalLength: fc.integer({ min: 200, max: 70_000 }),
    })
    .map(
      ({ second, nanos, ...rest }): TestPacket => ({
        ...rest,
        time: BigInt(second) * 1_000_000_000n + BigInt(nanos),
      }),
    ),
  { minLength: 1, maxLength: 8 },
);

describe('packets in a buffer', () => {
  it('are read as they came, whatever their times and lengths', () => {
    const spare = new BlockBuffer();
    fc.assert(
      fc.property(packets, (all) => {
        const buffer = begun();
        const records = pcapRecords(all);
        expect(buffer.appendPackets(records, 0, records.byteLength, 0)).toBe(records.byteLength);
        // Absolute times, of which a reader that starts at the first may hold only 104 days exactly.
        const read = all.map((_, i) => {
          const one = begun(spare);
          const record = pcapRecords([all[i]!]);
          one.appendPackets(record, 0, record.byteLength, 0);
          return listCapture(one.filled).packets[0]!;
        });
        expect(read.map(({ epoch }) => epoch)).toEqual(all.map(({ time }) => time));
        const together = listCapture(buffer.filled);
        expect(together.codes.filter((code) => code !== 'time-backwards')).toEqual([]);
        expect(together.packets.map(({ data, originalLength }) => [data, originalLength])).toEqual(
          all.map(({ data, originalLength }) => [text(data), originalLength]),
        );
      }),
    );
  });

  it('leave no trace of what was in the buffer before', () => {
    const buffer = begun();
    const start = buffer.length;
    const ones = pcapRecords([{ time: START, data: new Uint8Array(300).fill(255), originalLength: 300 }]);
    buffer.appendPackets(ones, 0, ones.byteLength, 0);
    buffer.length = start;
    const odd = pcapRecords([{ time: START, data: Uint8Array.of(1), originalLength: 1 }]);
    buffer.appendPackets(odd, 0, odd.byteLength, 0);
    expect([...buffer.filled.subarray(start + 28, start + 32)]).toEqual([1, 0, 0, 0]);
  });

  it('stop where the buffer is full, and go on there', () => {
    const buffer = new BlockBuffer();
    const big = { time: START, data: new Uint8Array(200_000), originalLength: 200_000 };
    const records = pcapRecords(Array.from({ length: 8 }, () => big));
    const stopped = buffer.appendPackets(records, 0, records.byteLength, 0);
    expect(countRecords(records, 0, stopped)).toBe(5);
    buffer.clear();
    expect(buffer.appendPackets(records, stopped, records.byteLength, 0)).toBe(records.byteLength);
  });

  it('are cut to the length that libpcap captures at most', () => {
    const buffer = begun();
    const records = pcapRecords([{ time: START, data: new Uint8Array(300_000), originalLength: 400_000 }]);
    buffer.appendPackets(records, 0, records.byteLength, 0);
    const { packets: read, codes } = listCapture(buffer.filled);
    expect(codes).toEqual([]);
    expect(read).toMatchObject([{ originalLength: 400_000 }]);
  });
});

it('of a buffer that was written in part, the whole blocks and what is behind them are known', () => {
  const buffer = begun();
  const head = buffer.length;
  const records = pcapRecords(somePackets(START, 3));
  buffer.appendPackets(records, 0, records.byteLength, 0);
  const one = (buffer.length - head) / 3;
  expect(buffer.wholeBlocks(buffer.length)).toBe(buffer.length);
  expect(buffer.wholeBlocks(head + 2 * one - 1)).toBe(head + one);
  expect(buffer.behind(head + one)).toEqual({ packets: new Map([[0, 2]]), interfaces: 0 });
  expect(buffer.behind(0)).toEqual({ packets: new Map([[0, 3]]), interfaces: 1 });
});
