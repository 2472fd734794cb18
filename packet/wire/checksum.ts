/**
 * The Internet checksum (RFC 1071) and the pseudo headers of TCP, UDP and
 * ICMPv6 (RFC 9293 section 3.1, RFC 8200 section 8.1). Only writers and tests
 * need it: captures hold wrong checksums for every offloaded frame, so no
 * decoder judges by them.
 */
import type { Address } from '../address.ts';

/** Sum of 16-bit big-endian words, not yet folded; an odd last byte counts as high byte. */
function sumBytes(bytes: Uint8Array, sum = 0): number {
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1]! * 256;
  return sum;
}

/** The checksum over `bytes` whose checksum field is 0; over finished bytes it yields 0. */
export function internetChecksum(bytes: Uint8Array, seed = 0): number {
  let sum = sumBytes(bytes, seed);
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + (sum % 0x10000);
  return ~sum & 0xffff;
}

/** Seed for `internetChecksum` of a transport segment of `length` bytes. */
export function pseudoHeaderSum(
  source: Address,
  destination: Address,
  protocol: number,
  length: number,
): number {
  let sum = protocol + Math.floor(length / 0x10000) + (length % 0x10000);
  for (const word of [...source.words, ...destination.words]) sum += (word >>> 16) + (word & 0xffff);
  return sum;
}
