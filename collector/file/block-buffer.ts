/**
 * pcapng blocks on their way to a file (draft-ietf-opsawg-pcapng, section "Enhanced Packet Block"). Whole pcap records are
 * turned into packet blocks in one buffer that is there from the start: no bigint and, for most packets, no object.
 * The trap: the time of a record is seconds and ns, that of a block one 64-bit number in two words, and their product does
 * not fit a double.
 */
import { BlockType } from '../../packet/file/pcapng.ts';

/** 30 MB/s are then 30 writes a second. */
const CAPACITY = 2 ** 20;
/** Type, length, interface, time, both lengths; and the length again behind the packet. */
const HEAD_BYTES = 28;
const OVERHEAD_BYTES = HEAD_BYTES + 4;
const RECORD_HEAD_BYTES = 16;
/** What libpcap captures at most (MAXIMUM_SNAPLEN). */
const LONGEST_PACKET = 262_144;
/** Copying word by word is faster up to here, and makes no object. */
const SHORT_PACKET = 160;

export class BlockBuffer {
  /** Bytes that are used. */
  length = 0;
  #bytes = new Uint8Array(CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  /** Of the last packet: its second, and that in ns as two words. */
  #second = -1;
  #high = 0;
  #low = 0;

  get filled(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** A whole block, for which room is made: what a capture says of itself is never refused. */
  append(block: Uint8Array): void {
    const wanted = this.length + block.length;
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(wanted + CAPACITY);
      grown.set(this.filled);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes.set(block, this.length);
    this.length = wanted;
  }

  /**
   * Whole pcap records (little-endian, ns) become packets of an interface. Returns where the first record begins for
   * which there was no room: an empty buffer has room for one at least.
   */
  appendPackets(records: DataView, from: number, to: number, interfaceId: number): number {
    const view = this.#view;
    const capacity = this.#bytes.length;
    let at = from;
    let out = this.length;
    while (at < to) {
      const there = records.getUint32(at + 8, true);
      const captured = Math.min(there, LONGEST_PACKET);
      const length = OVERHEAD_BYTES + ((captured + 3) & ~3);
      if (out + length > capacity) break;
      const second = records.getUint32(at, true);
      if (second !== this.#second) this.#setSecond(second);
      const low = this.#low + records.getUint32(at + 4, true);
      const carry = low > 0xffff_ffff ? 1 : 0;
      // The padding, before what it may be under: an empty packet has none.
      view.setUint32(out + length - 8, 0, true);
      view.setUint32(out, BlockType.EnhancedPacket, true);
      view.setUint32(out + 4, length, true);
      view.setUint32(out + 8, interfaceId, true);
      view.setUint32(out + 12, this.#high + carry, true);
      view.setUint32(out + 16, low, true);
      view.setUint32(out + 20, captured, true);
      view.setUint32(out + 24, records.getUint32(at + 12, true), true);
      this.#copy(records, at + RECORD_HEAD_BYTES, out + HEAD_BYTES, captured);
      view.setUint32(out + length - 4, length, true);
      out += length;
      at += RECORD_HEAD_BYTES + there;
    }
    this.length = out;
    return at;
  }

  /** Of the blocks that end within the first `written` bytes: where the last of them ends. */
  wholeBlocks(written: number): number {
    let at = 0;
    while (at < this.length) {
      const next = at + this.#view.getUint32(at + 4, true);
      if (next > written) break;
      at = next;
    }
    return at;
  }

  /** What stands behind a block's end: packets, by their interface, and descriptions of interfaces. */
  behind(from: number): { readonly packets: ReadonlyMap<number, number>; readonly interfaces: number } {
    const packets = new Map<number, number>();
    let interfaces = 0;
    for (let at = from; at < this.length; at += this.#view.getUint32(at + 4, true)) {
      const type = this.#view.getUint32(at, true);
      if (type === BlockType.Interface) interfaces++;
      if (type !== BlockType.EnhancedPacket) continue;
      const id = this.#view.getUint32(at + 8, true);
      packets.set(id, (packets.get(id) ?? 0) + 1);
    }
    return { packets, interfaces };
  }

  /** In halves of 16 bits every product stays below 2^53. */
  #setSecond(second: number): void {
    const upper = (second >>> 16) * 1e9;
    const lower = (upper % 65_536) * 65_536 + (second & 0xffff) * 1e9;
    this.#second = second;
    this.#high = Math.floor(upper / 65_536) + Math.floor(lower / 2 ** 32);
    this.#low = lower % 2 ** 32;
  }

  #copy(records: DataView, from: number, to: number, length: number): void {
    if (length > SHORT_PACKET) {
      this.#bytes.set(new Uint8Array(records.buffer, records.byteOffset + from, length), to);
      return;
    }
    const view = this.#view;
    const words = length & ~3;
    let i = 0;
    for (; i < words; i += 4) view.setUint32(to + i, records.getUint32(from + i, true), true);
    for (; i < length; i++) view.setUint8(to + i, records.getUint8(from + i));
  }
}

/** How many whole pcap records there are. */
export function countRecords(records: DataView, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += RECORD_HEAD_BYTES + records.getUint32(at + 8, true)) count++;
  return count;
}
