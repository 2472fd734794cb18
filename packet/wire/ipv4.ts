/**
 * IPv4 (RFC 791).
 * Traps: a total length of 0 means that the sending host left segmentation to
 * its network card (TSO), and then the frame's length counts; and a frame may
 * be longer than its packet, because Ethernet pads to 60 bytes.
 */
import type { Address } from '../address.ts';
import { concat, viewOf } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { IpProtocol, layerOfIpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer, limitTo } from './layer.ts';

const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;
const HEADER = 20;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

/** Decodes IPv4 at the cursor; leaves IPv6, by its first nibble, to its own decoder. */
export function decodeIpv4(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER) return Layer.Done;
  const first = view.getUint8(at);
  const headerLength = (first & 15) * 4;
  if (first >>> 4 !== 4) return first >>> 4 === 6 ? Layer.Ipv6 : Layer.Done;
  const total = view.getUint16(at + TOTAL_LENGTH);
  if (headerLength < HEADER || (total !== 0 && total < headerLength)) {
    frame.lengthsContradict = true;
    return Layer.Done;
  }

  frame.ipVersion = 4;
  frame.address[0] = view.getUint32(at + SOURCE);
  frame.address[4] = view.getUint32(at + DESTINATION);
  frame.ttl = view.getUint8(at + TTL);
  frame.ipId = view.getUint16(at + IDENTIFICATION);
  frame.ipLength = total === 0 ? cursor.reported - at : total;
  if (total !== 0) limitTo(cursor, at + total);
  cursor.at = at + headerLength;

  const fragment = view.getUint16(at + FRAGMENT);
  frame.dontFragment = (fragment & DONT_FRAGMENT) !== 0;
  if ((fragment & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0) {
    frame.isFragment = true;
    frame.kind = FrameKind.Fragment;
    if ((fragment & OFFSET_MASK) !== 0) return Layer.Done;
  }
  const protocol = view.getUint8(at + PROTOCOL);
  return protocol === IpProtocol.Tcp ? Layer.Tcp : layerOfIpProtocol(protocol);
}

export interface Ipv4Fields {
  source: Address;
  destination: Address;
  protocol: number;
  ttl: number;
  ipId: number;
  dontFragment: boolean;
  /** In bytes, a multiple of 8. */
  fragmentOffset?: number;
  moreFragments?: boolean;
  /** In place of the true one; 0 is what TSO leaves. */
  totalLength?: number;
}

export function writeIpv4(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, 0x45);
  head.setUint16(TOTAL_LENGTH, fields.totalLength ?? HEADER + payload.length);
  head.setUint16(IDENTIFICATION, fields.ipId);
  const flags = (fields.dontFragment ? DONT_FRAGMENT : 0) | (fields.moreFragments ? MORE_FRAGMENTS : 0);
  head.setUint16(FRAGMENT, flags | ((fields.fragmentOffset ?? 0) / 8));
  head.setUint8(TTL, fields.ttl);
  head.setUint8(PROTOCOL, fields.protocol);
  head.setUint32(SOURCE, fields.source.words[0]!);
  head.setUint32(DESTINATION, fields.destination.words[0]!);
  const bytes = new Uint8Array(head.buffer);
  head.setUint16(CHECKSUM, internetChecksum(bytes));
  return concat(bytes, payload);
}
