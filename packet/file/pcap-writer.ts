/**
 * Writes classic pcap (draft-ietf-opsawg-pcap), chunk by chunk: the file header
 * when it is made, then one chunk a packet.
 * The trap: seconds are 32 bits, and a µs file drops what is finer than a µs.
 */
import { ByteBuilder } from './byte-builder.ts';

/** Takes the bytes of a file as they come, in order. */
export type ChunkSink = (chunk: Uint8Array) => void;

export interface PcapWriterOptions {
  /** Times in ns instead of µs. */
  readonly nanoseconds?: boolean;
  readonly bigEndian?: boolean;
  /** Packets are cut to this many bytes. */
  readonly snaplen?: number;
  /** LINKTYPE number; Ethernet (1) where absent. */
  readonly linkType?: number;
}

export interface WrittenPacket {
  /** ns since the epoch. */
  readonly time: bigint;
  readonly data: Uint8Array;
  /** Length on the wire; that of `data` where absent. */
  readonly originalLength?: number;
}

export interface PcapWriter {
  packet(packet: WrittenPacket): void;
}

/** What tcpdump writes. */
export const USUAL_SNAPLEN = 262_144;
const BILLION = 1_000_000_000n;

export function createPcapWriter(emit: ChunkSink, options: PcapWriterOptions = {}): PcapWriter {
  const { nanoseconds = false, bigEndian = false, snaplen = USUAL_SNAPLEN, linkType = 1 } = options;
  const builder = new ByteBuilder(!bigEndian);
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  emit(builder.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(snaplen).u32(linkType).take());
  return {
    packet({ time, data, originalLength = data.length }) {
      const fraction = Number(time % BILLION);
      const kept = data.subarray(0, snaplen);
      builder.u32(Number(time / BILLION)).u32(nanoseconds ? fraction : Math.floor(fraction / 1000));
      emit(builder.u32(kept.length).u32(originalLength).bytes(kept).take());
    },
  };
}
