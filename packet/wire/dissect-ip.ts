/**
 * IPv4, IPv6 and its extension headers for people (RFC 791, RFC 8200, DSCP
 * RFC 2474, ECN RFC 3168).
 * The trap: a total length of 0 is not nothing: the sending host left
 * segmentation to its network card.
 */
import { formatAddress } from '../address.ts';
import type { LayerSpan } from './decode.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { type Bounds, FieldReader, hex, hexOf, named, size } from './field-reader.ts';
import { IpProtocol } from './ip-protocol.ts';
import { Layer } from './layer.ts';

const PROTOCOLS = named({
  [IpProtocol.HopByHop]: 'hop-by-hop options',
  [IpProtocol.Icmp]: 'ICMP',
  2: 'IGMP',
  [IpProtocol.Ipv4]: 'IPv4',
  [IpProtocol.Tcp]: 'TCP',
  [IpProtocol.Udp]: 'UDP',
  [IpProtocol.Ipv6]: 'IPv6',
  [IpProtocol.Routing]: 'routing',
  [IpProtocol.Fragment]: 'fragment',
  [IpProtocol.Gre]: 'GRE',
  50: 'ESP',
  [IpProtocol.Authentication]: 'AH',
  [IpProtocol.Icmpv6]: 'ICMPv6',
  59: 'nothing',
  [IpProtocol.DestinationOptions]: 'destination options',
  [IpProtocol.Vrrp]: 'VRRP',
  132: 'SCTP',
});

const ECN = ['not capable', 'ECT(1)', 'ECT(0)', 'congestion experienced'] as const;

const dscp = (trafficClass: number): string => String(trafficClass >>> 2);
const ecn = (trafficClass: number): string => `${trafficClass & 3} (${ECN[trafficClass & 3]})`;

const wordsAt = (view: DataView, at: number, count: number): Uint32Array =>
  Uint32Array.from({ length: 4 }, (_, i) => (i < count ? view.getUint32(at + 4 * i) : 0));

/** An IPv4 address in the bytes at `at`. */
export const ipv4At = (view: DataView, at: number): string => formatAddress(wordsAt(view, at, 1), 0, 4);
export const ipv6At = (view: DataView, at: number): string => formatAddress(wordsAt(view, at, 4), 0, 6);

const TOTAL_LENGTH = 2;
const HEADER = 20;

export function dissectIpv4({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const fields = new FieldReader('IPv4', at, bounds)
    .u8('Header length', 0, (v) => size((v & 15) * 4))
    .u8('DSCP', 1, dscp)
    .u8('ECN', 1, ecn)
    .u16('Total length', TOTAL_LENGTH, (v) => (v === 0 ? '0 (left to the network card)' : size(v)))
    .u16('Identification', 4, (v) => `${hex(v, 4)} (${v})`)
    .u16('Flags', 6, flagsOf)
    .u16('Fragment offset', 6, (v) => size((v & 0x1fff) * 8))
    .u8('TTL', 8)
    .u8('Protocol', 9, PROTOCOLS)
    .u16('Header checksum', 10, (v) => hex(v, 4))
    .read('Source', 12, 4, ipv4At)
    .read('Destination', 16, 4, ipv4At);
  const header = fields.has(1) ? (bounds.view.getUint8(at) & 15) * 4 : HEADER;
  if (header > HEADER)
    fields.read('Options', HEADER, header - HEADER, (v, i) => hexOf(v, i, header - HEADER));
  return fields.layer;
}

function flagsOf(word: number): string {
  const set = [
    (word & 0x8000) === 0 ? '' : 'reserved',
    (word & 0x4000) === 0 ? '' : "don't fragment",
    (word & 0x2000) === 0 ? '' : 'more fragments',
  ].filter((name) => name !== '');
  return set.length === 0 ? 'none' : set.join(', ');
}

export function dissectIpv6({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const traffic = (word: number): number => (word >>> 20) & 255;
  return new FieldReader('IPv6', at, bounds)
    .u32('DSCP', 0, (v) => dscp(traffic(v)))
    .u32('ECN', 0, (v) => ecn(traffic(v)))
    .u32('Flow label', 0, (v) => hex(v & 0xfffff, 5))
    .u16('Payload length', 4, (v) => (v === 0 ? '0 (longer than the field can say)' : size(v)))
    .u8('Next header', 6, PROTOCOLS)
    .u8('Hop limit', 7)
    .read('Source', 8, 16, ipv6At)
    .read('Destination', 24, 16, ipv6At).layer;
}

const EXTENSIONS: Readonly<Partial<Record<Layer, string>>> = {
  [Layer.Ipv6Extension]: 'IPv6 extension header',
  [Layer.Authentication]: 'Authentication header',
};

export function dissectExtension({ layer, at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const unit = layer === Layer.Authentication ? 4 : 8;
  return new FieldReader(EXTENSIONS[layer] ?? 'Extension header', at, bounds)
    .u8('Next header', 0, PROTOCOLS)
    .u8('Length', 1, (v) => size(8 + v * unit)).layer;
}

export function dissectFragment({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('IPv6 fragment', at, bounds)
    .u8('Next header', 0, PROTOCOLS)
    .u16('Offset', 2, (v) => size(v & 0xfff8))
    .u16('More fragments', 2, (v) => ((v & 1) === 0 ? 'no' : 'yes'))
    .u32('Identification', 4, (v) => hex(v, 8)).layer;
}
