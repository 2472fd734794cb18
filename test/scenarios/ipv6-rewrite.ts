/**
 * A capture as it would be, had the network been IPv6: TCP and UDP over IPv6,
 * ARP as neighbour discovery (RFC 4861), ICMP errors as those of ICMPv6
 * (RFC 4443) with the packet that they quote. What else there is, is left out.
 * The trap: an IPv6 header is 20 bytes longer, and an ICMP error holds two of
 * them: the lengths on the wire and the snap length grow, the payload held does not.
 */
import { buildIcmp, buildNeighbour, buildTcp, buildUdp, type Envelope } from '../../packet/wire/build.ts';
import type { PcapFile, PcapRecord, WrittenRecord } from './pcap-records.ts';
import { LINK_HEADER } from './raw-segment.ts';

/** What a header is longer. */
const LONGER = 20;
/** A snap length that holds as much of every frame as the one of the capture did. */
export const snaplenOver6 = (snaplen: number): number => snaplen + 2 * LONGER;

const IPV6_HEADER = 40;
const ETHERNET = 1;
const ETHER_ARP = 0x0806;
const ETHER_IPV4 = 0x0800;
const ICMP = 1;
const TCP = 6;
const UDP = 17;

/** The frames of the capture over IPv6; some are left out, so frame numbers change. */
export function toIpv6(file: PcapFile): WrittenRecord[] {
  return file.records.flatMap((record) => {
    const built = overIpv6(record, file.linkType);
    if (built === null) return [];
    const { bytes, missing, longer } = built;
    const data = bytes.subarray(0, Math.min(bytes.length, record.data.length + longer));
    return [{ time: record.time, data, originalLength: bytes.length + missing }];
  });
}

interface Built {
  readonly bytes: Uint8Array;
  /** Bytes of payload that were not captured and are not written either. */
  readonly missing: number;
  /** What the headers have grown. */
  readonly longer: number;
}

function overIpv6(record: PcapRecord, linkType: number): Built | null {
  const { data } = record;
  const link = LINK_HEADER[linkType];
  if (link === undefined) throw new Error(`link type ${linkType} is not read here`);
  if (data.length < link.length + 20) return null;
  const view = viewOf(data);
  const type = view.getUint16(link.typeAt);
  if (type === ETHER_ARP) {
    const bytes = neighbour(view, link.length, linkLayer(data, linkType));
    return { bytes, missing: 0, longer: bytes.length };
  }
  if (type !== ETHER_IPV4) return null;
  const protocol = view.getUint8(link.length + 9);
  const ip: Ip = { view, at: link.length, linkType, record };
  if (protocol === TCP) return segment(ip);
  if (protocol === UDP) return datagram(ip);
  return protocol === ICMP ? icmpError(ip) : null;
}

function linkLayer(data: Uint8Array, linkType: number): Envelope {
  if (linkType === ETHERNET) return { sourceMac: toMac(data, 6), destinationMac: toMac(data, 0) };
  return {
    link: 'sll2',
    packetType: data[10] as number,
    deviceIndex: viewOf(data).getUint32(4),
    sourceMac: toMac(data, 12),
  };
}

/** A request is a solicitation, an announcement or a reply an advertisement of who sends it. */
function neighbour(view: DataView, at: number, envelope: Envelope): Uint8Array {
  const sender = addressAt(view, at + 14);
  const target = addressAt(view, at + 24);
  const isRequest = view.getUint16(at + 6) === 1 && sender !== target;
  const isToAll = sender === target || envelope.destinationMac === 'ff:ff:ff:ff:ff:ff';
  return buildNeighbour({
    ...envelope,
    operation: isRequest ? 1 : 2,
    target: isRequest ? target : sender,
    source: sender,
    destination: isToAll ? 'ff02::1' : target,
    mac: toMac(bytesOf(view), at + 8),
  });
}

interface Ip {
  readonly view: DataView;
  /** Of the IPv4 header. */
  readonly at: number;
  readonly linkType: number;
  readonly record: PcapRecord;
}

/** Addresses and hop limit, besides the link layer's. */
const ipLayer = ({ view, at, linkType, record }: Ip): Envelope => ({
  ...linkLayer(record.data, linkType),
  source: addressAt(view, at + 12),
  destination: addressAt(view, at + 16),
  ttl: view.getUint8(at + 8),
});

/** The segment as it stands, behind another header: only its checksum counts the addresses. */
function segment(ip: Ip): Built {
  const { view, at, record } = ip;
  const { bytes: header, sum } = headerFor(ip);
  const tcpAt = at + (view.getUint8(at) & 15) * 4;
  const tcp = record.data.subarray(tcpAt);
  // A total length of 0 is left by segmentation offload: the frame's own length counts.
  const length = (view.getUint16(at + 2) || record.originalLength - at) - (tcpAt - at);
  const bytes = new Uint8Array(header.length + Math.min(length, tcp.length));
  bytes.set(header);
  bytes.set(tcp.subarray(0, length), header.length);
  viewOf(bytes).setUint16(at + 4, length);
  moveChecksum(bytes, header.length, sum);
  return { bytes, missing: length - (bytes.length - header.length), longer: LONGER };
}

interface Header {
  /** Link layer and IPv6. */
  readonly bytes: Uint8Array;
  /** What the words of its addresses sum up to, beyond those of the IPv4 header. */
  readonly sum: number;
}

/** Few differ, and a million frames have one. */
const headers = new Map<string, Header>();

function headerFor(ip: Ip): Header {
  const { view, at } = ip;
  const bytes = bytesOf(view);
  const link = Buffer.from(bytes.subarray(0, at)).toString('latin1');
  const key = `${link} ${view.getUint8(at + 8)} ${view.getUint32(at + 12)} ${view.getUint32(at + 16)}`;
  let header = headers.get(key);
  if (header === undefined) {
    const written = buildTcp(ipLayer(ip)).subarray(0, at + IPV6_HEADER);
    header = { bytes: written, sum: growth(written.subarray(at), bytes.subarray(at)) };
    headers.set(key, header);
  }
  return header;
}

/** By how much the addresses of an IPv6 header sum up to more than those of an IPv4 header. */
const growth = (ipv6: Uint8Array, ipv4: Uint8Array): number =>
  sumOf(ipv6.subarray(8, 40)) - sumOf(ipv4.subarray(12, 20));

/** Of the 16-bit words. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += viewOf(bytes).getUint16(i);
  return sum;
}

/** RFC 1624: the complement of the sum, with the difference of the addresses added in ones' complement. */
function moveChecksum(bytes: Uint8Array, tcpAt: number, difference: number): void {
  if (tcpAt + 18 > bytes.length) return;
  const view = viewOf(bytes);
  let sum = (~view.getUint16(tcpAt + 16) & 0xffff) + difference;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  view.setUint16(tcpAt + 16, ~sum & 0xffff);
}

function datagram(ip: Ip): Built {
  const { view, at } = ip;
  const udpAt = at + (view.getUint8(at) & 15) * 4;
  const payload = new Uint8Array(Math.max(0, view.getUint16(udpAt + 4) - 8));
  payload.set(bytesOf(view).subarray(udpAt + 8, udpAt + 8 + payload.length));
  const ports = { sourcePort: view.getUint16(udpAt), destinationPort: view.getUint16(udpAt + 2) };
  return { bytes: buildUdp({ ...ipLayer(ip), ...ports, payload }), missing: 0, longer: LONGER };
}

/** Type and code of ICMPv6, by those of ICMP. */
const ERRORS: Readonly<Record<string, readonly [type: number, code: number]>> = {
  '3/0': [1, 0],
  '3/1': [1, 3],
  '3/3': [1, 4],
  '3/4': [2, 0],
  '3/13': [1, 1],
  '11/0': [3, 0],
};

/** Only an error that quotes TCP: nothing else stands in the fixtures. */
function icmpError(ip: Ip): Built | null {
  const { view, at, record } = ip;
  const icmpAt = at + (view.getUint8(at) & 15) * 4;
  const error = ERRORS[`${view.getUint8(icmpAt)}/${view.getUint8(icmpAt + 1)}`];
  const body = quoteOver6(record, icmpAt + 8);
  if (error === undefined || body === null) return null;
  const [type, code] = error;
  const mtu = view.getUint16(icmpAt + 6);
  const bytes = buildIcmp({ ...ipLayer(ip), type, code, mtu, body });
  return { bytes, missing: 0, longer: 2 * LONGER };
}

/** The quoted packet: as much of it as was quoted, zeros for what was not captured. */
function quoteOver6(record: PcapRecord, at: number): Uint8Array | null {
  const quote = record.data.subarray(at);
  if (quote.length < 40 || quote[9] !== TCP) return null;
  const view = viewOf(quote);
  const header = (view.getUint8(0) & 15) * 4;
  const built = buildTcp({ ...ipLayer({ view, at: 0, linkType: ETHERNET, record }), link: 'raw' });
  const length = Math.min(view.getUint16(2), record.originalLength - at) - header;
  const body = new Uint8Array(IPV6_HEADER + length);
  body.set(built.subarray(0, IPV6_HEADER));
  body.set(quote.subarray(header, header + length), IPV6_HEADER);
  viewOf(body).setUint16(4, view.getUint16(2) - header);
  moveChecksum(body, IPV6_HEADER, growth(body, quote));
  return body;
}

/** 10.0.1.10 becomes fd00::10:0:1:10: the order of addresses stays. */
const toAddress6 = (address: string): string => `fd00::${address.replaceAll('.', ':')}`;

const addressAt = (view: DataView, at: number): string =>
  toAddress6(
    bytesOf(view)
      .subarray(at, at + 4)
      .join('.'),
  );

const toMac = (data: Uint8Array, at: number): string =>
  Buffer.from(data.subarray(at, at + 6))
    .toString('hex')
    .replace(/..(?=.)/g, '$&:');

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
