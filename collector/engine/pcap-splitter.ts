/**
 * An engine's output, a classic pcap stream (draft-ietf-opsawg-pcap), cut into whole records as it comes, in chunks of any size.
 * No object and no copy for each packet: only a record that a chunk cuts is put together.
 * The trap: what an engine writes is believed nowhere; one wrong length, and everything behind it would be packets that never
 * were.
 */

export interface SplitterTarget {
  /** The header is here: it captures. */
  begin(linkType: number): void;
  /** `count` whole records, little-endian, ns, with `bytes` of packets; the last was stamped `lastAt`, ns since the epoch. */
  records(view: DataView, from: number, to: number, batch: Batch): void;
}

export interface Batch {
  readonly count: number;
  readonly bytes: number;
  readonly lastAt: bigint;
}

const HEADER = 24;
const RECORD = 16;
/** libpcap's own limit of a packet (MAXIMUM_SNAPLEN); of a few link types it is larger, none of which is captured here. */
const LONGEST = 262_144;

const MAGIC_MICRO = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;

export class PcapSplitter {
  readonly #target: SplitterTarget;
  readonly #carry = new Uint8Array(RECORD + LONGEST);
  #carried = 0;
  /** Of the stream; null until its header is here. */
  #form: { readonly little: boolean; readonly perUnit: number } | null = null;
  #fault: string | null = null;

  constructor(target: SplitterTarget) {
    this.#target = target;
  }

  /** May change the chunk. Null, or why this is no pcap stream: nothing behind that is believed. */
  push(chunk: Uint8Array): string | null {
    let at = 0;
    if (this.#form === null) {
      at = this.#fill(chunk, 0, HEADER);
      if (this.#carried < HEADER) return this.#fault;
      this.#fault ??= this.#readHeader();
      this.#carried = 0;
    }
    if (this.#fault !== null) return this.#fault;
    if (this.#carried > 0) {
      at = this.#completeCarried(chunk, at);
      if (this.#carried > 0 || this.#fault !== null) return this.#fault;
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = this.#split(view, at);
    if (this.#fault === null) this.#fill(chunk, end, chunk.byteLength - end);
    return this.#fault;
  }

  /** As `push` returned it last. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Until `wanted` bytes are carried. Where the chunk goes on. */
  #fill(chunk: Uint8Array, from: number, wanted: number): number {
    const to = Math.min(chunk.byteLength, from + Math.max(0, wanted - this.#carried));
    this.#carry.set(chunk.subarray(from, to), this.#carried);
    this.#carried += to - from;
    return to;
  }

  #readHeader(): string | null {
    const view = new DataView(this.#carry.buffer, 0, HEADER);
    for (const little of [true, false]) {
      const magic = view.getUint32(0, little);
      if (magic !== MAGIC_MICRO && magic !== MAGIC_NANO) continue;
      this.#form = { little, perUnit: magic === MAGIC_MICRO ? 1000 : 1 };
      // The upper bits tell of a frame check sequence.
      this.#target.begin(view.getUint32(20, little) & 0x0fff_ffff);
      return null;
    }
    return 'what it writes is no pcap stream';
  }

  /** The record that the chunk before cut. Where the chunk goes on. */
  #completeCarried(chunk: Uint8Array, from: number): number {
    let at = this.#fill(chunk, from, RECORD);
    if (this.#carried < RECORD) return at;
    const length = new DataView(this.#carry.buffer).getUint32(8, this.#form!.little);
    if (length <= LONGEST) {
      at = this.#fill(chunk, at, RECORD + length);
      if (this.#carried < RECORD + length) return at;
    }
    this.#split(new DataView(this.#carry.buffer, 0, this.#carried), 0);
    this.#carried = 0;
    return at;
  }

  /** Hands over the whole records of the view. Where the first cut one begins. */
  #split(view: DataView, from: number): number {
    const { little, perUnit } = this.#form!;
    const converts = !little || perUnit !== 1;
    const limit = 1e9 / perUnit;
    let at = from;
    let last = from;
    let count = 0;
    while (at + RECORD <= view.byteLength) {
      const length = view.getUint32(at + 8, little);
      if (length > LONGEST || view.getUint32(at + 4, little) >= limit) {
        this.#fault = 'what it writes is no pcap stream any more';
        break;
      }
      if (at + RECORD + length > view.byteLength) break;
      if (converts) convert(view, at, little, perUnit);
      last = at;
      at += RECORD + length;
      count++;
    }
    if (count > 0)
      this.#target.records(view, from, at, {
        count,
        bytes: at - from - count * RECORD,
        lastAt: BigInt(view.getUint32(last, true)) * 1_000_000_000n + BigInt(view.getUint32(last + 4, true)),
      });
    return at;
  }
}

/** One record's header, in its place. */
function convert(view: DataView, at: number, little: boolean, perUnit: number): void {
  for (const offset of [0, 4, 8, 12]) {
    const value = view.getUint32(at + offset, little);
    view.setUint32(at + offset, offset === 4 ? value * perUnit : value, true);
  }
}
