/**
 * The TCP header (RFC 9293, section 3.1; AE flag RFC 9768) and the text of its flags.
 * Options: tcp-options.ts. Kind `Tcp` needs ports, seq, ack, flags and window, 16
 * bytes: from there on tshark counts a frame to a stream, and a window that was
 * not captured never looks like a window of 0.
 * The trap: snap lengths cut headers. A header cut by the capture keeps its
 * payload length, by the IP length; one that contradicts the IP length has none.
 */
import type { Address } from '../address.ts';
import { concat, viewOf } from './bytes.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { IpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';
import type { TcpOptions } from './tcp-options.ts';
import { parseTcpOptions, writeTcpOptions } from './tcp-options.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const WINDOW = 14;
const CHECKSUM = 16;
const HEADER = 20;
/** What must be captured: up to and with the window. */
const IDENTIFIED = CHECKSUM;
const FLAGS_MASK = 0x1ff;

/** NOP, NOP, Timestamps: what nearly every segment of a modern connection carries, and nothing else. */
const COMMON_OPTIONS = 0x0101080a;
const COMMON_LENGTH = HEADER + 12;

export function decodeTcp(cursor: Cursor, frame: Frame): Layer {
  const { view, at, captured } = cursor;
  if (captured - at < IDENTIFIED) return Layer.Done;
  frame.kind = FrameKind.Tcp;
  frame.sourcePort = view.getUint16(at + SOURCE_PORT);
  frame.destinationPort = view.getUint16(at + DESTINATION_PORT);
  frame.seq = view.getUint32(at + SEQUENCE);
  frame.ack = view.getUint32(at + ACKNOWLEDGMENT);
  const offsetAndFlags = view.getUint16(at + DATA_OFFSET);
  frame.flags = offsetAndFlags & FLAGS_MASK;
  frame.window = view.getUint16(at + WINDOW);
  const headerLength = (offsetAndFlags >>> 12) * 4;
  frame.headerLength = headerLength;

  const length = cursor.reported - at;
  const headerEnd = at + headerLength;
  if (headerLength < HEADER || headerLength > length) {
    frame.lengthsContradict = true;
    frame.tcpHeaderCut = true;
    frame.payloadOffset = captured;
    return Layer.Done;
  }
  frame.payloadLength = length - headerLength;
  if (headerEnd > captured) {
    frame.tcpHeaderCut = true;
    frame.payloadOffset = captured;
  } else {
    frame.payloadOffset = headerEnd;
    frame.capturedPayload = captured - headerEnd;
    if (headerLength === COMMON_LENGTH && view.getUint32(at + HEADER) === COMMON_OPTIONS) {
      frame.hasTimestamps = true;
      frame.tsVal = view.getUint32(at + HEADER + 4);
      frame.tsEcr = view.getUint32(at + HEADER + 8);
      return Layer.Done;
    }
  }
  if (headerLength > HEADER) parseTcpOptions(view, at + HEADER, Math.min(headerEnd, captured), frame);
  return Layer.Done;
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE'] as const;

/** The names of the set flags, lowest bit first: `SYN ACK`, `PSH ACK`; '' for none. */
export function flagText(flags: number): string {
  return FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).join(' ');
}

/** The bits of names separated by spaces, such as `SYN ACK`. Unknown names count for nothing. */
export function flagBits(names: string): number {
  return names.split(' ').reduce((bits, name) => {
    const bit = (FLAG_NAMES as readonly string[]).indexOf(name);
    return bit < 0 ? bits : bits | (1 << bit);
  }, 0);
}

export interface TcpFields {
  source: Address;
  destination: Address;
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack: number;
  flags: number;
  window: number;
  options?: TcpOptions;
}

export function writeTcp(fields: TcpFields, payload: Uint8Array): Uint8Array {
  const options = writeTcpOptions(fields.options ?? {});
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint16(SOURCE_PORT, fields.sourcePort);
  head.setUint16(DESTINATION_PORT, fields.destinationPort);
  head.setUint32(SEQUENCE, fields.seq);
  head.setUint32(ACKNOWLEDGMENT, fields.ack);
  head.setUint16(DATA_OFFSET, ((HEADER + options.length) / 4) * 0x1000 + (fields.flags & FLAGS_MASK));
  head.setUint16(WINDOW, fields.window);
  const bytes = concat(new Uint8Array(head.buffer), options, payload);
  const seed = pseudoHeaderSum(fields.source, fields.destination, IpProtocol.Tcp, bytes.length);
  viewOf(bytes).setUint16(CHECKSUM, internetChecksum(bytes, seed));
  return bytes;
}

export { reportsDuplicate, sackBlocks } from './tcp-options.ts';
