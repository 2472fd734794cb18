/**
 * Text to a stream that may stall: a terminal that was stopped by Ctrl-S, a pipe that nobody reads. Node writes to both while
 * everything else waits, and a collector that waits loses packets. So the system's threads write here, one piece at a time.
 */
import { write } from 'node:fs';

export interface SteadyWriter {
  /** What finds no room, since nobody reads, is not written. */
  write(text: string): void;
  /** Resolves when all is written, or does not get away within `limit` ms. */
  flush(limit: number): Promise<void>;
}

/** Pieces that wait; a reader that is so far behind has given up. */
const MOST_WAITING = 1000;
const AGAIN_MS = 50;

export function steadyWriter(descriptor: number): SteadyWriter {
  const waiting: Buffer[] = [];
  let isBusy = false;
  let isGone = false;
  let onEmpty: (() => void) | null = null;
  const next = (): void => {
    const piece = waiting[0];
    isBusy = piece !== undefined && !isGone;
    if (piece === undefined || isGone) onEmpty?.();
    else write(descriptor, piece, (error, written) => took(piece, error, written));
  };
  const took = (piece: Buffer, error: NodeJS.ErrnoException | null, written: number): void => {
    if (error?.code === 'EAGAIN') {
      setTimeout(next, AGAIN_MS);
      return;
    }
    // A reader that closed its end is no reason to end.
    isGone = error !== null;
    if (written < piece.length) waiting[0] = piece.subarray(written);
    else waiting.shift();
    next();
  };
  return {
    write: (text) => {
      if (isGone || waiting.length >= MOST_WAITING) return;
      waiting.push(Buffer.from(text));
      if (!isBusy) next();
    },
    flush: (limit) =>
      new Promise((resolve) => {
        if (!isBusy) return resolve();
        const timer = setTimeout(resolve, limit);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
