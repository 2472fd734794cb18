/**
 * Writes pcapng (draft-ietf-opsawg-pcapng), one chunk a block: sections in
 * either byte order, interfaces with their own unit of time, packets with
 * comments, statistics, names.
 * The trap: interface numbers start again at 0 in every section.
 */
import { ByteBuilder } from './byte-builder.ts';
import { type ChunkSink, USUAL_SNAPLEN, type WrittenPacket } from './pcap-writer.ts';
import { BlockType, BYTE_ORDER_MAGIC } from './pcapng.ts';

export interface SectionOptions {
  readonly bigEndian?: boolean;
  readonly comments?: readonly string[];
  readonly hardware?: string;
  readonly os?: string;
  readonly application?: string;
}

export interface InterfaceOptions {
  /** LINKTYPE number; Ethernet (1) where absent. */
  readonly linkType?: number;
  /** Packets are cut to this many bytes; 0 means no limit. */
  readonly snaplen?: number;
  readonly name?: string;
  readonly description?: string;
  readonly filter?: string;
  readonly os?: string;
  readonly hardware?: string;
  /** The byte of if_tsresol: 6 is µs, 9 is ns, `0x80 | n` is 2^-n s. µs, and no option, where absent. */
  readonly resolution?: number;
  /** if_tsoffset: times are stored that many seconds smaller. */
  readonly offsetSeconds?: bigint;
  readonly comments?: readonly string[];
}

export interface WrittenPcapngPacket extends WrittenPacket {
  /** What `addInterface` returned; 0 where absent. */
  readonly interfaceId?: number;
  readonly comments?: readonly string[];
  /** epb_dropcount: packets lost between the one before and this one. */
  readonly droppedBefore?: bigint;
}

export interface WrittenStatistics {
  readonly interfaceId?: number;
  /** ns since the epoch, as are `startTime` and `endTime`. */
  readonly time: bigint;
  readonly startTime?: bigint;
  readonly endTime?: bigint;
  readonly received?: bigint;
  readonly interfaceDropped?: bigint;
  readonly osDropped?: bigint;
  readonly comments?: readonly string[];
}

export interface PcapngWriter {
  /** Begins another section; its interfaces are to be added anew. */
  section(options?: SectionOptions): void;
  addInterface(options?: InterfaceOptions): number;
  packet(packet: WrittenPcapngPacket): void;
  /** A packet without time, on the section's first interface. */
  simplePacket(packet: Omit<WrittenPacket, 'time'>): void;
  statistics(statistics: WrittenStatistics): void;
  /** Addresses as 4 or 16 bytes, with their names. */
  names(entries: Iterable<readonly [address: Uint8Array, names: readonly string[]]>): void;
  /** A block of any other type, such as custom ones. */
  block(type: number, body: Uint8Array): void;
}

type Option = readonly [code: number, value: Uint8Array | string | undefined];

interface OpenInterface {
  readonly snaplen: number;
  toUnits(time: bigint): bigint;
}

const BILLION = 1_000_000_000n;
const encoder = new TextEncoder();

/** Writes the first section's header at once. */
export function createPcapngWriter(emit: ChunkSink, options: SectionOptions = {}): PcapngWriter {
  return new Writer(emit, options);
}

class Writer implements PcapngWriter {
  readonly #emit: ChunkSink;
  #littleEndian = true;
  #body = new ByteBuilder(true);
  #interfaces: OpenInterface[] = [];

  constructor(emit: ChunkSink, options: SectionOptions) {
    this.#emit = emit;
    this.section(options);
  }

  section(options: SectionOptions = {}): void {
    this.#littleEndian = !(options.bigEndian ?? false);
    this.#body = new ByteBuilder(this.#littleEndian);
    this.#interfaces = [];
    // A section length of -1: not known, as it is written while it grows.
    this.#body.u32(BYTE_ORDER_MAGIC).u16(1).u16(0).u64(-1n);
    this.#options(options.comments, [
      [2, options.hardware],
      [3, options.os],
      [4, options.application],
    ]);
    this.#finish(BlockType.SectionHeader);
  }

  addInterface(options: InterfaceOptions = {}): number {
    const { linkType = 1, snaplen = USUAL_SNAPLEN, resolution, offsetSeconds, filter } = options;
    this.#body.u16(linkType).u16(0).u32(snaplen);
    this.#options(options.comments, [
      [2, options.name],
      [3, options.description],
      [9, resolution === undefined ? undefined : Uint8Array.of(resolution)],
      [11, filter === undefined ? undefined : `\0${filter}`],
      [12, options.os],
      [14, this.#u64(offsetSeconds)],
      [15, options.hardware],
    ]);
    this.#finish(BlockType.Interface);
    const shift = (offsetSeconds ?? 0n) * BILLION;
    const perSecond = unitsPerSecond(resolution ?? 6);
    const toUnits = (time: bigint) => ((time - shift) * perSecond) / BILLION;
    return this.#interfaces.push({ snaplen, toUnits }) - 1;
  }

  packet(packet: WrittenPcapngPacket): void {
    const { time, data, originalLength = data.length, interfaceId = 0 } = packet;
    const { snaplen, toUnits } = this.#interfaces[interfaceId]!;
    const kept = snaplen === 0 ? data : data.subarray(0, snaplen);
    this.#body.u32(interfaceId);
    this.#time(toUnits(time));
    this.#body.u32(kept.length).u32(originalLength).bytes(kept).pad();
    this.#options(packet.comments, [[4, this.#u64(packet.droppedBefore)]]);
    this.#finish(BlockType.EnhancedPacket);
  }

  simplePacket({ data, originalLength = data.length }: Omit<WrittenPacket, 'time'>): void {
    const { snaplen } = this.#interfaces[0]!;
    this.#body.u32(originalLength).bytes(snaplen === 0 ? data : data.subarray(0, snaplen));
    this.#finish(BlockType.SimplePacket);
  }

  statistics(statistics: WrittenStatistics): void {
    const { interfaceId = 0, time } = statistics;
    const { toUnits } = this.#interfaces[interfaceId]!;
    this.#body.u32(interfaceId);
    this.#time(toUnits(time));
    const at = (epoch: bigint | undefined) => (epoch === undefined ? undefined : this.#words(toUnits(epoch)));
    this.#options(statistics.comments, [
      [2, at(statistics.startTime)],
      [3, at(statistics.endTime)],
      [4, this.#u64(statistics.received)],
      [5, this.#u64(statistics.interfaceDropped)],
      [7, this.#u64(statistics.osDropped)],
    ]);
    this.#finish(BlockType.Statistics);
  }

  names(entries: Iterable<readonly [Uint8Array, readonly string[]]>): void {
    for (const [address, names] of entries) {
      const text = encoder.encode(names.map((name) => `${name}\0`).join(''));
      this.#body.u16(address.length === 4 ? 1 : 2).u16(address.length + text.length);
      this.#body.bytes(address).bytes(text).pad();
    }
    this.#body.u32(0);
    this.#finish(BlockType.Names);
  }

  block(type: number, body: Uint8Array): void {
    this.#body.bytes(body);
    this.#finish(type);
  }

  /** Wraps what was built in a block. */
  #finish(type: number): void {
    const body = this.#body.pad().take();
    const length = body.length + 12;
    this.#emit(this.#body.u32(type).u32(length).bytes(body).u32(length).take());
  }

  #options(comments: readonly string[] = [], others: readonly Option[]): void {
    const options: Option[] = [...comments.map((text): Option => [1, text]), ...others];
    const present = options.filter(([, value]) => value !== undefined);
    for (const [code, value] of present) {
      // A length is 16 bits; a longer comment is cut.
      const bytes = (typeof value === 'string' ? encoder.encode(value) : value!).subarray(0, 0xffff);
      this.#body.u16(code).u16(bytes.length).bytes(bytes).pad();
    }
    if (present.length > 0) this.#body.u32(0);
  }

  /** Times in blocks are two words, the high one first in both byte orders. */
  #time(units: bigint): void {
    this.#body.u32(highWord(units)).u32(lowWord(units));
  }

  #words(units: bigint): Uint8Array {
    return new ByteBuilder(this.#littleEndian).u32(highWord(units)).u32(lowWord(units)).take();
  }

  #u64(value: bigint | undefined): Uint8Array | undefined {
    return value === undefined ? undefined : new ByteBuilder(this.#littleEndian).u64(value).take();
  }
}

function unitsPerSecond(resolution: number): bigint {
  return (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
}

const highWord = (units: bigint): number => Number(BigInt.asUintN(32, units >> 32n));
const lowWord = (units: bigint): number => Number(BigInt.asUintN(32, units));
