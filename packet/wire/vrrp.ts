/**
 * VRRP advertisements, version 2 (RFC 3768) and 3 (RFC 9568). Priority 0 means
 * that the master leaves, 255 that it owns the address.
 * The trap: CARP uses the same protocol number and looks like version 2; it is
 * decoded as what it looks like, as Wireshark does.
 */
import type { Address } from '../address.ts';
import { concat, viewOf } from './bytes.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { IpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

const ROUTER = 1;
const PRIORITY = 2;
const COUNT = 3;
const INTERVAL = 4;
const CHECKSUM = 6;
const HEADER = 8;
const ADVERTISEMENT = 1;

export function decodeVrrp(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER) return Layer.Done;
  const first = view.getUint8(at);
  const version = first >>> 4;
  if ((version !== 2 && version !== 3) || (first & 15) !== ADVERTISEMENT) return Layer.Done;
  frame.kind = FrameKind.Vrrp;
  frame.vrrpVersion = version;
  frame.vrrpId = view.getUint8(at + ROUTER);
  frame.vrrpPriority = view.getUint8(at + PRIORITY);
  return Layer.Done;
}

export interface VrrpFields {
  version: 2 | 3;
  id: number;
  priority: number;
  /** Virtual addresses, all of the version of `source`. */
  addresses: readonly Address[];
  /** Seconds in version 2, hundredths of a second in version 3. */
  interval: number;
  source: Address;
  destination: Address;
}

export function writeVrrp(fields: VrrpFields): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, fields.version * 16 + ADVERTISEMENT);
  head.setUint8(ROUTER, fields.id);
  head.setUint8(PRIORITY, fields.priority);
  head.setUint8(COUNT, fields.addresses.length);
  if (fields.version === 2) head.setUint8(INTERVAL + 1, fields.interval);
  else head.setUint16(INTERVAL, fields.interval);
  const addresses = fields.addresses.map(addressBytes);
  // Version 2 ends in eight bytes of authentication data, obsolete and zero.
  const tail = new Uint8Array(fields.version === 2 ? 8 : 0);
  const bytes = concat(new Uint8Array(head.buffer), ...addresses, tail);
  const { source, destination } = fields;
  const seed = fields.version === 2 ? 0 : pseudoHeaderSum(source, destination, IpProtocol.Vrrp, bytes.length);
  viewOf(bytes).setUint16(CHECKSUM, internetChecksum(bytes, seed));
  return bytes;
}

function addressBytes(address: Address): Uint8Array {
  const view = viewOf(new Uint8Array(address.version === 4 ? 4 : 16));
  for (let i = 0; i < view.byteLength; i += 4) view.setUint32(i, address.words[i / 4]!);
  return new Uint8Array(view.buffer);
}
