/**
 * VXLAN (RFC 7348): Ethernet in UDP. It is known by its port alone, so the flag
 * that says "this has a network identifier" must be set, as the RFC demands.
 */
import { concat, viewOf } from './bytes.ts';
import type { Frame } from './frame.ts';
import type { Cursor } from './layer.ts';
import { enterTunnel, Layer } from './layer.ts';

const NETWORK = 4;
const HEADER = 8;
const VALID_NETWORK = 0x08;

export function decodeVxlan(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER || (view.getUint8(at) & VALID_NETWORK) === 0) return Layer.Done;
  if (!enterTunnel(cursor, frame)) return Layer.Done;
  cursor.at = at + HEADER;
  return Layer.Ethernet;
}

export function writeVxlan(network: number, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, VALID_NETWORK);
  head.setUint32(NETWORK, network * 256);
  return concat(new Uint8Array(head.buffer), payload);
}
