/**
 * One file while it is written: under a name that says so, and on the disk before it gets its own.
 * Writing is synchronous. A disk that is slow then holds up the reading of the engine, whose kernel buffer is made for that,
 * instead of filling this process's memory; forcing a file to the disk, which takes long, is not.
 * The trap: a full disk takes a part of what it is given before it refuses.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { UNFINISHED } from './ring-file.ts';

const sync = promisify(fs.fdatasync);

export class CaptureFile {
  /** Without the mark of an unfinished one. */
  readonly path: string;
  /** Bytes that are in it. */
  length = 0;
  readonly #fd: number;

  /** @throws what the system says, where it cannot be made */
  constructor(file: string) {
    this.path = file;
    this.#fd = fs.openSync(file + UNFINISHED, 'wx', 0o600);
  }

  /** Returns how many bytes of it are in the file, and why not all. */
  write(bytes: Uint8Array): { readonly written: number; readonly error: NodeJS.ErrnoException | null } {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += fs.writeSync(this.#fd, bytes, written, bytes.length - written, this.length + written);
      }
      this.length += written;
      return { written, error: null };
    } catch (error) {
      this.length += written;
      return { written, error: error as NodeJS.ErrnoException };
    }
  }

  /** Nothing of it is behind this. Never throws: what stays is cut by whoever finds the file. */
  cut(length: number): void {
    this.length = length;
    try {
      fs.ftruncateSync(this.#fd, length);
    } catch {
      // The next start cuts it.
    }
  }

  /** Forces it to the disk, closes it and gives it its name. @throws what the system says; it is closed all the same */
  async close(): Promise<void> {
    try {
      await sync(this.#fd);
    } finally {
      fs.closeSync(this.#fd);
      await finishFile(this.path);
    }
  }

  /** Nothing in it is worth a file. Never throws. */
  discard(): void {
    try {
      fs.closeSync(this.#fd);
      fs.rmSync(this.path + UNFINISHED, { force: true });
    } catch {
      // The next start removes it.
    }
  }
}

/** Gives an unfinished file its name, also after a loss of power. */
export async function finishFile(file: string): Promise<void> {
  await fs.promises.rename(file + UNFINISHED, file);
  const folder = await fs.promises.open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
