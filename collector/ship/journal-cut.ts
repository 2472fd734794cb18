/**
 * What a gateway node's journal says of a window of time, as a file that never changes: the journal goes on, and what is
 * shipped must have the same hash after a restart.
 * The trap: other programs' logs have no time that is read here; of those the end is taken.
 */
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { readLines } from '../journal-lines.ts';

/** ns since the epoch. */
export interface TimeWindow {
  readonly from: bigint;
  readonly to: bigint;
}

/** No window of a journal is larger, and it is held in memory. Characters. */
const MOST = 32 * 1024 ** 2;
/** Of a log without such times. Characters. */
const TAIL = 1024 ** 2;

export interface JournalCut {
  /** False: there were no lines to write. */
  readonly isThere: boolean;
  /** Lines that were passed over, because no node writes such long ones. */
  readonly longLines: number;
}

/**
 * Writes the lines of `journal` within the window to `to`, whole or not at all.
 * @throws the system's error where one of them cannot be opened
 */
export async function cutJournal(journal: string, window: TimeWindow, to: string): Promise<JournalCut> {
  const { lines, longLines } = await linesWithin(journal, window);
  if (lines.length === 0) return { isThere: false, longLines };
  const part = `${to}.part`;
  try {
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(`${lines.join('\n')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, to);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return { isThere: true, longLines };
}

async function linesWithin(
  journal: string,
  { from, to }: TimeWindow,
): Promise<{ lines: readonly string[]; longLines: number }> {
  const within = new LastLines(MOST);
  const tail = new LastLines(TAIL);
  let hasTimes = false;
  let longLines = 0;
  const add = (line: string): void => {
    const time = timeOf(line);
    if (time === null) tail.add(line);
    else {
      hasTimes = true;
      if (time >= from && time <= to) within.add(line);
    }
  };
  const reading = readLines(
    (line) => add(line.endsWith('\r') ? line.slice(0, -1) : line),
    () => {
      longLines += 1;
    },
  );
  for await (const chunk of createReadStream(journal)) reading.take(chunk as Uint8Array);
  reading.end();
  return { lines: hasTimes ? within.lines : tail.lines, longLines };
}

/** `{"time":"1795665131578000531",…}`, as `gateway/` writes it. */
function timeOf(line: string): bigint | null {
  const time = /^\{"time":"(\d{1,20})"/.exec(line)?.[1];
  return time === undefined ? null : BigInt(time);
}

/** The latest of them, up to so many characters. */
class LastLines {
  private all: string[] = [];
  private readonly most: number;
  /** Of `all`, and of those that are too many. */
  private size = 0;
  private first = 0;

  constructor(most: number) {
    this.most = most;
  }

  get lines(): readonly string[] {
    return this.all.slice(this.first);
  }

  add(line: string): void {
    if (line === '' || line.length >= this.most) return;
    this.all.push(line);
    this.size += line.length + 1;
    while (this.size > this.most) {
      this.size -= (this.all[this.first] ?? '').length + 1;
      this.first += 1;
    }
    // Now and then: to take one away from the front moves all others.
    if (this.first <= this.all.length / 2) return;
    this.all = this.all.slice(this.first);
    this.first = 0;
  }
}
