/**
 * What pcapng blocks that are no packets say: section header, interface
 * description, interface statistics, name resolution
 * (draft-ietf-opsawg-pcapng, section "Block Definitions"). Each function gets a
 * whole block, header and trailer included, whose length was checked.
 */
import { formatAddress } from '../address.ts';
import { readNote } from './collector-note.ts';
import type { MutableNotes } from './delivery.ts';
import { PcapngClock } from './pcapng-clock.ts';
import { type OptionCursor, padded, readText } from './pcapng-options.ts';
import type { CaptureInterface } from './record.ts';

/** A whole block in a view. */
export interface Block {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly from: number;
  /** Where its trailing length begins. */
  readonly end: number;
  readonly options: OptionCursor;
}

/** Files about files are bounded too: what is beyond these is not kept. */
const MAX_COMMENTS = 200;
/** A day of a collector that notes its clock every 10 s. */
const MAX_COLLECTOR_NOTES = 10_000;
const MAX_NAMED_ADDRESSES = 10_000;
const MAX_NAMES_PER_ADDRESS = 16;

const COMMENT = 1;

const SectionOption = { Hardware: 2, Os: 3, Application: 4 } as const;

/** What a comment belongs to. */
interface Place {
  readonly section: number;
  readonly interfaceIndex: number | null;
}

/** Fills the notes from a section header; the first section that names something wins. Returns its version. */
export function readSectionHeader(
  block: Block,
  section: number,
  notes: MutableNotes,
): { major: number; minor: number } {
  const { view, littleEndian, from, end, options } = block;
  options.start(view, littleEndian, from + 24, end);
  while (options.next()) {
    if (options.code === COMMENT) keepComment(notes, options.text(), { section, interfaceIndex: null });
    else if (options.code === SectionOption.Hardware) notes.hardware ??= options.text();
    else if (options.code === SectionOption.Os) notes.os ??= options.text();
    else if (options.code === SectionOption.Application) notes.application ??= options.text();
  }
  return {
    major: view.getUint16(from + 12, littleEndian),
    minor: view.getUint16(from + 14, littleEndian),
  };
}

const InterfaceOption = {
  Name: 2,
  Description: 3,
  Resolution: 9,
  Filter: 11,
  Os: 12,
  TimeOffset: 14,
  Hardware: 15,
} as const;

/** Microseconds, where if_tsresol does not say. */
const DEFAULT_RESOLUTION = 6;

/** `index`: that it will have among all interfaces. */
export function readInterface(
  block: Block,
  { section, index }: { readonly section: number; readonly index: number },
  notes: MutableNotes,
): { info: CaptureInterface; clock: PcapngClock } {
  const { view, littleEndian, from, end, options } = block;
  const info: { -readonly [K in keyof CaptureInterface]: CaptureInterface[K] } = {
    section,
    linkType: view.getUint16(from + 8, littleEndian),
    snaplen: view.getUint32(from + 12, littleEndian),
    dropped: null,
    received: null,
    startTime: null,
    endTime: null,
  };
  let resolution = DEFAULT_RESOLUTION;
  let offsetSeconds = 0n;
  options.start(view, littleEndian, from + 16, end);
  while (options.next()) {
    const { code, offset, length } = options;
    if (code === COMMENT) keepComment(notes, options.text(), { section, interfaceIndex: index });
    else if (code === InterfaceOption.Name) info.name = options.text();
    else if (code === InterfaceOption.Description) info.description = options.text();
    else if (code === InterfaceOption.Os) info.os = options.text();
    else if (code === InterfaceOption.Hardware) info.hardware = options.text();
    else if (code === InterfaceOption.Resolution && length >= 1) resolution = view.getUint8(offset);
    else if (code === InterfaceOption.TimeOffset && length === 8) {
      offsetSeconds = view.getBigInt64(offset, littleEndian);
    } else if (code === InterfaceOption.Filter && length > 1 && view.getUint8(offset) === 0) {
      // The first byte says what follows: 0 is the text of a libpcap filter, 1 its program.
      info.filter = readText(view, offset + 1, length - 1);
    }
  }
  return { info, clock: new PcapngClock(resolution, offsetSeconds) };
}

const StatisticsOption = {
  StartTime: 2,
  EndTime: 3,
  Received: 4,
  InterfaceDropped: 5,
  OsDropped: 7,
} as const;

export interface Statistics {
  readonly received: number | null;
  readonly dropped: number | null;
  /** High and low word of the capture's start and end, in the interface's unit. */
  readonly start: Words | null;
  readonly end: Words | null;
}

interface Words {
  readonly high: number;
  readonly low: number;
}

/**
 * Drops are the sum of isb_ifdrop and isb_osdrop: the specification counts with the first what the interface
 * lost and with the second what the operating system lost behind it, so no packet is in both. dumpcap writes
 * the kernel's drops into the first and leaves the second out, which the sum gets right too.
 */
export function readStatistics(block: Block, place: Place, notes: MutableNotes): Statistics {
  const { view, littleEndian, from, end, options } = block;
  let received: number | null = null;
  let dropped: number | null = null;
  let start: Words | null = null;
  let endTime: Words | null = null;
  options.start(view, littleEndian, from + 20, end);
  while (options.next()) {
    const { code, offset, length } = options;
    if (code === COMMENT) {
      keepComment(notes, options.text(), place);
    } else if (code === StatisticsOption.Received) {
      received = options.count() ?? received;
    } else if (code === StatisticsOption.InterfaceDropped || code === StatisticsOption.OsDropped) {
      const lost = options.count();
      if (lost !== null) dropped = (dropped ?? 0) + lost;
    } else if ((code === StatisticsOption.StartTime || code === StatisticsOption.EndTime) && length === 8) {
      const words = {
        high: view.getUint32(offset, littleEndian),
        low: view.getUint32(offset + 4, littleEndian),
      };
      if (code === StatisticsOption.StartTime) start = words;
      else endTime = words;
    }
  }
  return { received, dropped, start, end: endTime };
}

const NameRecord = { End: 0, Ipv4: 1, Ipv6: 2 } as const;

/** Returns false where a record claims more than the block holds. */
export function readNames(block: Block, names: Map<string, string[]>): boolean {
  const { view, littleEndian, end } = block;
  let at = block.from + 8;
  while (end - at >= 4) {
    const type = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (type === NameRecord.End) return true;
    if (value + length > end) return false;
    if (type === NameRecord.Ipv4 && length > 4) {
      keepNames(names, readAddress(view, value, 4), view, value + 4, length - 4);
    } else if (type === NameRecord.Ipv6 && length > 16) {
      keepNames(names, readAddress(view, value, 6), view, value + 16, length - 16);
    }
    at = value + padded(length);
  }
  return true;
}

/** Names follow each other, each ended by a NUL. */
function keepNames(
  names: Map<string, string[]>,
  address: string,
  view: DataView,
  from: number,
  length: number,
): void {
  if (names.size >= MAX_NAMED_ADDRESSES && !names.has(address)) return;
  const kept = names.get(address) ?? [];
  const end = from + length;
  let at = from;
  while (at < end && kept.length < MAX_NAMES_PER_ADDRESS) {
    let stop = at;
    while (stop < end && view.getUint8(stop) !== 0) stop++;
    const name = readText(view, at, stop - at);
    if (name !== '' && !kept.includes(name)) kept.push(name);
    at = stop + 1;
  }
  if (kept.length > 0) names.set(address, kept);
}

function keepComment(notes: MutableNotes, text: string, place: Place): void {
  const note = readNote(text);
  if (note !== null) {
    if (notes.collector.length < MAX_COLLECTOR_NOTES) notes.collector.push({ note, ...place });
  } else if (notes.comments.length < MAX_COMMENTS) notes.comments.push(text);
}

function readAddress(view: DataView, at: number, version: 4 | 6): string {
  const words = new Uint32Array(4);
  const count = version === 4 ? 1 : 4;
  for (let i = 0; i < count; i++) words[i] = view.getUint32(at + 4 * i, false);
  return formatAddress(words, 0, version);
}
