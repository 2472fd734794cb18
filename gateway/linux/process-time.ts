/**
 * When a process started: with its id, what tells it from another that was given the same id later.
 * The trap: a process that has ended stays in /proc until its parent asks for it.
 */
import { readFileSync } from 'node:fs';

/** Since the machine's start, in clock ticks, as text (proc(5), `stat`, field 22); null where there is no such process. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; after it come the fields from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
