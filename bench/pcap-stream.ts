/**
 * Writes TCP packets as a classic pcap straight into large buffers: what the
 * writers of `packet/` do with an object a packet takes minutes for millions.
 * The trap: checksums are left at 0, as a capture on the sending host shows
 * them (offload); no program that is measured checks them.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const BUFFER_BYTES = 4 * 1024 * 1024;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET = 14;
const TCP_HEADER = 20;
/** NOP, NOP, timestamps. */
const TIMESTAMP_OPTION = 12;
/** MSS, SACK permitted, timestamps, NOP, window scale: the SYN of Linux. */
const SYN_OPTIONS = 20;

export const Flag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16 } as const;

/** The two ends of a connection, by the number from which addresses and port are made. */
export interface Connection {
  readonly ipVersion: 4 | 6;
  /** Tells clients apart: up to 65,536. */
  readonly host: number;
  readonly port: number;
}

export interface Packet {
  connection: Connection;
  fromClient: boolean;
  /** ns since the epoch of the capture's first second. */
  time: number;
  seq: number;
  ack: number;
  flags: number;
  payload: number;
  /** First bytes of the payload; the rest are zeros. */
  text: Uint8Array | null;
  /** One SACK block, or null. */
  sack: { left: number; right: number } | null;
  /** IP identification; where there is none, the stream counts. */
  ipId?: number;
}

/** How a packet looks at one place of its way. */
export interface Hop {
  /** ns after it was sent. */
  readonly later: number;
  readonly ttl: number;
  /** Last bytes of the MACs. */
  readonly destination: number;
  readonly source: number;
}

/** Beside the clients. */
const FROM_CLIENT: Hop = { later: 0, ttl: 64, destination: 2, source: 1 };
const FROM_SERVER: Hop = { later: 0, ttl: 62, destination: 1, source: 2 };

const EPOCH_SECONDS = 1_790_000_000;
const SERVER_PORT = 80;

export class PcapStream {
  readonly #file: number;
  readonly #snaplen: number;
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #ipId = new Uint16Array(2);
  #at = 0;
  packets = 0;

  constructor(path: string, snaplen: number) {
    this.#file = openSync(path, 'w');
    this.#snaplen = snaplen;
    const view = this.#view;
    view.setUint32(0, 0xa1b2c3d4, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, snaplen, true);
    view.setUint32(20, 1, true);
    this.#at = FILE_HEADER;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  write(packet: Packet, hop: Hop = packet.fromClient ? FROM_CLIENT : FROM_SERVER): void {
    const options = optionBytes(packet);
    const ip = packet.connection.ipVersion === 4 ? 20 : 40;
    const length = ETHERNET + ip + TCP_HEADER + options + packet.payload;
    const captured = Math.min(length, this.#snaplen);
    // Written whole, then cut back to what the snap length leaves.
    if (this.#at + RECORD_HEADER + length > BUFFER_BYTES) this.#flush();
    const start = this.#at;
    this.#record(start, packet.time + hop.later, captured, length);
    const frame = start + RECORD_HEADER;
    this.#ethernet(frame, packet, hop);
    if (ip === 20) this.#ipv4(frame + ETHERNET, packet, length - ETHERNET, hop.ttl);
    else this.#ipv6(frame + ETHERNET, packet, length - ETHERNET - ip, hop.ttl);
    this.#tcp(frame + ETHERNET + ip, packet, options);
    this.#payload(frame + length - packet.payload, packet);
    this.#at = frame + captured;
    this.packets++;
  }

  #flush(): void {
    writeSync(this.#file, this.#bytes, 0, this.#at);
    this.#at = 0;
  }

  #record(at: number, time: number, captured: number, length: number): void {
    const view = this.#view;
    view.setUint32(at, EPOCH_SECONDS + Math.floor(time / 1e9), true);
    view.setUint32(at + 4, Math.floor((time % 1e9) / 1e3), true);
    view.setUint32(at + 8, captured, true);
    view.setUint32(at + 12, length, true);
  }

  #ethernet(at: number, { connection }: Packet, { destination, source }: Hop): void {
    const view = this.#view;
    view.setUint32(at, 0x02000000);
    view.setUint16(at + 4, destination);
    view.setUint32(at + 6, 0x02000000);
    view.setUint16(at + 10, source);
    view.setUint16(at + 12, connection.ipVersion === 4 ? 0x0800 : 0x86dd);
  }

  #ipv4(at: number, { fromClient, connection, ipId }: Packet, length: number, ttl: number): void {
    const view = this.#view;
    const sender = fromClient ? 1 : 0;
    const client = 0x0a000000 + connection.host + 2;
    view.setUint16(at, 0x4500);
    view.setUint16(at + 2, length);
    this.#ipId[sender] = this.#ipId[sender]! + 1;
    view.setUint16(at + 4, ipId ?? this.#ipId[sender]!);
    view.setUint16(at + 6, 0x4000);
    view.setUint8(at + 8, ttl);
    view.setUint8(at + 9, 6);
    view.setUint16(at + 10, 0);
    view.setUint32(at + 12, fromClient ? client : SERVER_V4);
    view.setUint32(at + 16, fromClient ? SERVER_V4 : client);
  }

  #ipv6(at: number, { fromClient, connection }: Packet, length: number, ttl: number): void {
    const view = this.#view;
    view.setUint32(at, 0x60000000);
    view.setUint16(at + 4, length);
    view.setUint8(at + 6, 6);
    view.setUint8(at + 7, ttl);
    for (const [offset, isClient] of [
      [8, fromClient],
      [24, !fromClient],
    ] as const) {
      view.setUint32(at + offset, 0xfd000000);
      view.setUint32(at + offset + 4, 0);
      view.setUint32(at + offset + 8, isClient ? 1 : 2);
      view.setUint32(at + offset + 12, isClient ? connection.host + 2 : 1);
    }
  }

  #tcp(at: number, packet: Packet, options: number): void {
    const view = this.#view;
    const { fromClient, connection, flags, time } = packet;
    view.setUint16(at, fromClient ? connection.port : SERVER_PORT);
    view.setUint16(at + 2, fromClient ? SERVER_PORT : connection.port);
    view.setUint32(at + 4, packet.seq);
    view.setUint32(at + 8, (flags & Flag.Ack) === 0 ? 0 : packet.ack);
    view.setUint16(at + 12, ((TCP_HEADER + options) / 4) * 0x1000 + flags);
    view.setUint16(at + 14, 64_240);
    view.setUint32(at + 16, 0);
    const stamp = Math.floor(time / 1e6) >>> 0;
    if (options === SYN_OPTIONS) {
      view.setUint32(at + 20, 0x020405b4);
      view.setUint32(at + 24, 0x0402080a);
      view.setUint32(at + 28, stamp);
      view.setUint32(at + 32, 0);
      view.setUint32(at + 36, 0x01030307);
      return;
    }
    view.setUint32(at + 20, 0x0101080a);
    view.setUint32(at + 24, stamp);
    view.setUint32(at + 28, stamp);
    if (packet.sack === null) return;
    view.setUint32(at + 32, 0x0101050a);
    view.setUint32(at + 36, packet.sack.left);
    view.setUint32(at + 40, packet.sack.right);
  }

  #payload(at: number, { payload, text }: Packet): void {
    this.#bytes.fill(0, at, at + payload);
    if (text !== null) this.#bytes.set(text.subarray(0, payload), at);
  }
}

const SERVER_V4 = 0xc0000201;

const optionBytes = ({ flags, sack }: Packet): number => {
  if ((flags & Flag.Syn) !== 0) return SYN_OPTIONS;
  return TIMESTAMP_OPTION + (sack === null ? 0 : 12);
};
