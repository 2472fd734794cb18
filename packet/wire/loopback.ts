/**
 * BSD loopback: a four-byte address family before the IP packet
 * (LINKTYPE_NULL in the byte order of the host that captured, LINKTYPE_LOOP in
 * network order; tcpdump.org/linktypes).
 * The trap: the host's byte order is not written anywhere, so it is guessed
 * from which half of the number is zero; and IPv6 has a family number per BSD.
 */
import { concat, viewOf } from './bytes.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

const FAMILY = 4;
const AF_INET = 2;
/** NetBSD and OpenBSD 24, FreeBSD 28, Darwin 30, Linux 10. */
const AF_INET6 = [24, 28, 30, 10];

/** LINKTYPE_NULL and LINKTYPE_LOOP alike: the guess finds network order too. */
export function decodeLoopback(cursor: Cursor): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < FAMILY) return Layer.Done;
  const big = view.getUint32(at);
  const family = big > 0xffff ? view.getUint32(at, true) : big;
  cursor.at = at + FAMILY;
  if (family === AF_INET) return Layer.Ip;
  return AF_INET6.includes(family) ? Layer.Ipv6 : Layer.Done;
}

/** `littleEndian` for LINKTYPE_NULL as written on x86 and ARM. */
export function writeLoopback(version: 4 | 6, littleEndian: boolean, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(FAMILY));
  head.setUint32(0, version === 4 ? AF_INET : 30, littleEndian);
  return concat(new Uint8Array(head.buffer), payload);
}
