/**
 * The files that are kept until room is wanted: of all vantages together, within one limit, and the oldest go.
 * The trap: a file that is pinned has another name elsewhere. Forgetting it here keeps the limit, but makes no room.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { OnEvent } from '../words.ts';
import type { RingFile } from './recording.ts';
import { parseFileName, UNFINISHED } from './ring-file.ts';

/** What the smallest file takes of a disk. */
const DISK_BLOCK = 4096;
/** A week of one vantage in which nothing happens but a file a minute. */
const MOST_FILES = 10_000;

export interface RingPlan {
  readonly folder: string;
  /** Bytes of all files, with those that are being written. */
  readonly keep: number;
  readonly onEvent: OnEvent;
}

export class Ring {
  readonly folder: string;
  readonly #plan: RingPlan;
  /** Closed, the oldest first. */
  readonly #files: RingFile[] = [];
  #bytes = 0;

  /** Takes in what is there. @throws what the system says, where the folder cannot be read */
  constructor(plan: RingPlan) {
    this.#plan = plan;
    this.folder = plan.folder;
    for (const name of fs.readdirSync(plan.folder)) {
      const parsed = name.endsWith(UNFINISHED) ? null : parseFileName(name);
      if (parsed === null) continue;
      const file = path.join(plan.folder, name);
      const { size, mtimeNs } = fs.statSync(file, { bigint: true });
      this.add({ path: file, ...parsed, to: mtimeNs, bytes: Number(size) });
    }
  }

  get files(): readonly RingFile[] {
    return this.#files;
  }

  /** Of the closed ones, on the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Paths of what a process that was killed was writing, without the mark. */
  unfinished(): string[] {
    const names = fs.readdirSync(this.folder).filter((name) => name.endsWith(UNFINISHED));
    return names
      .filter((name) => parseFileName(name) !== null)
      .map((name) => path.join(this.folder, name.slice(0, -UNFINISHED.length)));
  }

  /** Once it is closed. */
  add(file: RingFile): void {
    let at = this.#files.length;
    while (at > 0 && isOlder(file, this.#files[at - 1]!)) at--;
    this.#files.splice(at, 0, file);
    this.#bytes += onDisk(file);
  }

  /** `open`: bytes of the files that are being written. */
  trim(open: number): void {
    while (
      this.#files.length > 0 &&
      (this.#bytes + open > this.#plan.keep || this.#files.length > MOST_FILES)
    )
      this.#forget(0);
  }

  /** The oldest files whose end makes room go, so many as make that many bytes; none, and false, where all are too few. */
  makeRoom(bytes: number): boolean {
    const gone: RingFile[] = [];
    let made = 0;
    for (const file of this.#files) {
      if (made >= bytes) break;
      if (linksOf(file.path) !== 1) continue;
      gone.push(file);
      made += onDisk(file);
    }
    if (made < bytes) return false;
    for (const file of gone) this.#forget(this.#files.indexOf(file));
    return true;
  }

  #forget(index: number): void {
    const [file] = this.#files.splice(index, 1);
    if (file === undefined) return;
    this.#bytes -= onDisk(file);
    try {
      fs.rmSync(file.path, { force: true });
      this.#plan.onEvent({ event: 'forgotten', file: file.path, bytes: file.bytes });
    } catch (error) {
      const what = `an old file cannot be removed: ${(error as Error).message}`;
      this.#plan.onEvent({
        event: 'trouble',
        what,
        hint: 'the limit of the ring does not hold until it can',
      });
    }
  }
}

/** Of one vantage the number decides, as a clock may be set back. */
function isOlder(a: RingFile, b: RingFile): boolean {
  return a.vantage === b.vantage ? a.number < b.number : a.from < b.from;
}

const onDisk = ({ bytes }: RingFile): number => Math.ceil(bytes / DISK_BLOCK) * DISK_BLOCK;

function linksOf(file: string): number {
  try {
    return fs.statSync(file).nlink;
  } catch {
    return 0;
  }
}
