/**
 * ICMP (RFC 792, next-hop MTU RFC 1191). Errors quote the packet that caused
 * them: quote.ts reads it.
 * The trap: bytes 4 to 7 mean something else in every type; the MTU is there
 * only in type 3 code 4.
 */
import { concat, viewOf } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';
import { decodeQuote } from './quote.ts';

const CODE = 1;
const CHECKSUM = 2;
const MTU = 6;
export const ICMP_HEADER = 8;

const UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;
/** Unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS = [UNREACHABLE, 4, 5, 11, 12];

/** It quotes the packet that caused it. */
export const isIcmpError = (type: number): boolean => ERRORS.includes(type);

export function decodeIcmp(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < ICMP_HEADER) return Layer.Done;
  const type = view.getUint8(at);
  frame.kind = FrameKind.Icmp;
  frame.icmpType = type;
  frame.icmpCode = view.getUint8(at + CODE);
  if (type === UNREACHABLE && frame.icmpCode === FRAGMENTATION_NEEDED) {
    frame.icmpMtu = view.getUint16(at + MTU);
  }
  if (isIcmpError(type)) decodeQuote(view, at + ICMP_HEADER, cursor.captured, frame);
  return Layer.Done;
}

export interface IcmpFields {
  type: number;
  code: number;
  /** Bytes 4 to 7. */
  rest?: number;
}

/** `body` is what follows the eight header bytes: a quoted packet, echo data. */
export function writeIcmp(fields: IcmpFields, body: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(ICMP_HEADER));
  head.setUint8(0, fields.type);
  head.setUint8(CODE, fields.code);
  head.setUint32(4, fields.rest ?? 0);
  const bytes = concat(new Uint8Array(head.buffer), body);
  viewOf(bytes).setUint16(CHECKSUM, internetChecksum(bytes));
  return bytes;
}
