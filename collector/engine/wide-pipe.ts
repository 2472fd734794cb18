/**
 * A pipe from a child to this process with room for 1 MiB (pipe(7), fcntl(2) F_SETPIPE_SZ).
 * The trap: what Node gives a child is a socket, and one with small messages is full after 280 packets: on a busy machine the two
 * processes then wait for each other's turn more than they work, and the kernel's buffer overflows beside an idle core.
 */
import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface WidePipe {
  readonly stream: Readable;
  /** For the child; to be closed here once that is started. */
  readonly write: number;
}

const ROOM = 1 << 20;
const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;

type Call = (...args: unknown[]) => number;

/** Null where it cannot be had: without koffi, or where the kernel refuses, as it does beyond its limit for one user. */
export function openWidePipe(): WidePipe | null {
  try {
    const { load } = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    // Of the C library that Node itself uses.
    const libc = load(null);
    const ends = new Int32Array(2);
    if ((libc.func('int pipe2(int *, int)') as Call)(ends, O_CLOEXEC) !== 0) return null;
    const [read, write] = [ends[0]!, ends[1]!];
    if ((libc.func('int fcntl(int, int, ...)') as Call)(write, F_SETPIPE_SZ, 'int', ROOM) < ROOM) {
      closeSync(read);
      closeSync(write);
      return null;
    }
    return { stream: new Socket({ fd: read, readable: true, writable: false }), write };
  } catch {
    return null;
  }
}
