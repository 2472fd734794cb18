/**
 * GENEVE (RFC 8926): Ethernet or IP in UDP, behind options of variable length;
 * how cloud gateway load balancers hand traffic to appliances.
 * The trap: options are counted in words of four bytes, up to 252 bytes, enough
 * for a snap length to end inside them.
 */
import { concat, viewOf } from './bytes.ts';
import { layerOfEtherType } from './ether-type.ts';
import type { Frame } from './frame.ts';
import type { Cursor } from './layer.ts';
import { enterTunnel, Layer } from './layer.ts';

const PROTOCOL = 2;
const NETWORK = 4;
const HEADER = 8;

export function decodeGeneve(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER) return Layer.Done;
  const first = view.getUint8(at);
  const inner = layerOfEtherType(view.getUint16(at + PROTOCOL));
  const end = at + HEADER + (first & 0x3f) * 4;
  if (first >>> 6 !== 0 || inner === Layer.Done || end > cursor.captured) return Layer.Done;
  if (!enterTunnel(cursor, frame)) return Layer.Done;
  cursor.at = end;
  return inner;
}

export interface GeneveFields {
  network: number;
  protocol: number;
  /** A multiple of four bytes. */
  options?: Uint8Array;
}

export function writeGeneve(fields: GeneveFields, payload: Uint8Array): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint8(0, options.length / 4);
  head.setUint16(PROTOCOL, fields.protocol);
  head.setUint32(NETWORK, fields.network * 256);
  return concat(new Uint8Array(head.buffer), options, payload);
}
