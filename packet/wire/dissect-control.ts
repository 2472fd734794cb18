/**
 * ICMP, ICMPv6 with neighbour discovery, ARP and VRRP for people. A packet that
 * an ICMP error quotes is dissected by the caller, for it is a packet again.
 */
import { formatMac } from '../address.ts';
import { readMac } from './bytes.ts';
import type { LayerSpan } from './decode.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { ipv4At, ipv6At } from './dissect-ip.ts';
import { type Bounds, FieldReader, hex, named } from './field-reader.ts';

const macAt = (view: DataView, at: number): string => formatMac(readMac(view, at));

const ICMP_TYPES = named({
  0: 'echo reply',
  3: 'destination unreachable',
  4: 'source quench',
  5: 'redirect',
  8: 'echo request',
  9: 'router advertisement',
  10: 'router solicitation',
  11: 'time exceeded',
  12: 'parameter problem',
});

const UNREACHABLE_CODES = named({
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  9: 'network prohibited',
  10: 'host prohibited',
  13: 'communication prohibited',
});

export function dissectIcmp({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const type = at < bounds.captured ? bounds.view.getUint8(at) : -1;
  const fields = new FieldReader('ICMP', at, bounds)
    .u8('Type', 0, ICMP_TYPES)
    .u8('Code', 1, type === 3 ? UNREACHABLE_CODES : String)
    .u16('Checksum', 2, (v) => hex(v, 4));
  if (type === 0 || type === 8) fields.u16('Identifier', 4).u16('Sequence number', 6);
  if (type === 5) fields.read('Gateway', 4, 4, ipv4At);
  if (type === 3 && fields.has(2) && bounds.view.getUint8(at + 1) === 4) fields.u16('Next-hop MTU', 6);
  return fields.layer;
}

const ICMPV6_TYPES = named({
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbour solicitation',
  136: 'neighbour advertisement',
  143: 'multicast listener report',
});

export function dissectIcmpv6({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const type = at < bounds.captured ? bounds.view.getUint8(at) : -1;
  const fields = new FieldReader('ICMPv6', at, bounds)
    .u8('Type', 0, ICMPV6_TYPES)
    .u8('Code', 1)
    .u16('Checksum', 2, (v) => hex(v, 4));
  if (type === 2) fields.u32('MTU', 4);
  if (type === 128 || type === 129) fields.u16('Identifier', 4).u16('Sequence number', 6);
  if (type !== 135 && type !== 136) return fields.layer;
  if (type === 136) fields.u32('Flags', 4, advertFlags);
  fields.read('Target', 8, 16, ipv6At);
  if (fields.has(32)) addLinkAddress(fields, bounds.view, at + 24);
  return fields.layer;
}

/** RFC 4861, 4.4. */
function advertFlags(word: number): string {
  const names = ['router', 'solicited', 'override'].filter((_, i) => (word & (0x8000_0000 >>> i)) !== 0);
  return names.length === 0 ? 'none' : names.join(', ');
}

function addLinkAddress(fields: FieldReader, view: DataView, at: number): void {
  const kind = view.getUint8(at);
  if (view.getUint8(at + 1) !== 1 || (kind !== 1 && kind !== 2)) return;
  fields.add(kind === 1 ? 'Source MAC' : 'Target MAC', macAt(view, at + 2));
}

export function dissectArp({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  const fields = new FieldReader('ARP', at, bounds)
    .u16('Hardware type', 0, named({ 1: 'Ethernet' }))
    .u16('Protocol', 2, (v) => hex(v, 4))
    .u8('Hardware size', 4)
    .u8('Protocol size', 5)
    .u16('Operation', 6, named({ 1: 'request', 2: 'reply', 3: 'reverse request', 4: 'reverse reply' }));
  if (fields.has(6) && bounds.view.getUint16(at + 4) !== 0x0604) {
    return fields.add('Addresses', 'of other sizes, not read').layer;
  }
  fields
    .read('Sender MAC', 8, 6, macAt)
    .read('Sender address', 14, 4, ipv4At)
    .read('Target MAC', 18, 6, macAt)
    .read('Target address', 24, 4, ipv4At);
  const isGratuitous = fields.has(28) && bounds.view.getUint32(at + 14) === bounds.view.getUint32(at + 24);
  return isGratuitous ? fields.add('Note', 'gratuitous: it announces its own address').layer : fields.layer;
}

/** `version`: of the IP packet, which says how long its addresses are. */
export function dissectVrrp({ at }: LayerSpan, bounds: Bounds, version: number): DecodedLayer {
  const fields = new FieldReader('VRRP', at, bounds)
    .u8('Version', 0, (v) => String(v >>> 4))
    .u8('Type', 0, (v) => ((v & 15) === 1 ? '1 (advertisement)' : String(v & 15)))
    .u8('Virtual router', 1)
    .u8('Priority', 2, named({ 0: 'the master leaves', 255: 'owns the address' }))
    .u8('Addresses', 3);
  if (!fields.has(4)) return fields.layer;
  if (bounds.view.getUint8(at) >>> 4 === 2) fields.u8('Authentication', 4).u8('Interval', 5, (v) => `${v} s`);
  else fields.u16('Interval', 4, (v) => `${(v & 0xfff) / 100} s`);
  fields.u16('Checksum', 6, (v) => hex(v, 4));
  const [size, textAt] = version === 6 ? [16, ipv6At] : [4, ipv4At];
  const count = bounds.view.getUint8(at + 3);
  for (let i = 0; i < count && fields.has(8 + size * i); i++)
    fields.read('Address', 8 + size * i, size, textAt);
  return fields.layer;
}
