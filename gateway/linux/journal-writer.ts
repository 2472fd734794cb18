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

/** Appends to the file. @throws the system's error where it cannot be opened */
export function openJournal(file: string, node: string): Journal {
  const descriptor = openSync(file, 'a', 0o644);
  return {
    write: (line) => {
      writeSync(descriptor, `${JSON.stringify({ time: String(nowNanos()), node, ...line })}\n`);
    },
    close: () => closeSync(descriptor),
  };
}

/** Offset from the monotonic clock, taken once: `Date` has ms only. */
const origin = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** ns since the epoch, to within 1 ms of the host's clock. */
export const nowNanos = (): bigint => origin + process.hrtime.bigint();
