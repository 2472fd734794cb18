/** What waits its turn. The trap: a chain of promises holds what the last one came to. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { oneAtATime } from './postmortem-facts.ts';

it('does one after the other, also after one that failed', async () => {
  const running = new Set<string>();
  const work = oneAtATime(async (name: string) => {
    running.add(name);
    expect(running.size).toBe(1);
    await setImmediate();
    running.delete(name);
    if (name === 'b') throw new Error(name);
    return name;
  });
  const all = await Promise.allSettled(['a', 'b', 'c'].map(work));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('holds nothing of what was asked for', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const work = oneAtATime(async (length: number) => ({ rows: new Array<number>(length).fill(1) }));
  const held = new WeakRef(await work(100_000));
  // What a microtask has looked at lives until its turn is over.
  await setImmediate();
  collect();
  expect(held.deref()).toBeUndefined();
  expect((await work(3)).rows).toHaveLength(3);
});
