/**
 * Classic pcap (draft-ietf-opsawg-pcap; the format of libpcap and tcpdump): a
 * 24-byte file header, then records of 16 bytes and their data. Both byte
 * orders, µs and ns, and Kuznetzov's variants with more bytes a record.
 * The trap: there is nothing to resynchronise on. A length that cannot be true
 * ends the reading, and what came before it stands.
 */
import { grouped } from '../grouped.ts';
import type { Nanos } from '../time.ts';
import { BACKWARDS_TOLERANCE, type Delivery } from './delivery.ts';
import { describeOffset, describeSize, type Format, MAX_PACKET_BYTES, USUAL_MAX_BYTES } from './format.ts';
import { detectRecordHeader, type RecordHeaderBytes } from './pcap-layout.ts';

const FILE_HEADER_BYTES = 24;

interface Variant {
  readonly littleEndian: boolean;
  readonly nanosPerUnit: 1 | 1000;
  /** Null: the records tell. */
  readonly recordHeaderBytes: 16 | null;
}

/** By the first four bytes, read as a big-endian number. */
const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { littleEndian: false, nanosPerUnit: 1000, recordHeaderBytes: 16 }],
  [0xd4c3b2a1, { littleEndian: true, nanosPerUnit: 1000, recordHeaderBytes: 16 }],
  [0xa1b23c4d, { littleEndian: false, nanosPerUnit: 1, recordHeaderBytes: 16 }],
  [0x4d3cb2a1, { littleEndian: true, nanosPerUnit: 1, recordHeaderBytes: 16 }],
  [0xa1b2cd34, { littleEndian: false, nanosPerUnit: 1000, recordHeaderBytes: null }],
  [0x34cdb2a1, { littleEndian: true, nanosPerUnit: 1000, recordHeaderBytes: null }],
] as const);

/** `magic`: the first four bytes of the file as a big-endian number. */
export const isPcapMagic = (magic: number): boolean => VARIANTS.has(magic);

export class PcapFormat implements Format {
  need = FILE_HEADER_BYTES;
  skip = 0;
  stopped = false;
  readonly #delivery: Delivery;
  #variant: Variant | null = null;
  #recordHeaderBytes: RecordHeaderBytes | null = null;
  #snaplen = 0;
  #maxBytes = 0;
  /** Where in a record's header the captured length is; the one on the wire is in the other place. */
  #capturedAt: 8 | 12 = 8;
  #lastTime: Nanos = Number.NEGATIVE_INFINITY;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    delivery.format = 'pcap';
  }

  read(view: DataView, from: number, to: number, base: number): number {
    let at = from;
    if (this.#variant === null) {
      this.#readFileHeader(view, at);
      at += FILE_HEADER_BYTES;
    }
    if (this.#recordHeaderBytes === null && !this.#findRecordHeader(view, at, to, false)) return at;
    return this.#readRecords(view, at, to, base);
  }

  end(view: DataView, length: number, position: number): void {
    if (this.#variant === null) {
      this.#delivery.reportCut('its header', position, length);
      return;
    }
    let at = 0;
    if (this.#recordHeaderBytes === null) {
      this.#findRecordHeader(view, 0, length, true);
      at = this.#readRecords(view, 0, length, position);
    }
    if (at === length || this.stopped) return;
    const frame = this.#delivery.lastFrame + 1;
    const what = `frame ${grouped(frame)}, at ${describeOffset(position + at)}`;
    this.#delivery.reportCut(what, position + at, length - at, frame);
  }

  /** @returns false where more bytes are needed for that */
  #findRecordHeader(view: DataView, from: number, to: number, isWhole: boolean): boolean {
    const { littleEndian } = this.#variant!;
    const header = { littleEndian, snaplen: this.#snaplen, capturedAt: this.#capturedAt };
    const { bytes, need } = detectRecordHeader(view, from, to, isWhole, header);
    this.need = need;
    this.#recordHeaderBytes = bytes;
    if (bytes === 16) {
      this.#delivery.problem(
        'unsupported',
        'records-plain',
        'The file begins as one with longer record headers (magic number a1b2cd34), and its records have plain ones: they are read as plain. Wireshark does not, and shows other frames, or none.',
        { offset: 0 },
      );
    }
    return bytes !== null;
  }

  #readFileHeader(view: DataView, at: number): void {
    const variant = VARIANTS.get(view.getUint32(at, false))!;
    const { littleEndian } = variant;
    const major = view.getUint16(at + 4, littleEndian);
    const minor = view.getUint16(at + 6, littleEndian);
    const snaplen = view.getUint32(at + 16, littleEndian);
    // The high half holds the length of the frame check sequence and flags (the draft, section 4).
    const linkType = view.getUint32(at + 20, littleEndian) & 0xffff;
    this.#variant = variant;
    this.#recordHeaderBytes = variant.recordHeaderBytes;
    this.#snaplen = snaplen;
    this.#maxBytes = Math.min(MAX_PACKET_BYTES, Math.max(snaplen, USUAL_MAX_BYTES));
    this.#delivery.interfaces.push({
      section: 0,
      linkType,
      snaplen,
      dropped: null,
      received: null,
      startTime: null,
      endTime: null,
    });
    this.#delivery.record.linkType = linkType;
    // Before version 2.3 the lengths of a record stood in the other order (libpcap, sf-pcap.c).
    const older = major === 2 && minor < 3;
    this.#capturedAt = older ? 12 : 8;
    if (major !== 2 || minor !== 4) {
      this.#delivery.problem(
        'unsupported',
        'version-unknown',
        `The file says it is pcap version ${major}.${minor}; it is read as ${older ? '2.2' : '2.4'}.`,
        { offset: 4 },
      );
    }
  }

  /** The loop that every packet goes through: it makes no objects. */
  #readRecords(view: DataView, from: number, to: number, base: number): number {
    const { littleEndian, nanosPerUnit } = this.#variant!;
    const recordHeaderBytes = this.#recordHeaderBytes!;
    const delivery = this.#delivery;
    const { record, sink } = delivery;
    const unitsPerSecond = 1_000_000_000 / nanosPerUnit;
    const maxBytes = this.#maxBytes;
    const capturedAt = this.#capturedAt;
    const originalAt = 20 - capturedAt;
    record.view = view;
    let at = from;
    let lastTime = this.#lastTime;
    this.need = recordHeaderBytes;
    while (to - at >= recordHeaderBytes) {
      const captured = view.getUint32(at + capturedAt, littleEndian);
      if (captured > maxBytes) {
        this.#stop(captured, base + at);
        break;
      }
      const next = at + recordHeaderBytes + captured;
      if (next > to) {
        this.need = recordHeaderBytes + captured;
        break;
      }
      const seconds = view.getUint32(at, littleEndian);
      const beyond = view.getUint32(at + 4, littleEndian);
      const original = view.getUint32(at + originalAt, littleEndian);
      if (!delivery.originKnown) {
        delivery.firstTime(BigInt(seconds) * 1_000_000_000n + BigInt(beyond * nanosPerUnit));
      }
      const time =
        (seconds - delivery.originSeconds) * 1_000_000_000 + (beyond * nanosPerUnit - delivery.originNanos);
      record.frame = ++delivery.lastFrame;
      record.time = time;
      record.offset = at + recordHeaderBytes;
      record.capturedLength = captured;
      record.originalLength = original;
      if (beyond >= unitsPerSecond) this.#reportFraction(record.frame);
      if (captured > original) delivery.reportLongerThanOriginal(record.frame);
      if (time < lastTime - BACKWARDS_TOLERANCE) delivery.reportBackwards(lastTime, time, record.frame);
      lastTime = time;
      delivery.frames++;
      sink.packet(record);
      at = next;
    }
    this.#lastTime = lastTime;
    return at;
  }

  #reportFraction(frame: number): void {
    this.#delivery.problem(
      'malformed',
      'fraction-too-large',
      `The time of frame ${frame} has a fraction of more than a second; it is carried over.`,
      { frame },
    );
  }

  #stop(captured: number, offset: number): void {
    this.stopped = true;
    const frame = this.#delivery.lastFrame + 1;
    this.#delivery.problem(
      'malformed',
      'record-too-long',
      `Frame ${grouped(frame)}, at ${describeOffset(offset)}, claims ${describeSize(captured)}: reading stops there. Frames read before it: ${grouped(this.#delivery.frames)}.`,
      { offset, frame },
    );
  }
}
