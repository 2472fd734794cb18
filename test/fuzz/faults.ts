/**
 * Gathers what a fuzz run found: each kind of fault once, with how often it
 * came, the first seed that shows it, and what was done to that input.
 */

/** Beyond this many kinds there is enough to do. */
const MOST_KINDS = 40;

interface Kind {
  count: number;
  readonly seed: number;
  readonly story: string;
  readonly first: string;
}

export class Faults {
  readonly #kinds = new Map<string, Kind>();

  add(seed: number, story: string, fault: string): void {
    const kind = kindOf(fault);
    const known = this.#kinds.get(kind);
    if (known !== undefined) known.count++;
    else if (this.#kinds.size < MOST_KINDS) this.#kinds.set(kind, { count: 1, seed, story, first: fault });
  }

  /** '' where nothing was found. */
  toString(): string {
    return [...this.#kinds.values()]
      .sort((a, b) => b.count - a.count)
      .map(
        ({ count, seed, story, first }) => `${count} times, first with seed ${seed} (${story}):\n  ${first}`,
      )
      .join('\n');
  }
}

/** Faults that differ only in numbers and ids are one kind; of a stack its first lines count. */
export function kindOf(fault: string): string {
  return fault
    .split('\n')
    .slice(0, 3)
    .join('\n')
    .replaceAll(/f[0-9a-f]{10}/g, 'f')
    .replaceAll(/-?\d[\d.e+]*/g, '#');
}
