/**
 * Requests of the server bench: each has a time limit, each is counted by what it was for, and what went wrong is kept in words.
 * The trap: a request that never ends is no error by itself, and a bench that waits for it measures nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  /** ms, by what was asked; only of requests that were answered. */
  readonly done: Map<string, number[]>;
  readonly wrong: string[];
  /** Uploads that were told to come back later, which is no error. */
  deferred: number;
}

export interface Asking {
  readonly origin: string;
  readonly tally: Tally;
  /** ms that one request may take; more is an error. */
  readonly limitMs: number;
  /** Fires when the server is gone: nothing after that is worth telling. */
  readonly gone: AbortSignal;
}

export interface Wanted extends RequestInit {
  /** The name of its row. */
  readonly what: string;
  readonly status: number;
}

/** @returns the body; null where the answer was none that was wanted */
export async function ask(asking: Asking, route: string, wanted: Wanted): Promise<Buffer | null> {
  const { tally, limitMs, gone, origin } = asking;
  const { what, status, ...init } = wanted;
  for (;;) {
    const began = performance.now();
    try {
      const signal = AbortSignal.any([gone, AbortSignal.timeout(limitMs)]);
      const response = await fetch(`${origin}/api${route}`, { ...init, signal });
      const body = Buffer.from(await response.arrayBuffer());
      if (response.status === status) {
        count(tally, what, performance.now() - began);
        return body;
      }
      const wait = Number(response.headers.get('retry-after'));
      if (response.status === 503 && wait > 0) {
        tally.deferred += 1;
        await sleep(wait * 1000, null, { signal: gone });
        continue;
      }
      tally.wrong.push(`${what}: ${response.status} instead of ${status}: ${body.toString().slice(0, 200)}`);
    } catch (error) {
      if (!gone.aborted) tally.wrong.push(`${what}: ${inWords(error, limitMs)}`);
    }
    return null;
  }
}

export function count({ done }: Tally, what: string, ms: number): void {
  const times = done.get(what);
  if (times === undefined) done.set(what, [ms]);
  else times.push(ms);
}

export function inWords(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
