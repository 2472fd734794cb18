/**
 * UDP (RFC 768), and the two tunnels that are known by their port: VXLAN (4789,
 * and 8472, which Linux used first) and GENEVE (6081). Other ports are not guessed.
 * The trap: a UDP length of 0 is a jumbogram (RFC 2675); one below 8 is malformed.
 */
import type { Address } from '../address.ts';
import { concat, viewOf } from './bytes.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import type { Frame } from './frame.ts';
import { FrameKind } from './frame.ts';
import { IpProtocol } from './ip-protocol.ts';
import type { Cursor } from './layer.ts';
import { Layer, limitTo } from './layer.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER = 8;

export const VXLAN_PORT = 4789;
const VXLAN_PORT_LINUX = 8472;
export const GENEVE_PORT = 6081;

export function decodeUdp(cursor: Cursor, frame: Frame): Layer {
  const { view, at } = cursor;
  if (cursor.captured - at < HEADER) return Layer.Done;
  frame.kind = FrameKind.Udp;
  frame.sourcePort = view.getUint16(at + SOURCE_PORT);
  frame.destinationPort = view.getUint16(at + DESTINATION_PORT);
  frame.headerLength = HEADER;
  cursor.at = at + HEADER;
  const length = view.getUint16(at + LENGTH);
  if (length !== 0) limitTo(cursor, at + Math.max(length, HEADER));
  frame.payloadOffset = cursor.at;
  frame.payloadLength = cursor.reported - cursor.at;
  frame.capturedPayload = cursor.captured - cursor.at;
  return layerOfPorts(frame.sourcePort, frame.destinationPort);
}

function layerOfPorts(source: number, destination: number): Layer {
  const either = (port: number) => source === port || destination === port;
  if (either(VXLAN_PORT) || either(VXLAN_PORT_LINUX)) return Layer.Vxlan;
  return either(GENEVE_PORT) ? Layer.Geneve : Layer.Done;
}

export interface UdpFields {
  source: Address;
  destination: Address;
  sourcePort: number;
  destinationPort: number;
}

export function writeUdp(fields: UdpFields, payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint16(SOURCE_PORT, fields.sourcePort);
  head.setUint16(DESTINATION_PORT, fields.destinationPort);
  head.setUint16(LENGTH, HEADER + payload.length);
  const bytes = concat(new Uint8Array(head.buffer), payload);
  const seed = pseudoHeaderSum(fields.source, fields.destination, IpProtocol.Udp, bytes.length);
  // 0 would mean "no checksum", so a sum of 0 is sent as its other form.
  viewOf(bytes).setUint16(CHECKSUM, internetChecksum(bytes, seed) || 0xffff);
  return bytes;
}
