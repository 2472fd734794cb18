/**
 * Files that are no captures, or bad ones, made for the tests: from whole
 * records to bytes that contradict each other.
 */
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import {
  createPcapWriter,
  type PcapWriterOptions,
  type WrittenPacket,
} from '../../packet/file/pcap-writer.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { buildArp, buildTcp, type TcpFrame } from '../../packet/wire/build.ts';
import { concat } from '../../packet/wire/bytes.ts';

const START = 1_790_000_000_000_000_000n;
const MILLI = 1_000_000n;
const ETHERNET = 14;
const IPV4 = 20;

/** A handshake, a request and `answers` segments of an answer, a ms apart. */
export function exchange(answers = 20): WrittenPacket[] {
  const client = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 40_000, destinationPort: 80 };
  const server = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 80, destinationPort: 40_000 };
  const request = 'GET / HTTP/1.1\r\n\r\n';
  const segments: TcpFrame[] = [
    { ...client, flags: 'SYN', seq: 100 },
    { ...server, flags: 'SYN ACK', seq: 500, ack: 101 },
    { ...client, seq: 101, ack: 501 },
    { ...client, flags: 'PSH ACK', seq: 101, ack: 501, payload: request },
  ];
  for (let i = 0; i < answers; i++) {
    segments.push({ ...server, seq: 501 + i * 1000, ack: 101 + request.length, payload: 1000 });
    segments.push({ ...client, seq: 101 + request.length, ack: 1501 + i * 1000 });
  }
  return segments.map((fields, i) => packetAt(i, buildTcp({ ...fields, ipId: i })));
}

const packetAt = (i: number, data: Uint8Array): WrittenPacket => ({
  time: START + BigInt(i) * MILLI,
  data,
  originalLength: data.length,
});

export function pcap(packets: readonly WrittenPacket[], options: PcapWriterOptions = {}): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk), options);
  for (const packet of packets) writer.packet(packet);
  return concat(...chunks);
}

export function pcapng(packets: readonly WrittenPacket[], interfaces = 1): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  for (let i = 0; i < interfaces; i++) writer.addInterface({ name: `eth${i}`, resolution: 9 });
  for (const [i, packet] of packets.entries()) writer.packet({ ...packet, interfaceId: i % interfaces });
  return concat(...chunks);
}

/** `bytes` with a 32-bit little-endian number at `at`. */
export function overwritten(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

/** Where the record of packet `n` begins. */
export const recordAt = (packets: readonly WrittenPacket[], n: number): number =>
  24 + packets.slice(0, n).reduce((sum, { data }) => sum + 16 + data.length, 0);

/** One segment in three claims more, or less, than its frame holds. */
export function contradicting(): WrittenPacket[] {
  return exchange().map((packet, i) => {
    const data = packet.data.slice();
    const view = new DataView(data.buffer);
    if (i % 9 === 4) view.setUint16(ETHERNET + 2, 10); // total length below the header's
    if (i % 9 === 5) data[ETHERNET + IPV4 + 12] = 0xf0; // TCP header longer than the packet
    if (i % 9 === 6) data[ETHERNET] = 0x4f; // IP options that are not there
    return { ...packet, data };
  });
}

/** The client's clock is set back by an hour in the middle. */
export function backwards(): WrittenPacket[] {
  return exchange().map((packet, i) =>
    i < 20 ? packet : { ...packet, time: packet.time - 3_600_000n * MILLI },
  );
}

export function notIp(): WrittenPacket[] {
  return Array.from({ length: 50 }, (_, i) => {
    if (i % 2 === 0) return packetAt(i, buildArp({ senderAddress: '10.0.0.1' }));
    // LLDP
    return packetAt(
      i,
      Uint8Array.of(1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, ...new Array(46).fill(0)),
    );
  });
}

const MEMBER_BYTES = 64 * 1024 * 1024;

export type BombKind = 'gzip' | 'zstd' | 'lz4';

/**
 * `head`, then `mebibytes` of zeros in members (frames) of 64 MiB, each a thousandth of its size; with lz4 a 250th, with zstd a
 * 30,000th. Needs the commands zstd and lz4.
 */
export function bomb(kind: BombKind, head: Uint8Array, mebibytes: number): Uint8Array {
  const member = packed(kind, new Uint8Array(MEMBER_BYTES));
  const members = Array.from({ length: (mebibytes * 1024 * 1024) / MEMBER_BYTES }, () => member);
  return concat(packed(kind, head), ...members);
}

function packed(kind: BombKind, input: Uint8Array): Uint8Array {
  if (kind === 'gzip') return gzipSync(input);
  return execFileSync(kind, ['-c'], { input, maxBuffer: MEMBER_BYTES, stdio: ['pipe', 'pipe', 'ignore'] });
}

/** `head`, and the header of a record that claims 3 GB. */
export const withLie = (head: Uint8Array): Uint8Array =>
  concat(head, overwritten(new Uint8Array(16), 8, 3_000_000_000));
