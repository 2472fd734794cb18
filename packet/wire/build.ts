/**
 * Whole frames from named fields, with correct lengths and checksums, for tests
 * and for what is synthesised. Every field has a default, so a test names only
 * what it is about. Addresses are text and choose IPv4 or IPv6; MACs are text.
 * The trap: as in `Frame`, `source`, `destination` and the MACs are those of
 * the innermost packet; each tunnel in `tunnels` has its own.
 */
import type { Address } from '../address.ts';
import { parseAddress, parseMac } from '../address.ts';
import type { PacketRecord } from '../file/record.ts';
import { LinkType } from '../link-type.ts';
import { writeArp } from './arp.ts';
import type { Payload } from './bytes.ts';
import { payloadBytes, viewOf } from './bytes.ts';
import type { Envelope, LinkName } from './envelope.ts';
import { SOURCE_MAC, seal, sealLink } from './envelope.ts';
import { EtherType } from './ether-type.ts';
import { writeIcmp } from './icmp.ts';
import {
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_SOLICITATION,
  writeIcmpv6,
  writeNeighbourBody,
} from './icmpv6.ts';
import { IpProtocol } from './ip-protocol.ts';
import { flagBits, writeTcp } from './tcp.ts';
import type { TcpOptions } from './tcp-options.ts';
import { writeUdp } from './udp.ts';
import { writeVrrp } from './vrrp.ts';

export type { Envelope, LinkName, Tunnel } from './envelope.ts';

/** What a capture reader would deliver for a built frame; for tests of what comes behind it. */
export function recordOf(
  bytes: Uint8Array,
  given: Partial<PacketRecord> & { link?: LinkName } = {},
): PacketRecord {
  const { link = 'ethernet', ...fields } = given;
  return {
    frame: 1,
    time: 0,
    hasTime: true,
    interfaceIndex: 0,
    linkType: LINK_TYPES[link],
    view: viewOf(bytes),
    offset: 0,
    capturedLength: bytes.length,
    originalLength: bytes.length,
    ...fields,
  };
}

const LINK_TYPES: Record<LinkName, number> = {
  ethernet: LinkType.Ethernet,
  sll: LinkType.LinuxSll,
  sll2: LinkType.LinuxSll2,
  null: LinkType.Null,
  'null-swapped': LinkType.Null,
  loop: LinkType.Loop,
  raw: LinkType.Raw,
};

export interface TcpFrame extends Envelope {
  /** Default 40000. */
  sourcePort?: number;
  /** Default 80. */
  destinationPort?: number;
  seq?: number;
  ack?: number;
  /** Bits, or names such as `SYN ACK`. Default `ACK`. */
  flags?: number | string;
  /** As in the header, unscaled. Default 64240. */
  window?: number;
  options?: TcpOptions;
  payload?: Payload;
}

export function buildTcp(fields: TcpFrame = {}): Uint8Array {
  const { sourcePort = 40000, destinationPort = 80, seq = 0, ack = 0, window = 64240 } = fields;
  const flags = fields.flags ?? 'ACK';
  const ends = endpoints(fields);
  const segment = writeTcp(
    {
      ...ends,
      sourcePort,
      destinationPort,
      seq,
      ack,
      flags: typeof flags === 'string' ? flagBits(flags) : flags,
      window,
      options: fields.options ?? {},
    },
    payloadBytes(fields.payload),
  );
  return seal(fields, ends, IpProtocol.Tcp, segment);
}

export interface UdpFrame extends Envelope {
  /** Default 40000. */
  sourcePort?: number;
  /** Default 53. */
  destinationPort?: number;
  payload?: Payload;
}

export function buildUdp(fields: UdpFrame = {}): Uint8Array {
  const { sourcePort = 40000, destinationPort = 53 } = fields;
  const ends = endpoints(fields);
  const datagram = writeUdp({ ...ends, sourcePort, destinationPort }, payloadBytes(fields.payload));
  return seal(fields, ends, IpProtocol.Udp, datagram);
}

export interface IcmpFrame extends Envelope {
  /** Of ICMP or ICMPv6, as the addresses say. */
  type: number;
  code?: number;
  /** Next-hop MTU of "fragmentation needed" (3/4) and "packet too big" (2/0). */
  mtu?: number;
  /** What follows the header. For an error, the packet at fault: `buildTcp({ link: 'raw', … })`. */
  body?: Payload;
}

export function buildIcmp(fields: IcmpFrame): Uint8Array {
  const { type, code = 0, mtu: rest = 0 } = fields;
  const ends = endpoints(fields);
  const body = payloadBytes(fields.body);
  if (ends.source.version === 4) {
    return seal(fields, ends, IpProtocol.Icmp, writeIcmp({ type, code, rest }, body));
  }
  return seal(fields, ends, IpProtocol.Icmpv6, writeIcmpv6({ ...ends, type, code, rest }, body));
}

export interface NeighbourFrame extends Envelope {
  /** 1 solicitation, 2 advertisement. Default 2. */
  operation?: 1 | 2;
  /** The address asked for, or announced. */
  target: string;
  /** In the link-layer address option. Default `sourceMac`. */
  mac?: string;
  /** The advertiser is a router. Default false. */
  router?: boolean;
}

/** IPv6 neighbour discovery. */
export function buildNeighbour(fields: NeighbourFrame): Uint8Array {
  const { operation = 2, mac = fields.sourceMac ?? SOURCE_MAC } = fields;
  const envelope: Envelope = { source: 'fe80::1', destination: 'ff02::1', ttl: 255, ...fields };
  const ends = endpoints(envelope);
  const type = operation === 1 ? NEIGHBOUR_SOLICITATION : NEIGHBOUR_ADVERTISEMENT;
  // Override flag: this replaces what the receiver knew.
  const rest = operation === 1 ? 0 : fields.router ? 0xa0000000 : 0x20000000;
  const body = writeNeighbourBody(operation, address(fields.target), parseMac(mac));
  return seal(envelope, ends, IpProtocol.Icmpv6, writeIcmpv6({ ...ends, type, code: 0, rest }, body));
}

export interface ArpFrame
  extends Pick<Envelope, 'link' | 'sourceMac' | 'destinationMac' | 'vlans' | 'padTo' | 'snap'> {
  /** 1 request, 2 reply. Default 1. */
  operation?: 1 | 2;
  /** Default `sourceMac`. */
  senderMac?: string;
  senderAddress: string;
  targetMac?: string;
  /** Default `senderAddress`, which makes it gratuitous. */
  targetAddress?: string;
}

export function buildArp(fields: ArpFrame): Uint8Array {
  const { sourceMac = SOURCE_MAC, destinationMac = 'ff:ff:ff:ff:ff:ff' } = fields;
  const packet = writeArp({
    operation: fields.operation ?? 1,
    senderMac: parseMac(fields.senderMac ?? sourceMac),
    senderAddress: address(fields.senderAddress),
    targetMac: parseMac(fields.targetMac ?? '00:00:00:00:00:00'),
    targetAddress: address(fields.targetAddress ?? fields.senderAddress),
  });
  return sealLink({ ...fields, sourceMac, destinationMac }, EtherType.Arp, packet);
}

export interface VrrpFrame extends Envelope {
  /** Default 3. */
  version?: 2 | 3;
  /** Virtual router id. Default 1. */
  id?: number;
  /** Default 100; 0: the master leaves. */
  priority?: number;
  /** Default one, 10.0.0.254 or fe80::254. */
  addresses?: readonly string[];
  /** Seconds. Default 1. */
  interval?: number;
}

export function buildVrrp(fields: VrrpFrame = {}): Uint8Array {
  const { version = 3, id = 1, priority = 100, interval = 1 } = fields;
  const isIpv6 = fields.source?.includes(':') ?? false;
  const destination = isIpv6 ? 'ff02::12' : '224.0.0.18';
  const envelope: Envelope = { destination, ttl: 255, ...fields };
  const ends = endpoints(envelope);
  const advertisement = writeVrrp({
    ...ends,
    version,
    id,
    priority,
    addresses: (fields.addresses ?? [isIpv6 ? 'fe80::254' : '10.0.0.254']).map(address),
    interval: version === 2 ? interval : interval * 100,
  });
  return seal(envelope, ends, IpProtocol.Vrrp, advertisement);
}

function endpoints(envelope: Envelope): { source: Address; destination: Address } {
  const source = address(envelope.source ?? '10.0.0.1');
  const destination = address(envelope.destination ?? (source.version === 4 ? '10.0.0.2' : 'fd00::2'));
  return { source, destination };
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}
