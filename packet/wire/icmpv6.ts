/**
 * ICMPv6 (RFC 4443) and, of neighbour discovery (RFC 4861), solicitation and
 * advertisement: IPv6's ARP, and told in the same fields of `Frame`.
 * The trap: an advertisement speaks about its target, which need not be the
 * address that sent it; a solicitation announces its sender and asks for a target.
 */
import type { Address } from '../address.ts';
import { concat, readMac, viewOf, writeMac } from './bytes.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import type { IcmpFields } from './icmp.ts';
import { IpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';
import { decodeQuote } from './quote.ts';

const CODE = 1;
const CHECKSUM = 2;
const MTU = 4;
const HEADER = 8;
const TARGET = 8;
const NEIGHBOUR_LENGTH = 24;

const PACKET_TOO_BIG = 2;
const LAST_ERROR = 4;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
const SOURCE_LINK_ADDRESS = 1;
const TARGET_LINK_ADDRESS = 2;

/** It quotes the packet that caused it. */
export const isIcmpv6Error = (type: number): boolean => type >= 1 && type <= LAST_ERROR;

export function decodeIcmpv6(cursor: Cursor, frame: Frame): Layer {
  const { view, at, captured } = cursor;
  if (captured - at < HEADER) return Layer.Done;
  const type = view.getUint8(at);
  frame.kind = FrameKind.Icmp;
  frame.icmpType = type;
  frame.icmpCode = view.getUint8(at + CODE);
  if (type === PACKET_TOO_BIG) frame.icmpMtu = view.getUint32(at + MTU);
  if (isIcmpv6Error(type)) decodeQuote(view, at + HEADER, captured, frame);
  if (captured - at < NEIGHBOUR_LENGTH) return Layer.Done;
  if (type === NEIGHBOUR_SOLICITATION) decodeSolicitation(view, at, captured, frame);
  if (type === NEIGHBOUR_ADVERTISEMENT) decodeAdvertisement(view, at, captured, frame);
  return Layer.Done;
}

function decodeSolicitation(view: DataView, at: number, captured: number, frame: Frame): void {
  frame.arpOperation = 1;
  for (let i = 0; i < 4; i++) {
    frame.arpAddress[i] = frame.address[i]!;
    frame.arpAddress[4 + i] = view.getUint32(at + TARGET + 4 * i);
  }
  frame.arpSenderMac = linkAddress(view, at + NEIGHBOUR_LENGTH, captured, SOURCE_LINK_ADDRESS);
}

function decodeAdvertisement(view: DataView, at: number, captured: number, frame: Frame): void {
  frame.arpOperation = 2;
  for (let i = 0; i < 4; i++) frame.arpAddress[i] = view.getUint32(at + TARGET + 4 * i);
  frame.arpSenderMac = linkAddress(view, at + NEIGHBOUR_LENGTH, captured, TARGET_LINK_ADDRESS);
}

/** The MAC in the first option of `kind`, or -1. Options are counted in units of eight bytes. */
function linkAddress(view: DataView, at: number, captured: number, kind: number): number {
  while (captured - at >= 8) {
    const length = view.getUint8(at + 1) * 8;
    if (view.getUint8(at) === kind && length === 8) return readMac(view, at + 2);
    // A length of 0 makes the packet invalid (RFC 4861, section 4.6).
    if (length === 0) return -1;
    at += length;
  }
  return -1;
}

export interface Icmpv6Fields extends IcmpFields {
  source: Address;
  destination: Address;
}

export function writeIcmpv6(fields: Icmpv6Fields, body: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, fields.type);
  head.setUint8(CODE, fields.code);
  head.setUint32(4, fields.rest ?? 0);
  const bytes = concat(new Uint8Array(head.buffer), body);
  const seed = pseudoHeaderSum(fields.source, fields.destination, IpProtocol.Icmpv6, bytes.length);
  viewOf(bytes).setUint16(CHECKSUM, internetChecksum(bytes, seed));
  return bytes;
}

/** What follows the header of a solicitation (1) or advertisement (2): target, and the MAC of its option. */
export function writeNeighbourBody(operation: 1 | 2, target: Address, mac: number): Uint8Array {
  const view = viewOf(new Uint8Array(24));
  for (let i = 0; i < 4; i++) view.setUint32(4 * i, target.words[i]!);
  view.setUint8(16, operation === 1 ? SOURCE_LINK_ADDRESS : TARGET_LINK_ADDRESS);
  view.setUint8(17, 1);
  writeMac(view, 18, mac);
  return new Uint8Array(view.buffer);
}
