/**
 * ARP for IPv4 over Ethernet (RFC 826). A gratuitous one, sender equal to
 * target, is how a node that takes over announces itself (RFC 5227, section 3).
 * The trap: other hardware and address sizes move every field, so they are not read.
 */
import type { Address } from '../address.ts';
import { readMac, viewOf, writeMac } from './bytes.ts';
import { EtherType } from './ether-type.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

const PROTOCOL = 2;
const SIZES = 4;
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_ADDRESS = 14;
const TARGET_MAC = 18;
const TARGET_ADDRESS = 24;
const LENGTH = 28;

const HARDWARE_ETHERNET = 1;
/** Six bytes of MAC, four of address. */
const SIZES_ETHERNET_IPV4 = 0x0604;

export function decodeArp(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < LENGTH) return Layer.Done;
  if (view.getUint16(at) !== HARDWARE_ETHERNET) return Layer.Done;
  if (view.getUint16(at + PROTOCOL) !== EtherType.Ipv4) return Layer.Done;
  if (view.getUint16(at + SIZES) !== SIZES_ETHERNET_IPV4) return Layer.Done;
  const operation = view.getUint16(at + OPERATION);
  // Only requests and replies; reverse ARP and the like say nothing about who owns an address.
  if (operation !== 1 && operation !== 2) return Layer.Done;
  frame.kind = FrameKind.Arp;
  frame.arpOperation = operation;
  frame.arpSenderMac = readMac(view, at + SENDER_MAC);
  frame.arpAddress[0] = view.getUint32(at + SENDER_ADDRESS);
  frame.arpTargetMac = readMac(view, at + TARGET_MAC);
  frame.arpAddress[4] = view.getUint32(at + TARGET_ADDRESS);
  return Layer.Done;
}

export interface ArpFields {
  operation: 1 | 2;
  senderMac: number;
  senderAddress: Address;
  targetMac: number;
  targetAddress: Address;
}

export function writeArp(fields: ArpFields): Uint8Array {
  const view = viewOf(new Uint8Array(LENGTH));
  view.setUint16(0, HARDWARE_ETHERNET);
  view.setUint16(PROTOCOL, EtherType.Ipv4);
  view.setUint16(SIZES, SIZES_ETHERNET_IPV4);
  view.setUint16(OPERATION, fields.operation);
  writeMac(view, SENDER_MAC, fields.senderMac);
  view.setUint32(SENDER_ADDRESS, fields.senderAddress.words[0]!);
  writeMac(view, TARGET_MAC, fields.targetMac);
  view.setUint32(TARGET_ADDRESS, fields.targetAddress.words[0]!);
  return new Uint8Array(view.buffer);
}
