/**
 * Link layers and tunnels for people: Ethernet, tags, cooked captures, labels,
 * and what carries one packet in another.
 */
import { formatMac } from '../address.ts';
import { readMac } from './bytes.ts';
import type { LayerSpan } from './decode.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { EtherType } from './ether-type.ts';
import { type Bounds, FieldReader, hex, hexOf, named } from './field-reader.ts';
import { ERSPAN_TYPE_II, ERSPAN_TYPE_III } from './gre.ts';

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [EtherType.Ipv4]: 'IPv4',
  [EtherType.Arp]: 'ARP',
  [EtherType.TransparentEthernet]: 'Ethernet',
  [EtherType.Vlan]: 'VLAN',
  [EtherType.Ipv6]: 'IPv6',
  [EtherType.MplsUnicast]: 'MPLS',
  [EtherType.MplsMulticast]: 'MPLS multicast',
  [EtherType.PppoeSession]: 'PPPoE session',
  [EtherType.ServiceVlan]: 'service VLAN',
  [EtherType.OldQinQ]: 'VLAN (QinQ)',
  [ERSPAN_TYPE_II]: 'ERSPAN',
  [ERSPAN_TYPE_III]: 'ERSPAN III',
  35020: 'LLDP',
};

/** `0x0800 (IPv4)`. */
const typeText = (type: number): string => {
  const name = TYPE_NAMES[type];
  return name === undefined ? hex(type, 4) : `${hex(type, 4)} (${name})`;
};

/** Up to 1500 the field is a length (IEEE 802.3). */
const typeOrLength = (value: number): string => (value <= 1500 ? `length ${value}` : typeText(value));

const macAt = (view: DataView, at: number): string => formatMac(readMac(view, at));

export function dissectEthernet({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('Ethernet', at, bounds)
    .read('Destination', 0, 6, macAt)
    .read('Source', 6, 6, macAt)
    .u16('Type', 12, typeOrLength).layer;
}

export function dissectVlan({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('VLAN', at, bounds)
    .u16('VLAN id', 0, (tag) => String(tag & 0xfff))
    .u16('Priority', 0, (tag) => String(tag >>> 13))
    .u16('Drop eligible', 0, (tag) => ((tag & 0x1000) === 0 ? 'no' : 'yes'))
    .u16('Type', 2, typeOrLength).layer;
}

export function dissectLlc({ at, end }: LayerSpan, bounds: Bounds): DecodedLayer {
  const fields = new FieldReader('LLC', at, bounds)
    .u8('DSAP', 0, (v) => hex(v, 2))
    .u8('SSAP', 1, (v) => hex(v, 2))
    .u8('Control', 2, (v) => hex(v, 2));
  if (end - at === 8) fields.read('Organisation', 3, 3, (v, i) => hexOf(v, i, 3)).u16('Type', 6, typeText);
  return fields.layer;
}

/** tcpdump.org/linktypes. */
const PACKET_TYPES = named({
  0: 'to this host',
  1: 'broadcast',
  2: 'multicast',
  3: 'to another host',
  4: 'sent by this host',
});

export function dissectSll({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('Linux cooked', at, bounds)
    .u16('Packet type', 0, PACKET_TYPES)
    .u16('Hardware type', 2)
    .read('Source', 4, 10, cookedAddress)
    .u16('Protocol', 14, typeText).layer;
}

export function dissectSll2({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('Linux cooked v2', at, bounds)
    .u16('Protocol', 0, typeText)
    .u32('Interface index', 4)
    .u16('Hardware type', 8)
    .u8('Packet type', 10, PACKET_TYPES)
    .read('Source', 11, 9, (view, i) => addressOf(view, i + 1, view.getUint8(i))).layer;
}

const cookedAddress = (view: DataView, at: number): string => addressOf(view, at + 2, view.getUint16(at));

function addressOf(view: DataView, at: number, length: number): string {
  if (length === 6) return macAt(view, at);
  return length === 0 ? 'none' : hexOf(view, at, Math.min(length, 8));
}

export function dissectLoopback({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('Loopback', at, bounds).read('Address family', 0, 4, (view, i) => {
    const big = view.getUint32(i);
    return String(big > 0xffff ? view.getUint32(i, true) : big);
  }).layer;
}

export function dissectMpls({ at, end }: LayerSpan, bounds: Bounds): DecodedLayer {
  const fields = new FieldReader('MPLS', at, bounds);
  for (let offset = 0; offset === 0 || at + offset < end; offset += 4) {
    fields.u32('Label', offset, (v) => `${v >>> 12}, class ${(v >>> 9) & 7}, TTL ${v & 255}`);
  }
  return fields.layer;
}

export function dissectPppoe({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('PPPoE', at, bounds)
    .u8('Code', 1, (v) => hex(v, 2))
    .u16('Session', 2, (v) => hex(v, 4))
    .u16('Length', 4)
    .u16('PPP protocol', 6, (v) => hex(v, 4)).layer;
}

/** The 24 bits of a network identifier, followed by a reserved byte. */
const network = (word: number): string => String(word >>> 8);

export function dissectVxlan({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('VXLAN', at, bounds)
    .u8('Flags', 0, (v) => hex(v, 2))
    .u32('Network identifier', 4, network).layer;
}

export function dissectGeneve({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('GENEVE', at, bounds)
    .u8('Version', 0, (v) => String(v >>> 6))
    .u8('Options length', 0, (v) => `${(v & 0x3f) * 4} B`)
    .u16('Protocol', 2, typeText)
    .u32('Network identifier', 4, network).layer;
}

/** RFC 2784, RFC 2890: fields that are there only where their flag is set, in this order. */
const GRE_FIELDS: readonly { flag: number; name: string }[] = [
  { flag: 0x8000, name: 'Checksum' },
  { flag: 0x2000, name: 'Key' },
  { flag: 0x1000, name: 'Sequence number' },
];

export function dissectGre({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const fields = new FieldReader('GRE', at, bounds)
    .u16('Flags and version', 0, (v) => hex(v, 4))
    .u16('Protocol', 2, typeText);
  if (!fields.has(4)) return fields.layer;
  const flags = bounds.view.getUint16(at);
  let offset = 4;
  for (const { flag, name } of GRE_FIELDS) {
    if ((flags & flag) === 0) continue;
    // The checksum has two reserved bytes behind it.
    if (flag === 0x8000) fields.u16(name, offset, (v) => hex(v, 4));
    else fields.u32(name, offset);
    offset += 4;
  }
  return fields.layer;
}
