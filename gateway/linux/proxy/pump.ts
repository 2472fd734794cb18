/**
 * One direction of a relayed connection: bytes, then the end. What is not taken by the kernel at once is waited for, so that
 * of each direction no more than about one read (64 KiB) is held here, however slow the reader.
 * The trap: `write` says false for every large chunk, also for one that is gone already; only what is left counts.
 */
import type { Duplex } from 'node:stream';

/** @param count is told of the bytes as they come */
export function pump(from: Duplex, to: Duplex, count: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    count(chunk.length);
    if (to.destroyed) return;
    if (!to.write(chunk) && to.writableLength > 0) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
}
