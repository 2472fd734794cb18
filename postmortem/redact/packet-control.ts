/**
 * Redaction of ARP, ICMP, ICMPv6 with neighbour discovery, and VRRP. Each returns the offset behind what is kept.
 * The trap: the four bytes behind an ICMP checksum are a number in some types and an address in others: where they are
 * not known to be a number, they become zeros.
 */
import type { LayerSpan } from '../../packet/wire/decode.ts';
import { EtherType } from '../../packet/wire/ether-type.ts';
import { NEIGHBOUR_ADVERTISEMENT, NEIGHBOUR_SOLICITATION } from '../../packet/wire/icmpv6.ts';
import { IpProtocol } from '../../packet/wire/ip-protocol.ts';
import type { Rewriting } from './rewriting.ts';

const ARP_LENGTH = 28;
const ARP_ETHERNET = 1;
const ARP_SIZES = 0x0604;

const HEADER = 8;
const CHECKSUM = 2;
const REST = 4;
const UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;
const REDIRECT = 5;
/** Echo request and reply: identifier and sequence number. */
const ECHO = [8, 0];
/** The same of ICMPv6, and "packet too big" with its MTU. */
const NUMBERS_6 = [128, 129, 2];
/** Router, solicited, override (RFC 4861, section 4.4). */
const NEIGHBOUR_FLAGS = 0xe0000000;
const TARGET_LENGTH = 16;
/** Of the source and of the target, in units of eight bytes: one. */
const LINK_ADDRESS = [0x0101, 0x0201];

const VRRP_COUNT = 3;
const VRRP_CHECKSUM = 6;

export function rewriteArp(packet: Rewriting, { at, captured }: LayerSpan): number {
  const { view } = packet;
  if (captured - at < ARP_LENGTH || view.getUint16(at) !== ARP_ETHERNET) return at;
  if (view.getUint16(at + 2) !== EtherType.Ipv4 || view.getUint16(at + 4) !== ARP_SIZES) return at;
  for (const end of [at + 8, at + 18]) {
    packet.mac(end);
    packet.address(end + 6, 4);
  }
  return at + ARP_LENGTH;
}

/** The header. What an error quotes comes by itself. */
export function rewriteIcmp(packet: Rewriting, { at, captured, reported }: LayerSpan): number {
  if (captured - at < HEADER) return at;
  const type = packet.view.getUint8(at);
  const hasMtu = type === UNREACHABLE && packet.view.getUint8(at + 1) === FRAGMENTATION_NEEDED;
  if (type === REDIRECT) packet.address(at + REST, 4);
  else if (!ECHO.includes(type)) packet.fill(at + REST, at + (hasMtu ? REST + 2 : HEADER), 0);
  packet.checksum(at + CHECKSUM, at, reported);
  return at + HEADER;
}

export function rewriteIcmpv6(packet: Rewriting, { at, captured, reported }: LayerSpan): number {
  if (captured - at < HEADER) return at;
  const type = packet.view.getUint8(at);
  packet.checksumOverEnds(at + CHECKSUM, at, reported - at, IpProtocol.Icmpv6);
  const isNeighbour = type === NEIGHBOUR_SOLICITATION || type === NEIGHBOUR_ADVERTISEMENT;
  if (isNeighbour && captured - at >= HEADER + TARGET_LENGTH) {
    const flags = (packet.view.getUint32(at + REST) & NEIGHBOUR_FLAGS) >>> 0;
    packet.view.setUint32(at + REST, flags);
    packet.address(at + HEADER, 6);
    return linkAddresses(packet, at + HEADER + TARGET_LENGTH, captured);
  }
  if (!NUMBERS_6.includes(type)) packet.fill(at + REST, at + HEADER, 0);
  return at + HEADER;
}

/** Up to the first option that is no link address. */
function linkAddresses(packet: Rewriting, from: number, captured: number): number {
  let at = from;
  while (captured - at >= 8 && LINK_ADDRESS.includes(packet.view.getUint16(at))) {
    packet.mac(at + 2);
    at += 8;
  }
  return at;
}

/** The header and the virtual addresses; version 2 has a password in plain text behind them, which is cut. */
export function rewriteVrrp(packet: Rewriting, { at, captured, reported }: LayerSpan): number {
  const { view, version } = packet;
  const first = captured - at < HEADER ? 0 : view.getUint8(at);
  if (first !== 0x21 && first !== 0x31) return at;
  if (first === 0x21) packet.checksum(at + VRRP_CHECKSUM, at, reported);
  else packet.checksumOverEnds(at + VRRP_CHECKSUM, at, reported - at, IpProtocol.Vrrp);
  const size = version === 4 ? 4 : 16;
  const count = Math.min(view.getUint8(at + VRRP_COUNT), Math.floor((captured - at - HEADER) / size));
  for (let i = 0; i < count; i++) packet.address(at + HEADER + i * size, version);
  return at + HEADER + count * size;
}
