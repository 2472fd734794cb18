/**
 * Redaction of IP headers. Each returns the offset behind what is kept.
 * The trap: options and extension headers hold addresses (record route, routing headers): they keep their length, so that
 * what follows stays where it was, and nothing else.
 */
import type { LayerSpan } from '../../packet/wire/decode.ts';
import type { Rewriting } from './rewriting.ts';

const IPV4_HEADER = 20;
const IPV4_CHECKSUM = 10;
const IPV4_ENDS = 12;
const IPV6_ENDS = 8;
/** The option of RFC 791 that is nothing. */
const NO_OPERATION = 1;

export function rewriteIpv4(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.ipEnds(at + IPV4_ENDS, 4);
  packet.fill(at + IPV4_HEADER, end, NO_OPERATION);
  packet.checksum(at + IPV4_CHECKSUM, at, end);
  return end;
}

export function rewriteIpv6(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.ipEnds(at + IPV6_ENDS, 6);
  return end;
}

/** Next header and length stay. Zeros are padding (RFC 8200, section 4.2), and a route with nothing left of it. */
export function rewriteExtension(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.fill(at + 2, end, 0);
  return end;
}

/** All but the reserved byte. */
export function rewriteFragment(packet: Rewriting, { at, end }: LayerSpan): number {
  packet.fill(at + 1, at + 2, 0);
  return end;
}
