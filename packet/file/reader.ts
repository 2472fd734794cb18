/**
 * The way in: looks at the first bytes, hands the rest to the format they
 * name, and carries a record over from one chunk to the next where it straddles.
 * The trap: the carry grows with the bytes that arrive, never with the length
 * that a record claims.
 */
import { Delivery } from './delivery.ts';
import type { Format } from './format.ts';
import { isPcapMagic, PcapFormat } from './pcap.ts';
import { isPcapngMagic, PcapngFormat } from './pcapng.ts';
import type { CaptureFormat, CaptureInterface, CaptureNotes, CaptureReader, RecordSink } from './record.ts';
import { explainUnknown } from './unknown-format.ts';

export interface CaptureReaderOptions {
  /** ns since the epoch that every time is relative to; the first timed packet's second where absent. */
  readonly origin?: bigint;
}

/** Makes a reader for one capture file: push its (decompressed) bytes, then call `end`. */
export function createCaptureReader(sink: RecordSink, options: CaptureReaderOptions = {}): CaptureReader {
  return new Reader(new Delivery(sink, options.origin));
}

class Reader implements CaptureReader {
  bytes = 0;
  readonly #delivery: Delivery;
  #format: Format;
  readonly #carry = new Carry();
  /** Offset in the file of the first byte that is in neither the carry nor read. */
  #position = 0;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    this.#format = new Sniffer(delivery, (format) => {
      this.#format = format;
    });
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    const carry = this.#carry;
    let view: DataView | null = null;
    let at = 0;
    while (at < chunk.length && !this.#format.stopped) {
      const left = chunk.length - at;
      const { need, skip } = this.#format;
      if (skip > 0) {
        const carried = Math.min(skip, carry.length);
        carry.drop(carried);
        const n = Math.min(skip - carried, left);
        at += n;
        this.#format.skip -= carried + n;
        this.#position += carried + n;
      } else if (carry.length > 0 || left < need) {
        const n = Math.min(need - carry.length, left);
        carry.append(chunk, at, n);
        at += n;
        if (carry.length >= need) {
          const done = this.#format.read(carry.view, 0, carry.length, this.#position);
          carry.drop(done);
          this.#position += done;
        }
      } else {
        view ??= new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
        const next = this.#format.read(view, at, chunk.length, this.#position - at);
        this.#position += next - at;
        at = next;
      }
    }
  }

  end(): void {
    if (this.#format.stopped) return;
    this.#format.end(this.#carry.view, this.#carry.length, this.#position);
  }

  get format(): CaptureFormat | null {
    return this.#delivery.format;
  }
  get origin(): bigint {
    return this.#delivery.origin;
  }
  get interfaces(): readonly CaptureInterface[] {
    return this.#delivery.interfaces;
  }
  get notes(): CaptureNotes {
    return this.#delivery.notes;
  }
  get frames(): number {
    return this.#delivery.frames;
  }
  get stopped(): boolean {
    return this.#format.stopped;
  }

  get truncated(): boolean {
    return this.#delivery.truncated;
  }
}

/** Bytes of a unit that began in an earlier chunk. */
class Carry {
  length = 0;
  view = new DataView(new ArrayBuffer(256));
  #bytes = new Uint8Array(this.view.buffer);

  append(chunk: Uint8Array, from: number, count: number): void {
    const wanted = this.length + count;
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.#bytes.set(chunk.subarray(from, from + count), this.length);
    this.length = wanted;
  }

  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }
}

/** Enough to tell text from a file of another kind. */
const SNIFF_BYTES = 64;

/** Stands in for the format until the first four bytes tell which one it is. */
class Sniffer implements Format {
  need = 4;
  skip = 0;
  stopped = false;
  readonly #delivery: Delivery;
  readonly #found: (format: Format) => void;

  constructor(delivery: Delivery, found: (format: Format) => void) {
    this.#delivery = delivery;
    this.#found = found;
  }

  read(view: DataView, from: number, to: number): number {
    const magic = view.getUint32(from, false);
    if (isPcapMagic(magic)) this.#found(new PcapFormat(this.#delivery));
    else if (isPcapngMagic(magic)) this.#found(new PcapngFormat(this.#delivery));
    else if (to - from < SNIFF_BYTES) this.need = SNIFF_BYTES;
    else this.#giveUp(view, from, SNIFF_BYTES);
    return from;
  }

  end(view: DataView, length: number): void {
    this.#giveUp(view, 0, length);
  }

  #giveUp(view: DataView, from: number, length: number): void {
    this.stopped = true;
    const { kind, code, message } = explainUnknown(
      new Uint8Array(view.buffer, view.byteOffset + from, length),
    );
    this.#delivery.problem(kind, code, message, { offset: 0 });
  }
}
