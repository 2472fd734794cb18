/**
 * GRE (RFC 2784, key and sequence RFC 2890) with IP or Ethernet inside, and the
 * mirror format ERSPAN: types I and II (draft-foschiano-erspan, protocol 0x88be)
 * and III (0x22eb).
 * The trap: ERSPAN I and II share a protocol number; only II has a sequence
 * number in its GRE header, and only then an ERSPAN header follows.
 */
import { concat, viewOf } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import { layerOfEtherType } from './ether-type.ts';
import type { Frame } from './frame.ts';
import type { Cursor } from './layer.ts';
import { enterTunnel, Layer } from './layer.ts';

const PROTOCOL = 2;
const HEADER = 4;
const FIELD = 4;

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const VERSION = 0x0007;

export const ERSPAN_TYPE_II = 0x88be;
export const ERSPAN_TYPE_III = 0x22eb;
const ERSPAN_II_HEADER = 8;
const ERSPAN_III_HEADER = 12;
const ERSPAN_III_FRAME_TYPE = 0x7c00;
/** Type III, last bit of its header: a platform subheader of 8 bytes follows. */
const ERSPAN_III_SUBHEADER = 8;

export function decodeGre(cursor: Cursor, frame: Frame): Layer {
  const { view, at, captured } = cursor;
  if (captured - at < HEADER) return Layer.Done;
  const flags = view.getUint16(at);
  const protocol = view.getUint16(at + PROTOCOL);
  // Source routes (RFC 1701) and version 1 (PPTP) carry nothing that is decoded here.
  if ((flags & (ROUTING | VERSION)) !== 0) return Layer.Done;
  let end = at + HEADER;
  if ((flags & CHECKSUM) !== 0) end += FIELD;
  if ((flags & KEY) !== 0) end += FIELD;
  if ((flags & SEQUENCE) !== 0) end += FIELD;

  const isMirror = protocol === ERSPAN_TYPE_II || protocol === ERSPAN_TYPE_III;
  const inner = isMirror ? Layer.Ethernet : layerOfEtherType(protocol);
  if (protocol === ERSPAN_TYPE_II && (flags & SEQUENCE) !== 0) end = endOfErspan2(view, end, captured);
  if (protocol === ERSPAN_TYPE_III) end = endOfErspan3(view, end, captured);
  if (inner === Layer.Done || end > captured || !enterTunnel(cursor, frame)) return Layer.Done;
  cursor.at = end;
  return inner;
}

/** Where the mirrored frame starts; infinity where the header is cut or of another version. */
function endOfErspan2(view: DataView, at: number, captured: number): number {
  if (captured - at < ERSPAN_II_HEADER || view.getUint8(at) >>> 4 !== 1) return Number.POSITIVE_INFINITY;
  return at + ERSPAN_II_HEADER;
}

function endOfErspan3(view: DataView, at: number, captured: number): number {
  if (captured - at < ERSPAN_III_HEADER || view.getUint8(at) >>> 4 !== 2) return Number.POSITIVE_INFINITY;
  const last = view.getUint16(at + 10);
  // The frame type is Ethernet, or nothing that is decoded here.
  if ((last & ERSPAN_III_FRAME_TYPE) !== 0) return Number.POSITIVE_INFINITY;
  return at + ERSPAN_III_HEADER + ((last & 1) !== 0 ? ERSPAN_III_SUBHEADER : 0);
}

export interface GreFields {
  protocol: number;
  key?: number;
  sequence?: number;
  checksum?: boolean;
}

export function writeGre(fields: GreFields, payload: Uint8Array): Uint8Array {
  const { key, sequence } = fields;
  const words: number[] = [];
  if (fields.checksum) words.push(0);
  if (key !== undefined) words.push(key);
  if (sequence !== undefined) words.push(sequence);
  const head = viewOf(new Uint8Array(HEADER + FIELD * words.length));
  const flags =
    (fields.checksum ? CHECKSUM : 0) |
    (key === undefined ? 0 : KEY) |
    (sequence === undefined ? 0 : SEQUENCE);
  head.setUint16(0, flags);
  head.setUint16(PROTOCOL, fields.protocol);
  for (const [index, word] of words.entries()) head.setUint32(HEADER + FIELD * index, word);
  const bytes = concat(new Uint8Array(head.buffer), payload);
  if (fields.checksum) viewOf(bytes).setUint16(HEADER, internetChecksum(bytes));
  return bytes;
}

/** A mirrored Ethernet frame with its ERSPAN header, to be carried by GRE with a sequence number. */
export function writeErspan(type: 2 | 3, session: number, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(type === 2 ? ERSPAN_II_HEADER : ERSPAN_III_HEADER));
  head.setUint16(0, type === 2 ? 0x1000 : 0x2000);
  head.setUint16(2, session & 0x3ff);
  return concat(new Uint8Array(head.buffer), payload);
}
