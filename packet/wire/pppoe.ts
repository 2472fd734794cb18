/**
 * PPPoE sessions (RFC 2516) with the uncompressed two-byte PPP protocol field
 * (RFC 1661).
 * The trap: the PPPoE length counts the PPP protocol field too.
 */
import { concat, viewOf } from './bytes.ts';
import type { Cursor } from './layer.ts';
import { Layer, limitTo } from './layer.ts';

const HEADER = 6;
const LENGTH = 4;
const PPP_PROTOCOL = 6;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

export function decodePppoeSession(cursor: Cursor): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER + 2) return Layer.Done;
  limitTo(cursor, at + HEADER + view.getUint16(at + LENGTH));
  cursor.at = at + HEADER + 2;
  const protocol = view.getUint16(at + PPP_PROTOCOL);
  if (protocol === PPP_IPV4) return Layer.Ip;
  return protocol === PPP_IPV6 ? Layer.Ipv6 : Layer.Done;
}

export function writePppoeSession(session: number, version: 4 | 6, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER + 2));
  head.setUint8(0, 0x11);
  head.setUint16(2, session);
  head.setUint16(LENGTH, payload.length + 2);
  head.setUint16(PPP_PROTOCOL, version === 4 ? PPP_IPV4 : PPP_IPV6);
  return concat(new Uint8Array(head.buffer), payload);
}
