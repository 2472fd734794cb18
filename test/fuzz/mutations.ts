/**
 * Ways to spoil a capture. Some work on its packets and leave a file that is
 * well formed; some on the bytes of the file. Each draws what it needs from
 * `random`, so that a seed makes the same input again.
 */
import type { WrittenPacket } from '../../packet/file/pcap-writer.ts';
import { concat } from '../../packet/wire/bytes.ts';
import type { createRandom } from '../random-tcp.ts';

export type Random = ReturnType<typeof createRandom>;

export type PacketMutation = (packets: WrittenPacket[], random: Random) => WrittenPacket[];
export type ByteMutation = (bytes: Uint8Array, random: Random) => Uint8Array;

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!;

/** Numbers at the edges of their types. */
export const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xc0000000];
const SECOND = 1_000_000_000n;
/** The last moment that a pcap can hold, and a few others that clocks show by mistake. */
const ODD_TIMES = [0n, 1n, SECOND, (2n ** 32n - 1n) * SECOND, 2n ** 31n * SECOND];
/** Where an IPv4 and an IPv6 segment have their numbers, behind Ethernet. */
const TCP_AT = [34, 54];

export const PACKET_MUTATIONS: Record<string, PacketMutation> = {
  'bits of a frame': onOne((p, random) => ({ ...p, data: flipBits(p.data, random) })),
  'bits of many frames': onMany((p, random) => ({ ...p, data: flipBits(p.data, random) })),
  'a number in a frame': onOne((p, random) => ({ ...p, data: overwriteNumber(p.data, random) })),
  'a frame cut': onOne((p, random) => ({ ...p, data: p.data.subarray(0, random(p.data.length + 1)) })),
  'frames cut': onMany((p, random) => ({ ...p, data: p.data.subarray(0, random(p.data.length + 1)) })),
  'a frame grown': onOne((p, random) => ({ ...p, data: grown(p.data, random) })),
  'two frames spliced': (packets, random) => {
    const [a, b] = [pick(random, packets), pick(random, packets)];
    const at = random(Math.min(a.data.length, b.data.length) + 1);
    const data = concat(a.data.subarray(0, at), b.data.subarray(at));
    return replaced(packets, random(packets.length), { ...a, data });
  },
  'the length on the wire': onMany((p, random) => ({ ...p, originalLength: pick(random, EDGES) })),
  'a frame twice': (packets, random) => {
    const at = random(packets.length);
    const copies = Array.from({ length: 1 + random(20) }, () => packets[at]!);
    return [...packets.slice(0, at), ...copies, ...packets.slice(at)];
  },
  'frames missing': (packets, random) => {
    const at = random(packets.length);
    return packets.toSpliced(at, 1 + random(30));
  },
  'one direction missing': (packets, random) => {
    const source = addressAt(pick(random, packets).data);
    const from = random(packets.length);
    return packets.filter((p, i) => i < from || addressAt(p.data) !== source);
  },
  'two frames swapped': (packets, random) => {
    const [a, b] = [random(packets.length), random(packets.length)];
    return replaced(replaced(packets, a, packets[b]!), b, packets[a]!);
  },
  'a run of frames elsewhere': (packets, random) => {
    const moved = packets.slice(random(packets.length)).slice(0, 1 + random(40));
    return packets.toSpliced(random(packets.length), 0, ...moved);
  },
  'order reversed': (packets) => packets.toReversed(),
  'an odd time': onOne((p, random) => ({ ...p, time: pick(random, ODD_TIMES) })),
  'random times': onMany((p, random) => ({ ...p, time: BigInt(random(2 ** 32)) * SECOND })),
  'times near each other': onMany((p, random) => ({ ...p, time: p.time + BigInt(random(4e9) - 2e9) })),
  'a time that jumps': (packets, random) => {
    const by = BigInt(random(200) - 100) * 10n ** BigInt(6 + random(7));
    const from = random(packets.length);
    return packets.map((p, i) => (i < from ? p : { ...p, time: p.time + by }));
  },
  'time stretched': (packets, random) => {
    const start = packets[0]?.time ?? 0n;
    const factor = BigInt(pick(random, [0, 2, 10, 1000, -1]));
    return packets.map((p) => ({ ...p, time: start + (p.time - start) * factor }));
  },
  'sequence numbers': onMany((p, random) => ({ ...p, data: withWord(p.data, random, 4) })),
  'acknowledgement numbers': onMany((p, random) => ({ ...p, data: withWord(p.data, random, 8) })),
  'TCP flags': onMany((p, random) => ({ ...p, data: withByte(p.data, random, 13) })),
  'header lengths': onMany((p, random) => ({ ...p, data: withByte(p.data, random, 12) })),
  windows: onMany((p, random) => ({ ...p, data: withByte(withByte(p.data, random, 14), random, 15) })),
  ports: onMany((p, random) => ({ ...p, data: withByte(p.data, random, random(4)) })),
  'protocol and fragment fields': onMany((p, random) => ({
    ...p,
    data: withByte(p.data, random, 0, 12 + random(22)),
  })),
};

export const BYTE_MUTATIONS: Record<string, ByteMutation> = {
  'bits of the file': (bytes, random) => {
    const copy = bytes.slice();
    for (let n = 1 + random(20); n > 0; n--) flip(copy, random);
    return copy;
  },
  'the file cut': (bytes, random) => bytes.slice(0, random(bytes.length + 1)),
  'a number in the file': overwriteNumber,
  'a number in its header': (bytes, random) => {
    const copy = bytes.slice();
    copy.set(overwriteNumber(copy.subarray(0, 48), random));
    return copy;
  },
  'bytes missing': (bytes, random) => {
    const at = random(bytes.length + 1);
    const to = at + 1 + random(64);
    return concat(bytes.subarray(0, at), bytes.subarray(to));
  },
  'the file twice': (bytes) => concat(bytes, bytes),
};

function onOne(change: (packet: WrittenPacket, random: Random) => WrittenPacket): PacketMutation {
  return (packets, random) => {
    const at = random(packets.length);
    return replaced(packets, at, change(packets[at]!, random));
  };
}

/** Some share of all, from one in two to one in fifty. */
function onMany(change: (packet: WrittenPacket, random: Random) => WrittenPacket): PacketMutation {
  return (packets, random) => {
    const oneIn = pick(random, [2, 5, 20, 50]);
    return packets.map((p) => (random(oneIn) === 0 ? change(p, random) : p));
  };
}

function replaced(packets: readonly WrittenPacket[], at: number, packet: WrittenPacket): WrittenPacket[] {
  return packets.map((p, i) => (i === at ? packet : p));
}

function flipBits(data: Uint8Array, random: Random): Uint8Array {
  const copy = data.slice();
  for (let n = 1 + random(4); n > 0; n--) flip(copy, random);
  return copy;
}

function flip(bytes: Uint8Array, random: Random): void {
  if (bytes.length === 0) return;
  const at = random(bytes.length);
  bytes[at] = bytes[at]! ^ (1 << random(8));
}

function overwriteNumber(data: Uint8Array, random: Random): Uint8Array {
  const copy = data.slice();
  const size = pick(random, [1, 2, 4] as const);
  if (copy.length < size) return copy;
  const view = new DataView(copy.buffer, copy.byteOffset);
  const at = random(copy.length - size + 1);
  const value = random(3) === 0 ? random(2 ** 32) : pick(random, EDGES);
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value, random(2) === 0);
  else view.setUint32(at, value, random(2) === 0);
  return copy;
}

function grown(data: Uint8Array, random: Random): Uint8Array {
  const copy = new Uint8Array(data.length + random(2000));
  copy.set(data);
  return copy;
}

/** Adds to, or sets, a word of what would be the TCP header. */
function withWord(data: Uint8Array, random: Random, field: number): Uint8Array {
  const at = pick(random, TCP_AT) + field;
  if (at + 4 > data.length) return data;
  const copy = data.slice();
  const view = new DataView(copy.buffer, copy.byteOffset);
  const by = pick(random, [1, -1, 1448, -1448, 100_000, 2 ** 30, 2 ** 31, random(2 ** 32)]);
  view.setUint32(at, (view.getUint32(at) + by) >>> 0);
  return copy;
}

function withByte(data: Uint8Array, random: Random, field: number, from = pick(random, TCP_AT)): Uint8Array {
  const at = from + field;
  if (at >= data.length) return data;
  const copy = data.slice();
  copy[at] = random(2) === 0 ? random(256) : pick(random, EDGES) & 0xff;
  return copy;
}

/** The source address of an IPv4 frame, as good as any for telling directions apart. */
function addressAt(data: Uint8Array): number {
  return data.length < 30 ? -1 : new DataView(data.buffer, data.byteOffset).getUint32(26);
}
