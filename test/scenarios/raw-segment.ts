/**
 * TCP over IPv4 in a frame of the fixtures (Ethernet or Linux SLL2), read with
 * a few lines of its own: the tests' independent look at what a capture holds.
 * The trap: a file that was cut by the snap length still tells every payload's
 * length, by the IP header; it does not hold the payload.
 */
import type { PcapFile, PcapRecord } from './pcap-records.ts';

export const Flag = { Fin: 1, Syn: 2, Rst: 4, Ack: 16 } as const;

export interface RawSegment {
  readonly record: PcapRecord;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  /** Payload bytes on the wire. */
  readonly length: number;
  readonly ttl: number;
  readonly ipId: number;
  /** Offsets in the frame. */
  readonly tcpAt: number;
  readonly payloadAt: number;
}

/** By link type: the length of the header, and where its EtherType is. */
export const LINK_HEADER: Record<number, { length: number; typeAt: number }> = {
  1: { length: 14, typeAt: 12 },
  276: { length: 20, typeAt: 0 },
};

/** Null for a frame that is no TCP over IPv4. */
export function readSegment(record: PcapRecord, linkType: number): RawSegment | null {
  const { data } = record;
  const link = LINK_HEADER[linkType];
  if (link === undefined) throw new Error(`link type ${linkType} is not read here`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const ip = link.length;
  if (data.length < ip + 20 || view.getUint16(link.typeAt) !== 0x0800 || view.getUint8(ip + 9) !== 6)
    return null;
  const tcpAt = ip + (view.getUint8(ip) & 15) * 4;
  const payloadAt = tcpAt + (view.getUint8(tcpAt + 12) >> 4) * 4;
  // A total length of 0 is left by segmentation offload: the frame's own length counts.
  const total = view.getUint16(ip + 2) || record.originalLength - ip;
  return {
    record,
    source: address(data, ip + 12),
    destination: address(data, ip + 16),
    sourcePort: view.getUint16(tcpAt),
    destinationPort: view.getUint16(tcpAt + 2),
    seq: view.getUint32(tcpAt + 4),
    ack: view.getUint32(tcpAt + 8),
    flags: view.getUint8(tcpAt + 13),
    window: view.getUint16(tcpAt + 14),
    length: ip + total - payloadAt,
    ttl: view.getUint8(ip + 8),
    ipId: view.getUint16(ip + 4),
    tcpAt,
    payloadAt,
  };
}

const address = (data: Uint8Array, at: number): string => data.subarray(at, at + 4).join('.');

export interface Ports {
  readonly clientPort: number;
  readonly serverPort: number;
}

export const fromClient = (segment: RawSegment, ports: Ports): boolean =>
  segment.sourcePort === ports.clientPort && segment.destinationPort === ports.serverPort;

export const fromServer = (segment: RawSegment, ports: Ports): boolean =>
  segment.sourcePort === ports.serverPort && segment.destinationPort === ports.clientPort;

/** The segments of one connection, in the order of the file. */
export function segmentsOf(file: PcapFile, ports: Ports): RawSegment[] {
  return file.records
    .map((record) => readSegment(record, file.linkType))
    .filter((s): s is RawSegment => s !== null && (fromClient(s, ports) || fromServer(s, ports)));
}

/** Signed distance of two sequence numbers. */
export const seqAfter = (a: number, b: number): number => (a - b) | 0;

export interface Option {
  readonly kind: number;
  /** Of its value. */
  readonly at: number;
  readonly length: number;
}

/** The options that fit into what was captured, without padding. */
export function optionsOf({ record: { data }, tcpAt, payloadAt }: RawSegment): Option[] {
  const found: Option[] = [];
  let at = tcpAt + 20;
  while (at + 1 < Math.min(payloadAt, data.length)) {
    const kind = data[at] as number;
    if (kind === 0) break;
    const size = kind === 1 ? 1 : (data[at + 1] as number);
    if (size < 1 || at + size > data.length) break;
    if (kind > 1) found.push({ kind, at: at + 2, length: size - 2 });
    at += size;
  }
  return found;
}
