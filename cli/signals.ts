/**
 * Ctrl-C and the like. A command that has something to put away first says so by `beforeEnd`; any
 * other ends at once. A second signal never waits.
 */

/** A server that does not end in this time is left to the system. */
const LONGEST_END_MS = 10_000;

/** SIGTERM is how a service is told to end, so that ending is a success. */
const CODES = { SIGINT: 130, SIGTERM: 0, SIGHUP: 0 } as const;
const AT_ONCE = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CODES;

const cleanups = new Set<() => Promise<void> | void>();
let isEnding = false;
let listensToAll = false;

/** Once, by the entry: without anything to put away, an interrupt ends the command with 130. */
export function listenToInterrupts(): void {
  process.on('SIGINT', () => void end('SIGINT'));
}

/** The latest first. @returns what takes it back */
export function beforeEnd(cleanup: () => Promise<void> | void): () => void {
  cleanups.add(cleanup);
  if (!listensToAll)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(signal));
  listensToAll = true;
  return () => cleanups.delete(cleanup);
}

/** For what goes on until a signal ends it. */
export const untilEnded = (): Promise<never> => new Promise(() => {});

async function end(signal: Signal): Promise<void> {
  if (isEnding || cleanups.size === 0) process.exit(AT_ONCE[signal]);
  isEnding = true;
  setTimeout(() => process.exit(CODES[signal]), LONGEST_END_MS);
  for (const cleanup of [...cleanups].reverse()) {
    try {
      await cleanup();
    } catch {
      // The next start puts right what is left.
    }
  }
  process.exit(CODES[signal]);
}
