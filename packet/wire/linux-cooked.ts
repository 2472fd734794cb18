/**
 * Linux cooked captures, what `tcpdump -i any` writes: LINKTYPE_LINUX_SLL and
 * LINKTYPE_LINUX_SLL2 (tcpdump.org/linktypes). SLL2 adds the interface index.
 * The trap: there is a source address and no destination, and a packet that is
 * forwarded appears twice, once incoming and once outgoing.
 */
import { concat, readMac, viewOf, writeMac } from './bytes.ts';
import { layerOfEtherType } from './ether-type.ts';
import type { Frame } from './frame.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

// SLL: packet type 0, ARPHRD 2, address length 4, address 6, protocol 14.
const SLL_HEADER = 16;
const SLL_ADDRESS_LENGTH = 4;
const SLL_ADDRESS = 6;
const SLL_PROTOCOL = 14;

// SLL2: protocol 0, reserved 2, interface 4, ARPHRD 8, packet type 10, address length 11, address 12.
const SLL2_HEADER = 20;
const SLL2_INTERFACE = 4;
const SLL2_HARDWARE = 8;
const SLL2_PACKET_TYPE = 10;
const SLL2_ADDRESS_LENGTH = 11;
const SLL2_ADDRESS = 12;

const ARPHRD_ETHERNET = 1;
const ARPHRD_NETLINK = 824;
const MAC_LENGTH = 6;
/** In place of an EtherType: an LLC header follows. */
const PROTOCOL_LLC = 4;

export function decodeSll(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < SLL_HEADER) return Layer.Done;
  frame.packetType = view.getUint16(at);
  if (view.getUint16(at + SLL_ADDRESS_LENGTH) === MAC_LENGTH) {
    frame.macSource = readMac(view, at + SLL_ADDRESS);
  }
  cursor.at = at + SLL_HEADER;
  return layerOfCooked(view.getUint16(at + 2), view.getUint16(at + SLL_PROTOCOL));
}

export function decodeSll2(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < SLL2_HEADER) return Layer.Done;
  frame.deviceIndex = view.getUint32(at + SLL2_INTERFACE);
  frame.packetType = view.getUint8(at + SLL2_PACKET_TYPE);
  if (view.getUint8(at + SLL2_ADDRESS_LENGTH) === MAC_LENGTH) {
    frame.macSource = readMac(view, at + SLL2_ADDRESS);
  }
  cursor.at = at + SLL2_HEADER;
  return layerOfCooked(view.getUint16(at + SLL2_HARDWARE), view.getUint16(at));
}

function layerOfCooked(hardware: number, protocol: number): Layer {
  // Netlink puts its family where the EtherType belongs.
  if (hardware === ARPHRD_NETLINK) return Layer.Done;
  return protocol === PROTOCOL_LLC ? Layer.Llc : layerOfEtherType(protocol);
}

export interface CookedFields {
  source: number;
  packetType: number;
  etherType: number;
  /** SLL2 only. */
  deviceIndex?: number;
}

export function writeSll(fields: CookedFields, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(SLL_HEADER));
  head.setUint16(0, fields.packetType);
  head.setUint16(2, ARPHRD_ETHERNET);
  head.setUint16(SLL_ADDRESS_LENGTH, MAC_LENGTH);
  writeMac(head, SLL_ADDRESS, fields.source);
  head.setUint16(SLL_PROTOCOL, fields.etherType);
  return concat(new Uint8Array(head.buffer), payload);
}

export function writeSll2(fields: CookedFields, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(SLL2_HEADER));
  head.setUint16(0, fields.etherType);
  head.setUint32(SLL2_INTERFACE, fields.deviceIndex ?? 1);
  head.setUint16(SLL2_HARDWARE, ARPHRD_ETHERNET);
  head.setUint8(SLL2_PACKET_TYPE, fields.packetType);
  head.setUint8(SLL2_ADDRESS_LENGTH, MAC_LENGTH);
  writeMac(head, SLL2_ADDRESS, fields.source);
  return concat(new Uint8Array(head.buffer), payload);
}
