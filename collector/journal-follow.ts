/**
 * Follows journals of gateway nodes (JSON lines, `gateway/linux/journal-writer.ts`) for the line with which a takeover
 * begins. A journal may not be there yet, be cut to nothing, or be moved away and made anew.
 * The traps: a line arrives in pieces; an old takeover that is in the file when the collector starts is none of now; and a
 * name may be that of a pipe, whose opening would wait for ever.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type JournalLines, readLines } from './journal-lines.ts';

export interface Takeover {
  readonly node: string;
  /** ns since the epoch, as the node wrote it; null where it did not. */
  readonly at: bigint | null;
  readonly why: string;
}

export interface JournalFollower {
  /** Reads what is new. Called by itself as time goes by. */
  look(): void;
  close(): void;
}

const EVERY_MS = 250;
const CHUNK = 65_536;

/** Never throws: what cannot be read is looked at again. `onLongLine`: one was passed over, which no node wrote. */
export function followJournal(
  journal: { readonly node: string; readonly file: string },
  onTakeover: (takeover: Takeover) => void,
  onLongLine: () => void,
): JournalFollower {
  const onLine = (line: string): void => {
    const takeover = parseTakeover(line, journal.node);
    if (takeover !== null) onTakeover(takeover);
  };
  const tail = new Tail(journal.file, () => readLines(onLine, onLongLine));
  tail.skip();
  const timer = setInterval(() => tail.read(), EVERY_MS);
  return {
    look: () => tail.read(),
    close: () => {
      clearInterval(timer);
      tail.close();
    },
  };
}

/** A file that grows, line by line. */
class Tail {
  private file: number | null = null;
  private offset = 0;
  private lines: JournalLines;
  private readonly chunk = Buffer.alloc(CHUNK);
  private readonly path: string;
  private readonly newLines: () => JournalLines;

  constructor(path: string, newLines: () => JournalLines) {
    this.path = path;
    this.newLines = newLines;
    this.lines = newLines();
  }

  /** What is in it now is of the past. */
  skip(): void {
    this.file = openRegular(this.path);
    if (this.file !== null) this.offset = fstatSync(this.file).size;
  }

  read(): void {
    try {
      this.file ??= openRegular(this.path);
      if (this.file === null) return;
      if (fstatSync(this.file).size < this.offset) this.begin();
      this.drain(this.file);
      // Only now: one that was moved away may have had a last line.
      if (this.isReplaced(this.file)) this.close();
    } catch {
      this.close();
    }
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
    this.begin();
  }

  private begin(): void {
    this.offset = 0;
    this.lines = this.newLines();
  }

  private drain(file: number): void {
    for (;;) {
      const bytes = readSync(file, this.chunk, 0, CHUNK, this.offset);
      if (bytes === 0) return;
      this.offset += bytes;
      this.lines.take(this.chunk.subarray(0, bytes));
    }
  }

  private isReplaced(file: number): boolean {
    const mine = fstatSync(file);
    const named = statSync(this.path, { throwIfNoEntry: false });
    return named === undefined || named.ino !== mine.ino || named.dev !== mine.dev;
  }
}

function openRegular(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return null;
}

/** Null for any other line: a takeover begins where a node takes the role, or gives up that it had. */
export function parseTakeover(line: string, journalNode: string): Takeover | null {
  if (!line.includes('"role"')) return null;
  const fields = parseObject(line);
  if (fields?.event !== 'role') return null;
  const node = typeof fields.node === 'string' && fields.node !== '' ? fields.node : journalNode;
  const at = typeof fields.time === 'string' && /^\d{1,20}$/.test(fields.time) ? BigInt(fields.time) : null;
  if (fields.to === 'taking-over') return { node, at, why: `${node} takes over` };
  if (fields.from === 'active' && fields.to !== 'active')
    return { node, at, why: `${node} gives the role up` };
  return null;
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
