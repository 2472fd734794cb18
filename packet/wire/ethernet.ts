/**
 * Ethernet II and 802.3 (IEEE 802.3), 802.1Q and 802.1ad tags in any order, and
 * LLC/SNAP (IEEE 802.2, RFC 1042).
 * The trap: captures of short packets end in padding, so the length of the IP
 * packet, not of the frame, says where the payload ends.
 */
import { concat, readMac, viewOf, writeMac } from './bytes.ts';
import { EtherType, layerOfEtherType, layerOfTypeOrLength } from './ether-type.ts';
import type { Frame } from './frame.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;
const ETHERNET_HEADER = 14;
const TAG = 4;

const LLC_SNAP = 0xaaaa;
const LLC_IP = 0x0606;
const UNNUMBERED = 0x03;
/** RFC 1042, and the bridged form of 802.1H. */
const SNAP_OUIS = [0x000000, 0x0000f8];

export function decodeEthernet(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < ETHERNET_HEADER) return Layer.Done;
  frame.macDestination = readMac(view, at + DESTINATION);
  frame.macSource = readMac(view, at + SOURCE);
  const type = view.getUint16(at + TYPE);
  cursor.at = at + ETHERNET_HEADER;
  return type === EtherType.Ipv4 ? Layer.Ip : layerOfTypeOrLength(cursor, type);
}

/** One tag; the outermost is what `frame.vlan` keeps. */
export function decodeVlan(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < TAG) return Layer.Done;
  if (frame.vlan === -1) frame.vlan = view.getUint16(at) & 0x0fff;
  cursor.at = at + TAG;
  return layerOfTypeOrLength(cursor, view.getUint16(at + 2));
}

export function decodeLlc(cursor: Cursor): Layer {
  const { view, at, captured } = cursor;
  if (captured - at < 3) return Layer.Done;
  const accessPoints = view.getUint16(at);
  if (view.getUint8(at + 2) !== UNNUMBERED) return Layer.Done;
  if (accessPoints === LLC_IP) {
    cursor.at = at + 3;
    return Layer.Ip;
  }
  if (accessPoints !== LLC_SNAP || captured - at < 8) return Layer.Done;
  if (!SNAP_OUIS.includes(view.getUint32(at + 2) & 0xffffff)) return Layer.Done;
  cursor.at = at + 8;
  return layerOfEtherType(view.getUint16(at + 6));
}

export interface EthernetFields {
  source: number;
  destination: number;
  etherType: number;
  /** Outermost first. A mere id stands for an 802.1Q tag. */
  vlans?: readonly (number | { id: number; type: number })[];
  /** Writes a length and an LLC/SNAP header in place of the EtherType. */
  snap?: boolean;
}

export function writeEthernet(fields: EthernetFields, payload: Uint8Array): Uint8Array {
  const tags = (fields.vlans ?? []).map((tag) =>
    typeof tag === 'number' ? { id: tag, type: EtherType.Vlan } : tag,
  );
  const head = viewOf(new Uint8Array(ETHERNET_HEADER + TAG * tags.length));
  writeMac(head, DESTINATION, fields.destination);
  writeMac(head, SOURCE, fields.source);
  let at = TYPE;
  for (const { id, type } of tags) {
    head.setUint16(at, type);
    head.setUint16(at + 2, id);
    at += TAG;
  }
  if (!fields.snap) {
    head.setUint16(at, fields.etherType);
    return concat(new Uint8Array(head.buffer), payload);
  }
  const llc = viewOf(new Uint8Array(8));
  llc.setUint16(0, LLC_SNAP);
  llc.setUint8(2, UNNUMBERED);
  llc.setUint16(6, fields.etherType);
  head.setUint16(at, payload.length + 8);
  return concat(new Uint8Array(head.buffer), new Uint8Array(llc.buffer), payload);
}
