/**
 * The times in which a vantage's capture was not running, or lost packets: what its collector noted, and files that are
 * missing from the middle of a row.
 * The trap: what is not seen in such a time may have been there. A gap takes away absences, never what was seen.
 */
import { type CollectorNote, fileNoteOf, type GapNote } from '../../packet/file/collector-note.ts';
import type { CaptureReader } from '../../packet/file/record.ts';
import type { Nanos } from '../../packet/time.ts';

export interface CaptureGap {
  /** Null where it is of the whole vantage. */
  readonly interface: string | null;
  readonly from: Nanos;
  /** Infinite where it goes on to the end of all files. */
  readonly to: Nanos;
  /** What a person reads. */
  readonly why: string;
  /** So many packets were lost; null where nothing was captured at all. */
  readonly packets: number | null;
  /** The interface was gone at its end: what it hides are the last packets there. */
  readonly atEnd: boolean;
  /** Capture index of the file that tells of it. */
  readonly file: number;
}

/** One file of the vantage, in the order of time. */
export interface GapSource {
  readonly index: number;
  readonly reader: Pick<CaptureReader, 'notes' | 'interfaces'>;
  readonly first: Nanos | null;
  /** To when it demonstrably ran. */
  readonly covered: Nanos | null;
  /** Times so long without any frame that it may not have run. */
  readonly pauses: readonly { readonly from: Nanos; readonly to: Nanos }[];
}

/** ns: from the end of a gap to when the interface was known to be gone. */
const SOON: Nanos = 1_000_000_000;

/** All notes of one kind in a file. */
export function notesOf<K extends CollectorNote['note']>(
  { notes }: Pick<CaptureReader, 'notes'>,
  kind: K,
): { note: Extract<CollectorNote, { note: K }>; interfaceIndex: number | null }[] {
  return notes.collector.flatMap(({ note, interfaceIndex }) =>
    note.note === kind ? [{ note: note as Extract<CollectorNote, { note: K }>, interfaceIndex }] : [],
  );
}

/** Oldest first. `origin`: ns since the epoch that times count from. */
export function gapsOf(files: readonly GapSource[], origin: bigint): CaptureGap[] {
  const found = files.flatMap((file, i) => [
    ...notedIn(file, files[i + 1] ?? null, origin),
    ...missingAfter(file, files[i + 1] ?? null),
    ...file.pauses.map((pause) => pausedIn(pause, file)),
  ]);
  return found.filter((g) => g.to > g.from).sort((a, b) => a.from - b.from);
}

function notedIn(file: GapSource, next: GapSource | null, origin: bigint): CaptureGap[] {
  const said = notesOf(file.reader, 'gap');
  // Without any time of its own nobody knows how its clock stands to others.
  const at = (t: string): Nanos => (origin === 0n ? Number.NEGATIVE_INFINITY : Number(BigInt(t) - origin));
  // While it goes on it is noted again and again; the last word holds.
  const last = new Map<string, { note: GapNote; interfaceIndex: number | null }>();
  const goneSince = said.flatMap(({ note: { link, from } }) =>
    link === undefined ? [] : [Number(BigInt(from) - origin)],
  );
  // An interface that was not there took nothing in: of that time the capture tells that nothing came by.
  for (const one of said.filter(({ note: { link } }) => link === undefined))
    last.set(`${one.interfaceIndex} ${one.note.from} ${one.note.packets ?? ''}`, one);
  return [...last.values()].map(({ note, interfaceIndex: index }) => ({
    interface: index === null ? null : (file.reader.interfaces[index]?.name ?? null),
    from: at(note.from),
    to: note.to === null || origin === 0n ? (beginOf(next) ?? Number.POSITIVE_INFINITY) : at(note.to),
    why: note.why,
    packets: note.packets ?? null,
    atEnd:
      note.to !== null &&
      goneSince.some((gone) => gone >= at(note.to as string) && gone - at(note.to as string) < SOON),
    file: file.index,
  }));
}

const pausedIn = ({ from, to }: { from: Nanos; to: Nanos }, { index }: GapSource): CaptureGap => ({
  interface: null,
  from,
  to,
  why: `no frame of anybody for ${Math.floor((to - from) / DAY)} d: it was stopped, or captures of two times are in one file`,
  packets: null,
  atEnd: false,
  file: index,
});

const DAY: Nanos = 86_400_000_000_000;

/** When a file's capture began; of one without a packet its statistics tell. */
function beginOf(file: GapSource | null): Nanos | null {
  if (file === null || file.first !== null) return file?.first ?? null;
  const starts = file.reader.interfaces.flatMap(({ startTime }) => startTime ?? []);
  return starts.length === 0 ? null : Math.max(...starts); // one that captures nothing says an earlier time
}

/** Files of a collector are numbered in a row: one that is not here was captured, and is not known. */
function missingAfter(file: GapSource, next: GapSource | null): CaptureGap[] {
  const [own, other] = [file, next].map((f) => (f === null ? null : fileNoteOf(f.reader.notes.collector)));
  if (own == null || other == null || next === null || own.collector !== other.collector) return [];
  const missing = other.number - own.number - 1;
  const begin = beginOf(next);
  if (missing <= 0 || file.covered === null || begin === null) return [];
  const which =
    missing === 1 ? `number ${own.number + 1}` : `numbers ${own.number + 1} to ${other.number - 1}`;
  return [
    {
      interface: null,
      from: file.covered,
      to: begin,
      why: `of this collector's files ${which} ${missing === 1 ? 'is' : 'are'} not given`,
      packets: null,
      atEnd: false,
      file: next.index,
    },
  ];
}

/** The gaps that have a moment in common with a time. */
export const gapsIn = (gaps: readonly CaptureGap[], from: Nanos, to: Nanos): CaptureGap[] =>
  gaps.filter((g) => g.from < to && g.to > from);
