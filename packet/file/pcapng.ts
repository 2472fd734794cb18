/**
 * pcapng (draft-ietf-opsawg-pcapng): blocks with their length in front and
 * behind. Sections may differ in byte order; interfaces, each with its own unit
 * of time, are numbered within their section.
 * The trap: lengths that contradict each other leave nothing to go on by, so
 * reading stops there. What is only unknown is skipped, without buffering it.
 */
import { grouped } from '../grouped.ts';
import type { Nanos } from '../time.ts';
import { BACKWARDS_TOLERANCE, type Delivery } from './delivery.ts';
import { describeOffset, describeSize, type Format, MAX_PACKET_BYTES } from './format.ts';
import { type Block, readInterface, readNames, readSectionHeader, readStatistics } from './pcapng-blocks.ts';
import type { PcapngClock } from './pcapng-clock.ts';
import { OptionCursor, padded } from './pcapng-options.ts';
import type { CaptureInterface } from './record.ts';

export const BlockType = {
  SectionHeader: 0x0a0d0d0a,
  Interface: 1,
  /** Obsolete, but of the layout of an enhanced packet, its interface number cut to 16 bits. */
  Packet: 2,
  SimplePacket: 3,
  Names: 4,
  Statistics: 5,
  EnhancedPacket: 6,
  Journal: 9,
  Custom: 0x0bad,
  CustomNotToCopy: 0x4000_0bad,
} as const;

/** Blocks that are no packets of a network, but that Wireshark shows with a frame number: systemd journal, custom, sysdig events. */
const NUMBERED_BLOCKS: ReadonlySet<number> = new Set([
  BlockType.Journal,
  BlockType.Custom,
  BlockType.CustomNotToCopy,
  0x204,
  0x216,
  0x221,
]);

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Type, length, and the trailing length: what a block has at least. */
const MIN_BLOCK_BYTES = 12;
const MIN_BYTES: ReadonlyMap<number, number> = new Map([
  [BlockType.SectionHeader, 28],
  [BlockType.Interface, 20],
  [BlockType.Packet, 32],
  [BlockType.SimplePacket, 16],
  [BlockType.Names, 12],
  [BlockType.Statistics, 24],
  [BlockType.EnhancedPacket, 32],
]);
/** Headers, options and padding around the longest packet. */
const MAX_READ_BYTES = MAX_PACKET_BYTES + 65_536;
/** No block of any kind is longer; a length like this is damage, and skipping it would swallow the rest. */
const MAX_SKIPPED_BYTES = 2 ** 30;
/** Over all sections: files that were joined have one each. They cost about 1.5 KB. */
const MAX_INTERFACES = 65_536;
const MAX_PACKET_COMMENTS = 300;

const PacketOption = { Comment: 1, Dropped: 4 } as const;
/** The obsolete packet block's count of drops, where it is not known. */
const DROPS_UNKNOWN = 0xffff;

export const isPcapngMagic = (magic: number): boolean => magic === BlockType.SectionHeader;

/** An interface, and what only the reading of it needs. */
interface OpenInterface {
  readonly info: CaptureInterface;
  readonly index: number;
  readonly clock: PcapngClock;
  lastTime: Nanos;
  /** End of capture in ns since the epoch, kept until the origin is known. */
  endEpoch: bigint | null;
  startEpoch: bigint | null;
}

export class PcapngFormat implements Format {
  need = MIN_BLOCK_BYTES;
  skip = 0;
  stopped = false;
  readonly #delivery: Delivery;
  readonly #options = new OptionCursor();
  #littleEndian = false;
  #section = -1;
  /** Interfaces of the current section, by their number in it. */
  #open: OpenInterface[] = [];
  /** Interfaces whose end of capture came before any packet gave an origin. */
  #awaitingOrigin: OpenInterface[] = [];
  /** Length of the block whose trailing length comes next, while its body is skipped; else 0. */
  #skipping = 0;
  #lastTime: Nanos = 0;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    delivery.format = 'pcapng';
  }

  read(view: DataView, from: number, to: number, base: number): number {
    this.#delivery.record.view = view;
    let at = from;
    if (this.#skipping > 0) {
      if (!this.#checkTrailer(view, at, this.#skipping, base)) return at;
      at += 4;
      this.#skipping = 0;
    }
    this.need = MIN_BLOCK_BYTES;
    while (to - at >= MIN_BLOCK_BYTES) {
      const type = view.getUint32(at, this.#littleEndian);
      if (type === BlockType.SectionHeader && !this.#readByteOrder(view, at, base)) return at;
      const length = view.getUint32(at + 4, this.#littleEndian);
      if (!this.#checkLength(type, length, base + at)) return at;
      if (length > to - at) {
        if (isRead(type, length)) {
          this.need = length;
          return at;
        }
        return this.#startSkipping(type, length, at);
      }
      if (!this.#checkTrailer(view, at + length - 4, length, base)) return at;
      const isPacket = type === BlockType.EnhancedPacket || type === BlockType.Packet;
      const understood = isPacket
        ? this.#readPacket(view, at, length, type, base)
        : this.#readOther(view, at, length, type, base);
      if (!understood) return at;
      at += length;
    }
    return at;
  }

  end(view: DataView, length: number, position: number): void {
    const delivery = this.#delivery;
    const waiting = this.#awaitingOrigin[0];
    const onlyTime = waiting?.startEpoch ?? waiting?.endEpoch ?? null;
    if (onlyTime !== null) {
      delivery.firstTime(onlyTime);
      this.#originBecameKnown();
    }
    if (length === 0 && this.#skipping === 0) return;
    const type = length >= 4 ? view.getUint32(0, this.#littleEndian) : 0;
    const inPacket =
      type === BlockType.EnhancedPacket || type === BlockType.Packet || type === BlockType.SimplePacket;
    const frame = inPacket ? delivery.lastFrame + 1 : undefined;
    const claims = this.#skipping > 0 ? this.#skipping : this.need;
    const start = this.#skipping > 0 ? position - (this.#skipping - 4 - this.skip) : position;
    const known = this.#skipping > 0 || length >= 8;
    const what = `the block at ${describeOffset(start)}${known ? `, of ${describeSize(claims)}` : ''}`;
    delivery.reportCut(what, start, position + length - start, frame);
  }

  /** A section's byte order stands in its header, behind the length that is to be read with it. */
  #readByteOrder(view: DataView, at: number, base: number): boolean {
    if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false;
    else if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) this.#littleEndian = true;
    else {
      return this.#stop('block-malformed', base + at, 'is a section header without a byte-order magic');
    }
    return true;
  }

  #checkLength(type: number, length: number, offset: number): boolean {
    if ((length & 3) !== 0) {
      return this.#stop('block-malformed', offset, `claims ${length} bytes, which is no multiple of 4`);
    }
    if (length < (MIN_BYTES.get(type) ?? MIN_BLOCK_BYTES)) {
      return this.#stop('block-malformed', offset, `claims ${length} bytes, too few for its type ${type}`);
    }
    if (
      length > MAX_SKIPPED_BYTES ||
      (length > MAX_READ_BYTES && MIN_BYTES.has(type) && type !== BlockType.Names)
    ) {
      return this.#stop('block-too-long', offset, `claims ${describeSize(length)}`);
    }
    return true;
  }

  #checkTrailer(view: DataView, at: number, length: number, base: number): boolean {
    const trailer = view.getUint32(at, this.#littleEndian);
    if (trailer === length) return true;
    const what = `gives its length as ${length} in front and ${trailer} behind`;
    return this.#stop('block-malformed', base + at + 4 - length, what);
  }

  #startSkipping(type: number, length: number, at: number): number {
    if (NUMBERED_BLOCKS.has(type)) this.#delivery.lastFrame++;
    this.#skipping = length;
    this.skip = length - MIN_BLOCK_BYTES;
    this.need = 4;
    return at + 8;
  }

  /** Enhanced and obsolete packets: the path that nearly every block takes, which makes no objects. */
  #readPacket(view: DataView, at: number, length: number, type: number, base: number): boolean {
    const littleEndian = this.#littleEndian;
    const obsolete = type === BlockType.Packet;
    const id = obsolete ? view.getUint16(at + 8, littleEndian) : view.getUint32(at + 8, littleEndian);
    const open = this.#open[id];
    if (open === undefined) return this.#stopAtUnknownInterface(id, base + at);
    const captured = view.getUint32(at + 20, littleEndian);
    if (captured > length - 32) {
      const what = `holds a packet of ${describeSize(captured)}, more than its own ${describeSize(length)}`;
      return this.#stop('block-malformed', base + at, what);
    }
    const high = view.getUint32(at + 12, littleEndian);
    const low = view.getUint32(at + 16, littleEndian);
    const delivery = this.#delivery;
    if (!delivery.originKnown) {
      delivery.firstTime(open.clock.epoch(high, low));
      this.#originBecameKnown();
    }
    const time = open.clock.nanos(high, low, delivery.origin);
    const { record } = delivery;
    const frame = ++delivery.lastFrame;
    record.frame = frame;
    record.time = time;
    record.hasTime = true;
    record.interfaceIndex = open.index;
    record.linkType = open.info.linkType;
    record.offset = at + 28;
    record.capturedLength = captured;
    record.originalLength = view.getUint32(at + 24, littleEndian);
    if (captured > record.originalLength) delivery.reportLongerThanOriginal(frame);
    if (time < open.lastTime - BACKWARDS_TOLERANCE) delivery.reportBackwards(open.lastTime, time, frame);
    open.lastTime = time;
    this.#lastTime = time;
    if (obsolete) {
      const drops = view.getUint16(at + 10, littleEndian);
      if (drops !== DROPS_UNKNOWN) addDrops(open.info, drops);
    }
    const optionsFrom = at + 28 + padded(captured);
    if (at + length - 4 - optionsFrom >= 4) this.#readPacketOptions(view, optionsFrom, at + length - 4, open);
    delivery.frames++;
    delivery.sink.packet(record);
    return true;
  }

  #readPacketOptions(view: DataView, from: number, end: number, open: OpenInterface): void {
    const options = this.#options.start(view, this.#littleEndian, from, end);
    const { notes, lastFrame } = this.#delivery;
    while (options.next()) {
      if (options.code === PacketOption.Comment && notes.packetComments.length < MAX_PACKET_COMMENTS) {
        notes.packetComments.push({ frame: lastFrame, text: options.text() });
      } else if (options.code === PacketOption.Dropped) {
        const drops = options.count();
        if (drops !== null) addDrops(open.info, drops);
      }
    }
    this.#reportOptions();
  }

  /** Every block but the timed packets. False where reading has to stop. */
  #readOther(view: DataView, at: number, length: number, type: number, base: number): boolean {
    const block = {
      view,
      littleEndian: this.#littleEndian,
      from: at,
      end: at + length - 4,
      options: this.#options,
    };
    switch (type) {
      case BlockType.SimplePacket:
        return this.#readSimplePacket(view, at, length, base);
      case BlockType.SectionHeader:
        this.#readSectionHeader(block, base);
        break;
      case BlockType.Interface:
        return this.#readInterface(block, base);
      case BlockType.Statistics:
        this.#readStatistics(block, base);
        break;
      case BlockType.Names:
        if (!readNames(block, this.#delivery.notes.names)) this.#reportOptions(true);
        break;
      default:
        if (NUMBERED_BLOCKS.has(type)) this.#delivery.lastFrame++;
    }
    return true;
  }

  #readSectionHeader(block: Block, base: number): void {
    this.#section++;
    this.#open = [];
    const { major, minor } = readSectionHeader(block, this.#section, this.#delivery.notes);
    this.#reportOptions();
    // 1.2 differs from 1.0 in nothing that is read here.
    if (major === 1 && (minor === 0 || minor === 2)) return;
    const message = `The section at ${describeOffset(base + block.from)} says it is pcapng version ${major}.${minor}; it is read as 1.0.`;
    this.#delivery.problem('unsupported', 'version-unknown', message, { offset: base + block.from });
  }

  #readInterface(block: Block, base: number): boolean {
    const { interfaces, notes } = this.#delivery;
    if (interfaces.length >= MAX_INTERFACES) {
      return this.#stop(
        'too-many-interfaces',
        base + block.from,
        `describes one interface more than ${MAX_INTERFACES}`,
      );
    }
    const place = { section: this.#section, index: interfaces.length };
    const { info, clock } = readInterface(block, place, notes);
    this.#reportOptions();
    this.#open.push({
      info,
      clock,
      index: interfaces.length,
      lastTime: Number.NEGATIVE_INFINITY,
      endEpoch: null,
      startEpoch: null,
    });
    interfaces.push(info);
    return true;
  }

  #readStatistics(block: Block, base: number): void {
    const { view, littleEndian, from } = block;
    const id = view.getUint32(from + 8, littleEndian);
    const open = this.#open[id];
    if (open === undefined) {
      const message = `Statistics at ${describeOffset(base + from)} name interface ${id}, which is not described; they are not used.`;
      this.#delivery.problem('malformed', 'interface-unknown', message, { offset: base + from });
      return;
    }
    const { received, dropped, start, end } = readStatistics(
      block,
      { section: this.#section, interfaceIndex: open.index },
      this.#delivery.notes,
    );
    this.#reportOptions();
    if (received !== null) open.info.received = received;
    if (dropped !== null) open.info.dropped = dropped;
    if (end === null && start === null) return;
    if (!this.#delivery.originKnown && !this.#awaitingOrigin.includes(open)) this.#awaitingOrigin.push(open);
    if (start !== null) open.startEpoch ??= open.clock.epoch(start.high, start.low);
    if (end !== null) open.endEpoch = open.clock.epoch(end.high, end.low);
    if (this.#delivery.originKnown) this.#setTimes(open);
  }

  #originBecameKnown(): void {
    for (const open of this.#awaitingOrigin) this.#setTimes(open);
    this.#awaitingOrigin = [];
  }

  #setTimes({ info, startEpoch, endEpoch }: OpenInterface): void {
    const { origin } = this.#delivery;
    if (startEpoch !== null) info.startTime = Number(startEpoch - origin);
    if (endEpoch !== null) info.endTime = Number(endEpoch - origin);
  }

  /** Belongs to the section's first interface; as long as the snap length allows, which the block itself does not say. */
  #readSimplePacket(view: DataView, at: number, length: number, base: number): boolean {
    const open = this.#open[0];
    if (open === undefined) return this.#stopAtUnknownInterface(0, base + at);
    const delivery = this.#delivery;
    const { record } = delivery;
    const original = view.getUint32(at + 8, this.#littleEndian);
    const snaplen = open.info.snaplen === 0 ? original : open.info.snaplen;
    record.frame = ++delivery.lastFrame;
    record.time = this.#lastTime;
    record.hasTime = false;
    record.interfaceIndex = open.index;
    record.linkType = open.info.linkType;
    record.offset = at + 12;
    record.capturedLength = Math.min(original, snaplen, length - 16);
    record.originalLength = original;
    delivery.frames++;
    delivery.sink.packet(record);
    return true;
  }

  #reportOptions(malformed = this.#options.malformed): void {
    if (!malformed) return;
    const message = 'An option or name record claims more bytes than its block holds; it is not used.';
    this.#delivery.problem('malformed', 'option-malformed', message);
  }

  #stopAtUnknownInterface(id: number, offset: number): false {
    return this.#stop(
      'interface-unknown',
      offset,
      `holds a packet of interface ${id}, which is not described`,
    );
  }

  #stop(code: string, offset: number, what: string): false {
    this.stopped = true;
    const frames = grouped(this.#delivery.frames);
    const message = `The block at ${describeOffset(offset)} ${what}: reading stops there. Frames read before it: ${frames}.`;
    this.#delivery.problem('malformed', code, message, { offset });
    return false;
  }
}

function addDrops(info: CaptureInterface, drops: number): void {
  info.dropped = (info.dropped ?? 0) + drops;
}

/** Blocks that are looked at have to be whole in one window; the others are skipped as they come. */
function isRead(type: number, length: number): boolean {
  return MIN_BYTES.has(type) && length <= MAX_READ_BYTES;
}
