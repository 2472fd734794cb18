/**
 * What a built frame wraps around a segment: IP (or a fragment of it), tunnels,
 * tags, the link layer. Inside out: the innermost header is written first.
 * The trap: a tunnel that carries Ethernet needs inner MACs; those named for the
 * frame are the inner ones, and the tunnel's own are on the outside.
 */
import type { Address } from '../address.ts';
import { parseAddress, parseMac } from '../address.ts';
import { concat } from './bytes.ts';
import { EtherType } from './ether-type.ts';
import type { EthernetFields } from './ethernet.ts';
import { writeEthernet } from './ethernet.ts';
import { writeGeneve } from './geneve.ts';
import { ERSPAN_TYPE_II, ERSPAN_TYPE_III, writeErspan, writeGre } from './gre.ts';
import { IpProtocol } from './ip-protocol.ts';
import { writeIpv4 } from './ipv4.ts';
import type { ExtensionName } from './ipv6.ts';
import { writeIpv6 } from './ipv6.ts';
import { writeSll, writeSll2 } from './linux-cooked.ts';
import { writeLoopback } from './loopback.ts';
import { writeMpls } from './mpls.ts';
import { writePppoeSession } from './pppoe.ts';
import { GENEVE_PORT, VXLAN_PORT, writeUdp } from './udp.ts';
import { writeVxlan } from './vxlan.ts';

export type LinkName = 'ethernet' | 'sll' | 'sll2' | 'null' | 'null-swapped' | 'loop' | 'raw';

/** An outer IP packet (default 192.0.2.1 to 192.0.2.2) and what it wraps the inner one in. */
export interface Tunnel {
  type: 'vxlan' | 'geneve' | 'gre' | 'erspan2' | 'erspan3' | 'ipip';
  source?: string;
  destination?: string;
  sourceMac?: string;
  destinationMac?: string;
  /** GENEVE and GRE carry IP; with this, Ethernet. */
  ethernet?: boolean;
  /** VXLAN or GENEVE network identifier. Default 1. */
  network?: number;
  /** UDP port in place of the protocol's own. */
  port?: number;
  /** GENEVE. */
  options?: Uint8Array;
  /** GRE. */
  key?: number;
  sequence?: number;
  checksum?: boolean;
}

export interface Envelope {
  /** Default `10.0.0.1`. */
  source?: string;
  /** Default `10.0.0.2`, or `fd00::2` for an IPv6 source. */
  destination?: string;
  /** Or hop limit. Default 64. */
  ttl?: number;
  /** Default 0. */
  ipId?: number;
  /** Default true; false in a fragment. */
  dontFragment?: boolean;
  /** Only this part of the IP payload, in bytes; `offset` is a multiple of 8. */
  fragment?: { offset: number; length: number };
  /** IPv6 only. */
  extensions?: readonly ExtensionName[];
  /** IPv4 total length or IPv6 payload length in place of the true one; 0 as TSO and BIG TCP leave it. */
  ipLength?: number;
  /** Outermost first. */
  tunnels?: readonly Tunnel[];
  /** Default `ethernet`. */
  link?: LinkName;
  sourceMac?: string;
  destinationMac?: string;
  /** Outermost first; of the outermost Ethernet. */
  vlans?: EthernetFields['vlans'];
  /** LLC/SNAP in place of an EtherType. */
  snap?: boolean;
  /** Labels between the link layer and IP. */
  mpls?: readonly number[];
  /** PPPoE session id. */
  pppoe?: number;
  /** SLL and SLL2: see `PacketType`. Default 0. */
  packetType?: number;
  /** SLL2: interface index. Default 1. */
  deviceIndex?: number;
  /** Zero bytes are added up to this length of frame, as Ethernet pads to 60. */
  padTo?: number;
}

export interface Endpoints {
  source: Address;
  destination: Address;
}

export const SOURCE_MAC = '02:00:00:00:00:01';
const DESTINATION_MAC = '02:00:00:00:00:02';

/** A packet, the EtherType that says what it is, and the MACs of the Ethernet that would carry it. */
interface Packet {
  bytes: Uint8Array;
  etherType: number;
  sourceMac: string;
  destinationMac: string;
}

/** A whole frame around a transport segment. */
export function seal(envelope: Envelope, ends: Endpoints, protocol: number, segment: Uint8Array): Uint8Array {
  let packet: Packet = {
    bytes: writeIp(envelope, ends, protocol, segment),
    etherType: etherTypeOf(ends),
    sourceMac: envelope.sourceMac ?? SOURCE_MAC,
    destinationMac: envelope.destinationMac ?? DESTINATION_MAC,
  };
  for (const tunnel of [...(envelope.tunnels ?? [])].reverse()) packet = wrap(tunnel, packet);
  const { sourceMac, destinationMac } = packet;
  return sealLink({ ...envelope, sourceMac, destinationMac }, packet.etherType, packet.bytes);
}

/** The link layer alone, around any packet. */
export function sealLink(envelope: Envelope, etherType: number, packet: Uint8Array): Uint8Array {
  const frame = writeLink(envelope, etherType, packet);
  const missing = (envelope.padTo ?? 0) - frame.length;
  return missing > 0 ? concat(frame, new Uint8Array(missing)) : frame;
}

function writeLink(envelope: Envelope, etherType: number, packet: Uint8Array): Uint8Array {
  const version = etherType === EtherType.Ipv6 ? 6 : 4;
  if (envelope.mpls !== undefined) {
    packet = writeMpls(envelope.mpls, packet);
    etherType = EtherType.MplsUnicast;
  }
  if (envelope.pppoe !== undefined) {
    packet = writePppoeSession(envelope.pppoe, version, packet);
    etherType = EtherType.PppoeSession;
  }
  const source = parseMac(envelope.sourceMac ?? SOURCE_MAC);
  const cooked = {
    source,
    packetType: envelope.packetType ?? 0,
    etherType,
    deviceIndex: envelope.deviceIndex ?? 1,
  };
  switch (envelope.link) {
    case 'raw':
      return packet;
    case 'null':
      return writeLoopback(version, true, packet);
    case 'null-swapped':
    case 'loop':
      return writeLoopback(version, false, packet);
    case 'sll':
      return writeSll(cooked, packet);
    case 'sll2':
      return writeSll2(cooked, packet);
    default: {
      const destination = parseMac(envelope.destinationMac ?? DESTINATION_MAC);
      const { vlans = [], snap = false } = envelope;
      return writeEthernet({ source, destination, etherType, vlans, snap }, packet);
    }
  }
}

function writeIp(envelope: Envelope, ends: Endpoints, protocol: number, segment: Uint8Array): Uint8Array {
  const { fragment, ipLength, ttl = 64, ipId = 0 } = envelope;
  const part = fragment ? segment.subarray(fragment.offset, fragment.offset + fragment.length) : segment;
  const slice = fragment && {
    fragmentOffset: fragment.offset,
    moreFragments: fragment.offset + fragment.length < segment.length,
  };
  if (ends.source.version === 4) {
    const dontFragment = envelope.dontFragment ?? fragment === undefined;
    const length = ipLength === undefined ? {} : { totalLength: ipLength };
    return writeIpv4({ ...ends, protocol, ttl, ipId, dontFragment, ...slice, ...length }, part);
  }
  const { extensions = [] } = envelope;
  const length = ipLength === undefined ? {} : { payloadLength: ipLength };
  return writeIpv6({ ...ends, protocol, hopLimit: ttl, ipId, extensions, ...slice, ...length }, part);
}

function wrap(tunnel: Tunnel, inner: Packet): Packet {
  const ends = tunnelEnds(tunnel);
  const [protocol, bytes] = tunnelBody(tunnel, ends, inner);
  return {
    bytes: writeIp({}, ends, protocol, bytes),
    etherType: etherTypeOf(ends),
    sourceMac: tunnel.sourceMac ?? SOURCE_MAC,
    destinationMac: tunnel.destinationMac ?? DESTINATION_MAC,
  };
}

/** The IP protocol of the outer packet and what it carries. */
function tunnelBody(tunnel: Tunnel, ends: Endpoints, inner: Packet): [number, Uint8Array] {
  const carriesEthernet = tunnel.ethernet ?? false;
  const ethernet = () => writeLink(inner, inner.etherType, inner.bytes);
  const protocol = carriesEthernet ? EtherType.TransparentEthernet : inner.etherType;
  const carried = () => (carriesEthernet ? ethernet() : inner.bytes);
  const { network = 1 } = tunnel;
  switch (tunnel.type) {
    case 'vxlan':
      return udpBody(ends, tunnel.port ?? VXLAN_PORT, writeVxlan(network, ethernet()));
    case 'geneve': {
      const { options = new Uint8Array(0) } = tunnel;
      return udpBody(
        ends,
        tunnel.port ?? GENEVE_PORT,
        writeGeneve({ network, protocol, options }, carried()),
      );
    }
    case 'gre':
      return [IpProtocol.Gre, writeGre({ ...tunnel, protocol }, carried())];
    case 'erspan2': {
      const head = { protocol: ERSPAN_TYPE_II, sequence: tunnel.sequence ?? 0 };
      return [IpProtocol.Gre, writeGre(head, writeErspan(2, network, ethernet()))];
    }
    case 'erspan3': {
      const head = { protocol: ERSPAN_TYPE_III, sequence: tunnel.sequence ?? 0 };
      return [IpProtocol.Gre, writeGre(head, writeErspan(3, network, ethernet()))];
    }
    default:
      return [inner.etherType === EtherType.Ipv4 ? IpProtocol.Ipv4 : IpProtocol.Ipv6, inner.bytes];
  }
}

function udpBody(ends: Endpoints, port: number, payload: Uint8Array): [number, Uint8Array] {
  return [IpProtocol.Udp, writeUdp({ ...ends, sourcePort: 54321, destinationPort: port }, payload)];
}

function tunnelEnds(tunnel: Tunnel): Endpoints {
  const source = parseAddress(tunnel.source ?? '192.0.2.1');
  const fallback = source?.version === 6 ? '2001:db8::2' : '192.0.2.2';
  const destination = parseAddress(tunnel.destination ?? fallback);
  if (source === null || destination === null) throw new Error('a tunnel end is no address');
  return { source, destination };
}

function etherTypeOf(ends: Endpoints): number {
  return ends.source.version === 4 ? EtherType.Ipv4 : EtherType.Ipv6;
}
