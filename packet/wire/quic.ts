/**
 * What of QUIC is in the clear (RFC 8999; RFC 9000, section 17; version 2:
 * RFC 9369): the long headers of the opening with both connection IDs, and the
 * destination's ID at the start of a short header.
 * The trap: a short header does not say how long its ID is. Only the long
 * headers before it, or what stays the same from datagram to datagram, tell.
 */
import { concat, viewOf } from './bytes.ts';

const LONG = 0x80;
/** Set in every packet of versions 1 and 2, unless both ends agreed to grease it (RFC 9287). */
const FIXED = 0x40;
const VERSION = 1;
const DESTINATION_LENGTH = 5;
const DESTINATION = 6;
export const LONGEST_CID = 20;
/** Where the destination's ID begins in a short header. */
export const SHORT_CID = 1;

const VERSION_1 = 1;
const VERSION_2 = 0x6b3343cf;

/** What a long header is for. */
export const QuicType = { Initial: 0, ZeroRtt: 1, Handshake: 2, Retry: 3 } as const;
export type QuicType = (typeof QuicType)[keyof typeof QuicType];

/** A long header, read; reused from datagram to datagram. */
export class QuicHead {
  type: QuicType = QuicType.Initial;
  version = 0;
  /** Offsets in the view, and lengths, of both connection IDs. */
  destinationAt = 0;
  destinationLength = 0;
  sourceAt = 0;
  sourceLength = 0;
}

/** A long header has bit 7 and the fixed bit. */
export const looksLong = (first: number): boolean => (first & (LONG | FIXED)) === (LONG | FIXED);
/** A short header has the fixed bit alone. */
export const looksShort = (first: number): boolean => (first & (LONG | FIXED)) === FIXED;

/** Versions 1 and 2, the drafts that were deployed (27 to 34), and mvfst's. */
export const isQuicVersion = (version: number): boolean =>
  version === VERSION_1 ||
  version === VERSION_2 ||
  (version >= 0xff00001b && version <= 0xff000022) ||
  (version >= 0xfaceb000 && version <= 0xfaceb00f);

/** Reads the long header at `at`; false where these `length` captured bytes begin with none of a known version. */
export function readQuicLong(view: DataView, at: number, length: number, head: QuicHead): boolean {
  if (length <= DESTINATION || !looksLong(view.getUint8(at))) return false;
  const version = view.getUint32(at + VERSION);
  if (!isQuicVersion(version)) return false;
  const destinationLength = view.getUint8(at + DESTINATION_LENGTH);
  const source = DESTINATION + destinationLength;
  if (destinationLength > LONGEST_CID || source >= length) return false;
  const sourceLength = view.getUint8(at + source);
  if (sourceLength > LONGEST_CID || source + 1 + sourceLength > length) return false;
  const bits = (view.getUint8(at) >> 4) & 3;
  head.version = version;
  head.type = (version === VERSION_2 ? (bits + 3) & 3 : bits) as QuicType;
  head.destinationAt = at + DESTINATION;
  head.destinationLength = destinationLength;
  head.sourceAt = at + source + 1;
  head.sourceLength = sourceLength;
  return true;
}

export interface QuicLongFields {
  type?: QuicType;
  version?: number;
  destination: Uint8Array;
  source: Uint8Array;
}

/** A long header and what follows it; no coalesced packets, no protection. */
export function writeQuicLong(fields: QuicLongFields, rest: Uint8Array): Uint8Array {
  const { type = QuicType.Initial, version = VERSION_1, destination, source } = fields;
  const bits = version === VERSION_2 ? (type + 1) & 3 : type;
  const head = viewOf(new Uint8Array(DESTINATION));
  head.setUint8(0, LONG | FIXED | (bits << 4));
  head.setUint32(VERSION, version);
  head.setUint8(DESTINATION_LENGTH, destination.length);
  return concat(new Uint8Array(head.buffer), destination, Uint8Array.of(source.length), source, rest);
}

/** A short header: `bits` are the protected low five (and the spin bit). */
export const writeQuicShort = (destination: Uint8Array, bits: number, rest: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(FIXED | (bits & 0x3f)), destination, rest);
