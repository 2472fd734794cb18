/**
 * How long the header of each record is, in a file with Kuznetzov's magic number (0xa1b2cd34): two of his patches to libpcap
 * wrote it, with 8 and with 12 more bytes a record (Wireshark's wiretap names them ss991029 and ss990915), and nothing but
 * the records tells which. So their first headers are tried, as Wireshark does, by what no header can say.
 * The trap: a wrong length is right about the first record, whose fields are in the same place. It shows with the second.
 */
import { USUAL_MAX_BYTES } from './format.ts';

/** His two, and the plain one, which nothing is known to write under this number: a changed byte may have made it. */
export type RecordHeaderBytes = 24 | 28 | 16;
const HEADERS: readonly RecordHeaderBytes[] = [24, 28, 16];

const RECORDS_TRIED = 3;
const UNITS_PER_SECOND = 1_000_000;
/** More than any link carries: what Wireshark takes for damage. */
const MOST_ON_WIRE = 128 * 1024 * 1024;

/** What is known of the file by its own header. */
export interface PcapHeader {
  readonly littleEndian: boolean;
  readonly snaplen: number;
  /** Where in a record's header the captured length is. */
  readonly capturedAt: 8 | 12;
}

/** `faults`: of the first header that has any; `need`: bytes without which nothing more is known, 0 where all is. */
interface Trial {
  readonly faults: number;
  readonly need: number;
}

/**
 * The header whose records are in order; where none's are, his with the fewest faults. Looks at bytes `from` to `to`, the
 * first records of the file. @returns null, and how many bytes are needed, where those do not tell yet
 */
export function detectRecordHeader(
  view: DataView,
  from: number,
  to: number,
  isWhole: boolean,
  header: PcapHeader,
): { bytes: RecordHeaderBytes; need: 0 } | { bytes: null; need: number } {
  let best: RecordHeaderBytes = 24;
  let fewest = Number.POSITIVE_INFINITY;
  for (const bytes of HEADERS) {
    const { faults, need } = tryHeader(view, from, to, isWhole, bytes, header);
    if (need > 0) return { bytes: null, need };
    if (faults === 0) return { bytes, need: 0 };
    if (faults < fewest && bytes !== 16) [best, fewest] = [bytes, faults];
  }
  return { bytes: best, need: 0 };
}

function tryHeader(
  view: DataView,
  from: number,
  to: number,
  isWhole: boolean,
  headerBytes: number,
  header: PcapHeader,
): Trial {
  let at = from;
  for (let i = 0; i < RECORDS_TRIED; i++) {
    if (isWhole && at === to) break;
    if (to - at < headerBytes) return short(at + headerBytes - from, isWhole);
    const faults = faultsOf(view, at, header);
    if (faults > 0) return { faults, need: 0 };
    at += headerBytes + view.getUint32(at + header.capturedAt, header.littleEndian);
    if (at > to) return short(at - from, isWhole);
  }
  return { faults: 0, need: 0 };
}

/** The file ends in the middle of it, or it goes on. */
const short = (need: number, isWhole: boolean): Trial => ({
  faults: isWhole ? 1 : 0,
  need: isWhole ? 0 : need,
});

function faultsOf(view: DataView, at: number, { littleEndian, snaplen, capturedAt }: PcapHeader): number {
  const captured = view.getUint32(at + capturedAt, littleEndian);
  const original = view.getUint32(at + 20 - capturedAt, littleEndian);
  const faults = [
    view.getUint32(at + 4, littleEndian) >= UNITS_PER_SECOND,
    captured > USUAL_MAX_BYTES,
    original > MOST_ON_WIRE,
    snaplen > 0 && captured > snaplen,
    captured > original,
  ];
  return faults.filter(Boolean).length;
}
