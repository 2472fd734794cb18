/** The cache of tiles: order, six at once, abort, errors, least recently used out. */
import { describe, expect, it } from 'vitest';
import { emptyTile, encodeTile } from '../../analyzer/index.ts';
import { keyOf, TileCache, type TileKey } from './tiles.ts';

const BYTES = encodeTile(emptyTile(10));
const key = (index: number): TileKey => ({ lane: 'v0', resolution: 10, index });
const keys = (...indices: number[]): TileKey[] => indices.map(key);

/** A server whose answers the test gives. */
function controlled() {
  const asked: { name: string; signal: AbortSignal; answer(): void; fail(): void }[] = [];
  const load = (of: TileKey, signal: AbortSignal): Promise<ArrayBuffer> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      asked.push({
        name: keyOf(of),
        signal,
        answer: () => resolve(BYTES.slice().buffer as ArrayBuffer),
        fail: () => reject(new Error('down')),
      });
    });
  return { asked, load };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

describe('the cache of tiles', () => {
  it('asks in the order of the wish, six at once', async () => {
    const { asked, load } = controlled();
    const cache = new TileCache(load);
    cache.want(cache, keys(5, 4, 3, 2, 1, 0, 6, 7));
    expect(asked.map(({ name }) => name)).toEqual([5, 4, 3, 2, 1, 0].map((i) => `v0/10/${i}`));
    asked[0]!.answer();
    await settle();
    expect(asked.at(-1)!.name).toBe('v0/10/6');
    expect(cache.get('v0', 10, 5)?.rows).toBe(10);
    expect(cache.isComplete(cache)).toBe(false);
  });

  it('aborts what nobody wants any more, and only that', async () => {
    const { asked, load } = controlled();
    const cache = new TileCache(load);
    const other = {};
    cache.want(cache, keys(0, 1));
    cache.want(other, keys(1));
    cache.want(cache, []);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    cache.want(cache, keys(0));
    await settle();
    expect(asked).toHaveLength(3);
    asked[2]!.answer();
    await settle();
    expect(cache.isComplete(cache)).toBe(true);
  });

  it('does not press a server that fails: a wish of many is one question more', async () => {
    const { asked, load } = controlled();
    const cache = new TileCache(load);
    cache.want(cache, keys(0, 1, 2, 3, 4, 5, 6, 7));
    for (const one of [...asked]) one.fail();
    await settle();
    expect(asked).toHaveLength(6);
    cache.want(cache, keys(10, 11, 12));
    asked.at(-1)!.fail();
    await settle();
    expect(asked).toHaveLength(7);
    cache.retry();
    expect(asked).toHaveLength(10);
  });

  it('does not ask again for what failed until it is told to', async () => {
    const { asked, load } = controlled();
    const cache = new TileCache(load);
    let told = 0;
    cache.subscribe(() => told++);
    cache.want(cache, keys(0));
    asked[0]!.fail();
    await settle();
    expect(cache.failure(cache)?.message).toBe('down');
    expect(told).toBe(1);
    cache.want(cache, keys(0, 1));
    expect(asked.map(({ name }) => name)).toEqual(['v0/10/0', 'v0/10/1']);
    cache.retry();
    expect(cache.failure(cache)).toBeNull();
    expect(asked.map(({ name }) => name)).toEqual(['v0/10/0', 'v0/10/1', 'v0/10/0']);
  });

  it('says that bytes are no tile', async () => {
    const cache = new TileCache(() => Promise.resolve(new ArrayBuffer(3)));
    cache.want(cache, keys(0));
    await settle();
    expect(cache.failure(cache)?.message).toContain('no tile');
  });

  it('forgets what was used least recently, never what is wanted', async () => {
    const cache = new TileCache(() => Promise.resolve(BYTES.slice().buffer as ArrayBuffer), 3 * BYTES.length);
    cache.want(cache, keys(0, 1, 2));
    await settle();
    cache.get('v0', 10, 0);
    cache.want(cache, keys(3));
    await settle();
    expect([0, 1, 2, 3].map((i) => cache.get('v0', 10, i) !== undefined)).toEqual([true, false, true, true]);
    cache.want(cache, keys(4, 5, 6, 7));
    await settle();
    await settle();
    expect([4, 5, 6, 7].every((i) => cache.get('v0', 10, i) !== undefined)).toBe(true);
  });
});
