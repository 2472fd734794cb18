/**
 * A node's journal: what it did, a JSON object a line, in the order in which it happened, times in
 * ns since the epoch. The trap: a line must be on its way to the disk before the next step is
 * taken, because a node that dies in a takeover is exactly the one whose journal is wanted.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

export type JournalLine =
  | { readonly event: 'role'; readonly from: string | null; readonly to: string }
  | { readonly event: 'adapter-detached' | 'adapter-attached'; readonly adapter: string }
  | { readonly event: 'address-up' | 'address-announced'; readonly address: string }
  | { readonly event: 'state-received'; readonly entries: number }
  | {
      readonly event: 'state-committed';
      readonly entries: number;
      readonly failed: number;
      readonly took: number;
    }
  | { readonly event: 'forwarding-on' | 'forwarding-off' }
  | { readonly event: 'connection-open' | 'connection-close'; readonly tuple: string; readonly text?: string }
  | { readonly event: 'reset-sent'; readonly tuple: string; readonly toward: 'client' | 'server' }
  | { readonly event: 'counter'; readonly name: string; readonly value: number }
  | { readonly event: 'note'; readonly text: string };

export interface Journal {
  write(line: JournalLine): void;
  close(): void;
}

/**
 * Appends to the file. A disk that is full ends no node: `onTrouble` is told once, and the journal says how many lines it
 * lacks as soon as it takes any again. @throws the system's error where it cannot be opened
 */
export function openJournal(
  file: string,
  node: string,
  onTrouble: (what: string) => void = () => {},
): Journal {
  const descriptor = openSync(file, 'a', 0o644);
  let isOpen = true;
  let lost = 0;
  const append = (line: JournalLine): void => {
    // After a failure: what was written last may be half a line.
    const text = `${lost > 0 ? '\n' : ''}${JSON.stringify({ time: String(nowNanos()), node, ...line })}\n`;
    if (writeSync(descriptor, text) < Buffer.byteLength(text)) throw new Error('ENOSPC');
  };
  return {
    write: (line) => {
      if (!isOpen) return;
      try {
        if (lost > 0) append({ event: 'note', text: `${lost} lines before this could not be written` });
        lost = 0;
        append(line);
      } catch (error) {
        lost += 1;
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'ENOSPC';
        if (lost === 1) onTrouble(`the journal cannot be written (${code}); the node goes on without`);
      }
    },
    close: () => {
      isOpen = false;
      closeSync(descriptor);
    },
  };
}

/** Offset from the monotonic clock, taken once: `Date` has ms only. */
const origin = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** ns since the epoch, to within 1 ms of the host's clock. */
export const nowNanos = (): bigint => origin + process.hrtime.bigint();
