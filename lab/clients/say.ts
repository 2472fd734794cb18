/** The words of a client (`programs.ts`), written a line at a time to standard output. */
import type { ClientWord } from '../programs.ts';

type WithoutTime<W> = W extends unknown ? Omit<W, 'time'> : never;

export function say(word: WithoutTime<ClientWord>): void {
  process.stdout.write(`${JSON.stringify({ time: Date.now() / 1000, ...word })}\n`);
}

/** `took` in seconds; `why`: null where all went well. True where it did. */
export function sayEnd(what: string, begun: number, why: string | null, of?: number): boolean {
  const took = Math.round(performance.now() - begun) / 1000;
  const base = { what, took, ...(of === undefined ? {} : { of }) };
  say(why === null ? { event: 'done', ...base } : { event: 'failed', ...base, why });
  return why === null;
}
