/**
 * Which network adapters this process has in its namespace.
 * The trap: /sys shows those of the namespace in which it was mounted; /proc/self/net those of the process.
 */
import { readFileSync } from 'node:fs';
import type { NodeConfig } from '../config.ts';

/** Whether both sides' adapters are here, up or not. */
export function hasAdapters({ inside, outside }: NodeConfig): boolean {
  const here = listAdapters(readFileSync('/proc/self/net/dev', 'utf8'));
  return here.includes(inside.interface) && here.includes(outside.interface);
}

/** The names in a text of the form of /proc/net/dev: two lines of titles, then `name: counters`. */
export const listAdapters = (text: string): string[] =>
  text
    .split('\n')
    .slice(2)
    .flatMap((line) => /^\s*(\S+?):/.exec(line)?.[1] ?? []);
