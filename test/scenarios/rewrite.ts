/**
 * Rewrites captures frame by frame: other sequence numbers, IPv6 in place of
 * IPv4, one connection alone. What the connection does stays the same, so what
 * is said of it must stay the same, or say less.
 * The trap: acknowledgements and SACK blocks count the peer's bytes and must
 * move with them.
 */
import { buildTcp } from '../../packet/wire/build.ts';
import type { TcpOptions } from '../../packet/wire/tcp-options.ts';
import type { PcapFile, WrittenRecord } from './pcap-records.ts';
import { fromClient, fromServer, type Ports, type RawSegment, readSegment } from './raw-segment.ts';

/** Moves the numbers of both ends of one connection. */
export function moveSequence(
  file: PcapFile,
  ports: Ports,
  by: { client: number; server: number },
): WrittenRecord[] {
  return file.records.map((record) => {
    const segment = readSegment(record, file.linkType);
    if (segment === null) return record;
    const client = fromClient(segment, ports);
    if (!client && !fromServer(segment, ports)) return record;
    const [own, peer] = client ? [by.client, by.server] : [by.server, by.client];
    // Not `slice`: of a Buffer that is a view of the same bytes.
    const data = new Uint8Array(record.data);
    const view = new DataView(data.buffer);
    view.setUint32(segment.tcpAt + 4, segment.seq + own);
    if ((segment.flags & 0x10) !== 0) view.setUint32(segment.tcpAt + 8, segment.ack + peer);
    for (const { kind, at, length } of optionsOf(segment)) {
      if (kind !== 5) continue;
      for (let edge = at; edge + 4 <= at + length; edge += 4)
        view.setUint32(edge, view.getUint32(edge) + peer);
    }
    return { ...record, data };
  });
}

/** Leaves out every other TCP connection. ARP and the like stay. */
export function onlyConnection(file: PcapFile, ports: Ports): WrittenRecord[] {
  return file.records.filter((record) => {
    const segment = readSegment(record, file.linkType);
    return segment === null || fromClient(segment, ports) || fromServer(segment, ports);
  });
}

/** Every TCP segment over IPv6, 20 bytes longer; other frames are left out. */
export function toIpv6(file: PcapFile): WrittenRecord[] {
  return file.records.flatMap((record) => {
    const segment = readSegment(record, file.linkType);
    return segment === null ? [] : [ipv6Record(segment)];
  });
}

const LONGER = 20;

function ipv6Record(segment: RawSegment): WrittenRecord {
  const { record, source, destination, length, ttl, ...fields } = segment;
  const payload = new Uint8Array(Math.max(0, length));
  payload.set(record.data.subarray(segment.payloadAt).subarray(0, payload.length));
  const built = buildTcp({
    source: toAddress6(source),
    destination: toAddress6(destination),
    sourcePort: fields.sourcePort,
    destinationPort: fields.destinationPort,
    seq: fields.seq,
    ack: fields.ack,
    flags: fields.flags,
    window: fields.window,
    ttl,
    sourceMac: toMac(record.data, 6),
    destinationMac: toMac(record.data, 0),
    options: readOptions(segment),
    payload,
  });
  const captured = Math.min(built.length, record.data.length + LONGER);
  return { time: record.time, data: built.subarray(0, captured), originalLength: built.length };
}

/** 10.0.1.10 becomes fd00::10:0:1:10: the order of addresses stays. */
const toAddress6 = (address: string): string => `fd00::${address.replaceAll('.', ':')}`;

const toMac = (data: Uint8Array, at: number): string =>
  Buffer.from(data.subarray(at, at + 6))
    .toString('hex')
    .replace(/..(?=.)/g, '$&:');

interface Option {
  readonly kind: number;
  /** Of its value. */
  readonly at: number;
  readonly length: number;
}

function optionsOf({ record: { data }, tcpAt, payloadAt }: RawSegment): Option[] {
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

function readOptions(segment: RawSegment): TcpOptions {
  const { data } = segment.record;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const options: TcpOptions = {};
  for (const { kind, at, length } of optionsOf(segment)) {
    if (kind === 2) options.mss = view.getUint16(at);
    else if (kind === 3) options.windowScale = view.getUint8(at);
    else if (kind === 4) options.sackPermitted = true;
    else if (kind === 8) options.timestamps = { value: view.getUint32(at), echo: view.getUint32(at + 4) };
    else if (kind === 5) {
      options.sack = Array.from({ length: length / 8 }, (_, i) => ({
        left: view.getUint32(at + 8 * i),
        right: view.getUint32(at + 8 * i + 4),
      }));
    }
  }
  return options;
}
