/**
 * A TCP segment between one client and one server, as plain fields that tests
 * make up, and how it becomes a frame and a capture file.
 */
import { createPcapWriter, type WrittenPacket } from '../packet/file/pcap-writer.ts';
import type { TcpFrame } from '../packet/wire/build.ts';
import { concat } from '../packet/wire/bytes.ts';

export interface Segment {
  ipVersion: 4 | 6;
  /** 0: the client sends. */
  sender: 0 | 1;
  /** Tells talks apart; the server's port is always the same. */
  clientPort: number;
  seq: number;
  ack: number;
  /** `TcpFlag` bits. */
  flags: number;
  window: number;
  /** Payload bytes; they are zeros. */
  length: number;
  /** Window scale option, -1 for none. */
  scale: number;
  /** ns since the epoch. */
  time: bigint;
}

/** A port that tshark knows no protocol for: fewer dissectors, the same flags. */
const SERVER_PORT = 9;

/** The segment as `buildTcp` takes it. */
export function tcpFields(segment: Segment): TcpFrame {
  const { sender, clientPort, scale, ...fields } = segment;
  const hosts = segment.ipVersion === 4 ? ['10.0.0.1', '10.0.0.2'] : ['fd00::1', 'fd00::2'];
  return {
    ...fields,
    source: hosts[sender]!,
    destination: hosts[1 - sender]!,
    sourcePort: sender ? SERVER_PORT : clientPort,
    destinationPort: sender ? clientPort : SERVER_PORT,
    options: scale < 0 ? {} : { windowScale: scale },
    payload: segment.length,
  };
}

/** Ethernet frames as a nanosecond pcap. */
export function writePcap(frames: readonly WrittenPacket[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk), { nanoseconds: true });
  for (const frame of frames) writer.packet(frame);
  return concat(...chunks);
}
