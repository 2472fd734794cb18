/**
 * What travels in a simulated world: packets as fields, and their bytes once
 * they are written into a capture.
 * The trap: `talk` and `windowBytes` are known to the world only and never
 * written; whoever passes a packet on copies it, since captures keep it.
 */
import { LinkType } from '../../../packet/link-type.ts';
import { buildArp, buildIcmp, buildNeighbour, buildTcp, buildVrrp } from '../../../packet/wire/build.ts';
import { sealLink } from '../../../packet/wire/envelope.ts';
import { EtherType } from '../../../packet/wire/ether-type.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import type { TcpOptions } from '../../../packet/wire/tcp-options.ts';
import type { Talk } from './talk.ts';

export interface TcpPacket {
  readonly kind: 'tcp';
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  /** `TcpFlag`s. */
  readonly bits: number;
  /** As in the header. */
  readonly window: number;
  readonly options: TcpOptions;
  readonly payload: Uint8Array;
  readonly ttl: number;
  readonly ipId: number;
  readonly dontFragment: boolean;
  /** The conversation that it belongs to, whoever sent it. */
  readonly talk: Talk;
  /** The window with its scale. */
  readonly windowBytes: number;
}

/** An ICMP error about a TCP packet. */
export interface IcmpPacket {
  readonly kind: 'icmp';
  readonly source: string;
  readonly destination: string;
  readonly type: number;
  readonly code: number;
  readonly mtu: number;
  readonly about: TcpPacket;
  readonly ttl: number;
}

/** ARP, or neighbour discovery where the addresses are IPv6. */
export interface NeighbourPacket {
  readonly kind: 'neighbour';
  /** 1 asks, 2 answers or announces. */
  readonly operation: 1 | 2;
  readonly sender: string;
  readonly senderMac: string;
  /** The address asked for, or announced. */
  readonly target: string;
  /** Whom it answers; nobody where it announces. */
  readonly asker?: string;
}

export interface VrrpPacket {
  readonly kind: 'vrrp';
  readonly source: string;
  readonly priority: number;
  readonly address: string;
}

export type Packet = TcpPacket | IcmpPacket | NeighbourPacket | VrrpPacket;

export const has = (packet: TcpPacket, flag: number): boolean => (packet.bits & flag) !== 0;
export const isSyn = (p: TcpPacket): boolean => has(p, TcpFlag.Syn) && !has(p, TcpFlag.Ack);
/** Sequence space that it takes. */
export const lengthOf = (p: TcpPacket): number =>
  p.payload.length + (has(p, TcpFlag.Syn) ? 1 : 0) + (has(p, TcpFlag.Fin) ? 1 : 0);

export const isIpv6 = (address: string): boolean => address.includes(':');
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** The link layer around a packet, as one capture sees it. */
export interface Wrapping {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly link: 'ethernet' | 'sll2';
  /** SLL2: 0 to this host, 1 broadcast, 3 to another host, 4 sent by this host. */
  readonly packetType: number;
  readonly deviceIndex: number;
}

export const LINK_TYPE = { ethernet: LinkType.Ethernet, sll2: LinkType.LinuxSll2 } as const;

/** The frame that a capture holds. */
export function bytesOf(packet: Packet, wrapping: Wrapping): Uint8Array {
  switch (packet.kind) {
    case 'tcp':
      return sealLink(wrapping, isIpv6(packet.source) ? EtherType.Ipv6 : EtherType.Ipv4, ipBytes(packet));
    case 'icmp': {
      const { source, destination, type, code, mtu, ttl } = packet;
      // A router quotes what fits into 576 bytes, or 1280 with IPv6.
      const body = ipBytes(packet.about).subarray(0, isIpv6(source) ? 1232 : 548);
      return buildIcmp({ ...wrapping, source, destination, type, code, mtu, ttl, body });
    }
    case 'neighbour':
      return neighbourBytes(packet, wrapping);
    case 'vrrp': {
      const { source, priority, address } = packet;
      return buildVrrp({ ...wrapping, source, priority, addresses: [address] });
    }
    default: {
      const never: never = packet;
      return never;
    }
  }
}

/** A packet is written once, whoever sees it: up to eight captures hold it, in frames of their own. */
const written = new WeakMap<TcpPacket, Uint8Array>();

function ipBytes(packet: TcpPacket): Uint8Array {
  const bytes = written.get(packet) ?? buildTcp({ ...wireFields(packet), link: 'raw' });
  written.set(packet, bytes);
  return bytes;
}

function neighbourBytes(packet: NeighbourPacket, wrapping: Wrapping): Uint8Array {
  const { operation, sender, senderMac, target, asker } = packet;
  if (isIpv6(sender)) {
    const everybody = operation === 1 ? 'ff02::1:ff00:1' : 'ff02::1';
    const one = operation === 1 ? target : asker;
    const destination = wrapping.destinationMac.startsWith('33:33') ? everybody : (one ?? everybody);
    return buildNeighbour({ ...wrapping, operation, source: sender, destination, target, mac: senderMac });
  }
  const targetMac = operation === 1 ? {} : { targetMac: wrapping.destinationMac };
  return buildArp({
    ...wrapping,
    ...targetMac,
    operation,
    senderAddress: sender,
    senderMac,
    targetAddress: asker ?? target,
  });
}

function wireFields(p: TcpPacket) {
  const { source, destination, sourcePort, destinationPort, seq, ack, window, options, payload } = p;
  const { ttl, ipId, dontFragment, bits: flags } = p;
  return {
    source,
    destination,
    sourcePort,
    destinationPort,
    seq,
    ack,
    window,
    options,
    payload,
    ttl,
    ipId,
    dontFragment,
    flags,
  };
}
