/**
 * The tiles that were fetched, least recently used out first. A view says in every frame which ones it wants,
 * nearest first; what no view wants any more is aborted.
 * The trap: a tile that failed is not asked for again by itself, else a broken server is asked sixty times a second.
 */
import { decodeTile, type Tile } from '../../analyzer/index.ts';

export interface TileKey {
  readonly lane: string;
  readonly resolution: number;
  readonly index: number;
}

export type LoadTile = (key: TileKey, signal: AbortSignal) => Promise<ArrayBuffer>;

export const keyOf = ({ lane, resolution, index }: TileKey): string => `${lane}/${resolution}/${index}`;

interface Entry {
  readonly tile: Tile;
  readonly size: number;
}

/** A browser opens six connections to a server; more requests would only wait where they cannot be put in order. */
const AT_ONCE = 6;
const MOST_BYTES = 192 * 2 ** 20;

export class TileCache {
  readonly #load: LoadTile;
  readonly #mostBytes: number;
  /** In the order of use. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, AbortController>();
  readonly #failed = new Map<string, Error>();
  readonly #wanted = new Map<object, readonly TileKey[]>();
  readonly #listeners = new Set<() => void>();
  #bytes = 0;

  constructor(load: LoadTile, mostBytes = MOST_BYTES) {
    this.#load = load;
    this.#mostBytes = mostBytes;
  }

  get(lane: string, resolution: number, index: number): Tile | undefined {
    const key = `${lane}/${resolution}/${index}`;
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.tile;
  }

  /** Replaces what `owner` wanted before; an empty list ends it. */
  want(owner: object, keys: readonly TileKey[]): void {
    if (keys.length === 0) this.#wanted.delete(owner);
    else this.#wanted.set(owner, keys);
    const all = new Set([...this.#wanted.values()].flat().map(keyOf));
    for (const [key, controller] of this.#running) {
      if (all.has(key)) continue;
      this.#running.delete(key);
      controller.abort();
    }
    this.#fill();
  }

  /** The first error of what `owner` wants. */
  failure(owner: object): Error | null {
    if (this.#failed.size === 0) return null;
    for (const key of this.#wanted.get(owner) ?? []) {
      const error = this.#failed.get(keyOf(key));
      if (error !== undefined) return error;
    }
    return null;
  }

  /** Nothing that `owner` wants is missing. */
  isComplete(owner: object): boolean {
    return (this.#wanted.get(owner) ?? []).every((key) => this.#entries.has(keyOf(key)));
  }

  retry(): void {
    this.#failed.clear();
    this.#fill();
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #fill(): void {
    for (const keys of this.#wanted.values()) {
      for (const key of keys) {
        // A server that fails is not pressed: one question at a time, and the next after an answer.
        if (this.#running.size >= (this.#failed.size > 0 ? 1 : AT_ONCE)) return;
        const name = keyOf(key);
        if (!this.#entries.has(name) && !this.#running.has(name) && !this.#failed.has(name))
          void this.#fetch(key, name);
      }
    }
  }

  async #fetch(key: TileKey, name: string): Promise<void> {
    const controller = new AbortController();
    this.#running.set(name, controller);
    let answered = false;
    try {
      const bytes = await this.#load(key, controller.signal);
      const tile = decodeTile(bytes);
      if (tile === null) throw new Error('The server sent something that is no tile.');
      this.#keep(name, { tile, size: bytes.byteLength });
      answered = true;
    } catch (error) {
      if (!controller.signal.aborted)
        this.#failed.set(name, error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#running.get(name) === controller) this.#running.delete(name);
    if (controller.signal.aborted) return;
    if (answered) this.#fill();
    this.#tell();
  }

  #keep(name: string, entry: Entry): void {
    this.#bytes += entry.size - (this.#entries.get(name)?.size ?? 0);
    this.#entries.set(name, entry);
    if (this.#bytes <= this.#mostBytes) return;
    const needed = new Set([...this.#wanted.values()].flat().map(keyOf));
    for (const [old, { size }] of this.#entries) {
      if (this.#bytes <= this.#mostBytes) return;
      if (needed.has(old)) continue;
      this.#entries.delete(old);
      this.#bytes -= size;
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
