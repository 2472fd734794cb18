/**
 * IPv6 and its extension headers (RFC 8200), with AH (RFC 4302), which has the
 * same place and counts its length in other units.
 * Traps: a payload length of 0 means a jumbogram or BIG TCP (RFC 2675), and the
 * frame's length counts; a fragment header with offset 0 and no more fragments
 * is an atomic fragment, that is a whole packet (RFC 6946).
 */
import type { Address } from '../address.ts';
import { concat, viewOf } from './bytes.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { IpProtocol, layerOfIpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer, limitTo } from './layer.ts';

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const HEADER = 40;

const FRAGMENT_HEADER = 8;
const FRAGMENT_OFFSET = 0xfff8;
const FRAGMENT_MORE = 1;

export function decodeIpv6(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER || view.getUint8(at) >>> 4 !== 6) return Layer.Done;
  frame.ipVersion = 6;
  for (let i = 0; i < 8; i++) frame.address[i] = view.getUint32(at + SOURCE + 4 * i);
  frame.ttl = view.getUint8(at + HOP_LIMIT);
  const length = view.getUint16(at + PAYLOAD_LENGTH);
  frame.ipLength = length === 0 ? cursor.reported - at : HEADER + length;
  if (length !== 0) limitTo(cursor, at + HEADER + length);
  cursor.at = at + HEADER;
  return layerOfIpProtocol(view.getUint8(at + NEXT_HEADER));
}

/** Hop-by-hop, routing, destination options: next header, length in 8 bytes beyond the first 8. */
export function decodeIpv6Extension(cursor: Cursor): Layer {
  return skipExtension(cursor, 8, 8);
}

/** AH: length in 4 bytes beyond the first 8. */
export function decodeAuthentication(cursor: Cursor): Layer {
  return skipExtension(cursor, 4, 8);
}

export function decodeIpv6Fragment(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < FRAGMENT_HEADER) return Layer.Done;
  const offset = view.getUint16(at + 2);
  cursor.at = at + FRAGMENT_HEADER;
  if ((offset & (FRAGMENT_OFFSET | FRAGMENT_MORE)) !== 0) {
    frame.isFragment = true;
    frame.kind = FrameKind.Fragment;
    if ((offset & FRAGMENT_OFFSET) !== 0) return Layer.Done;
  }
  return layerOfIpProtocol(view.getUint8(at));
}

function skipExtension(cursor: Cursor, unit: number, base: number): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < 2) return Layer.Done;
  const next = at + base + view.getUint8(at + 1) * unit;
  if (next > cursor.captured) return Layer.Done;
  cursor.at = next;
  return layerOfIpProtocol(view.getUint8(at));
}

export type ExtensionName = 'hop-by-hop' | 'routing' | 'destination-options' | 'authentication';

export interface Ipv6Fields {
  source: Address;
  destination: Address;
  protocol: number;
  hopLimit: number;
  extensions?: readonly ExtensionName[];
  /** In bytes, a multiple of 8; with `moreFragments` or an offset, a fragment header is written. */
  fragmentOffset?: number;
  moreFragments?: boolean;
  ipId?: number;
  /** In place of the true one; 0 is what BIG TCP leaves. */
  payloadLength?: number;
}

export function writeIpv6(fields: Ipv6Fields, payload: Uint8Array): Uint8Array {
  let protocol = fields.protocol;
  let body = payload;
  if (fields.moreFragments !== undefined || fields.fragmentOffset !== undefined) {
    body = concat(fragmentHeader(fields, protocol), body);
    protocol = IpProtocol.Fragment;
  }
  for (const name of [...(fields.extensions ?? [])].reverse()) {
    body = concat(extensionHeader(name, protocol), body);
    protocol = EXTENSION_PROTOCOL[name];
  }
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, 0x60);
  head.setUint16(PAYLOAD_LENGTH, fields.payloadLength ?? body.length);
  head.setUint8(NEXT_HEADER, protocol);
  head.setUint8(HOP_LIMIT, fields.hopLimit);
  for (let i = 0; i < 4; i++) {
    head.setUint32(SOURCE + 4 * i, fields.source.words[i]!);
    head.setUint32(SOURCE + 16 + 4 * i, fields.destination.words[i]!);
  }
  return concat(new Uint8Array(head.buffer), body);
}

const EXTENSION_PROTOCOL: Record<ExtensionName, number> = {
  'hop-by-hop': IpProtocol.HopByHop,
  routing: IpProtocol.Routing,
  'destination-options': IpProtocol.DestinationOptions,
  authentication: IpProtocol.Authentication,
};

/** 16 bytes each, so that their length fields are not all 0. */
function extensionHeader(name: ExtensionName, next: number): Uint8Array {
  const head = new Uint8Array(16);
  head[0] = next;
  head[1] = name === 'authentication' ? 2 : 1;
  // One PadN option fills the option headers; a routing header of type 0 with no segments left is inert.
  if (name === 'hop-by-hop' || name === 'destination-options') head.set([1, 12], 2);
  return head;
}

function fragmentHeader(fields: Ipv6Fields, next: number): Uint8Array {
  const head = viewOf(new Uint8Array(FRAGMENT_HEADER));
  head.setUint8(0, next);
  head.setUint16(2, (fields.fragmentOffset ?? 0) | (fields.moreFragments ? FRAGMENT_MORE : 0));
  head.setUint32(4, fields.ipId ?? 0);
  return new Uint8Array(head.buffer);
}
