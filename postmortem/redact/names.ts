/**
 * Names of hosts, interfaces and files to names by what they are: `node-1`, `capture-2.pcap`. In text, a name is found
 * where no letter or digit goes on with it.
 * The trap: a host may be called `data`, and then that word is replaced wherever it stands as one; only words that this
 * house uses for places stay, because they are nobody's.
 */

/** Words for places and sides, ids of captures, and interfaces that every host has. */
const NOBODYS = /^(?:client|server|node|gateway|unknown|node-[a-z]|any|lo|in|out|c\d+)$/i;

export class Names {
  readonly #learned = new Map<string, { kind: string; ending: string; sameAs: string | undefined }>();
  readonly #mapped = new Map<string, string>();
  readonly #used = new Map<string, number>();

  /**
   * `kind`: what stands before the number; `ending`: behind it; `sameAs`: a name of the same thing, learned before.
   * Names that are nobody's, and empty ones, stay.
   */
  learn(
    name: string,
    kind: string,
    { ending = '', sameAs }: { ending?: string; sameAs?: string } = {},
  ): void {
    const key = name.toLowerCase();
    if (name === '' || NOBODYS.test(name) || this.#learned.has(key)) return;
    this.#learned.set(key, { kind, ending, sameAs: sameAs?.toLowerCase() });
  }

  /** What stands for it; undefined where it is no name that was learned. */
  of(name: string): string | undefined {
    const key = name.toLowerCase();
    const known = this.#mapped.get(key);
    if (known !== undefined || !this.#learned.has(key)) return known;
    // All that were learned until now, so that the order in which they are asked for changes nothing.
    for (const [one, { kind, ending, sameAs }] of this.#learned) {
      if (this.#mapped.has(one)) continue;
      const same = sameAs === undefined ? undefined : this.#mapped.get(sameAs);
      this.#mapped.set(one, same ?? this.#next(kind, ending));
    }
    return this.#mapped.get(key);
  }

  get size(): number {
    return this.#learned.size;
  }

  /** Regular expressions that find them in text. A number alone is found nowhere: it is no name there. */
  patterns(): string[] {
    const inText = [...this.#learned.keys()].filter((name) => /\p{L}/u.test(name));
    // The longest first: a path before the file's name in it.
    return inText.sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).map(patternOf);
  }

  #next(kind: string, ending: string): string {
    for (;;) {
      const n = (this.#used.get(kind) ?? 0) + 1;
      this.#used.set(kind, n);
      const made = `${kind}-${n}${ending}`;
      if (!this.#learned.has(made)) return made;
    }
  }
}

const WORD = '[\\p{L}\\p{N}]';

function patternOf(name: string): string {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const before = new RegExp(`^${WORD}`, 'u').test(name) ? `(?<!${WORD})` : '';
  const after = new RegExp(`${WORD}$`, 'u').test(name) ? `(?!${WORD})` : '';
  return `${before}${literal}${after}`;
}
