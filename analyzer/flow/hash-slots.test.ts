import { expect, test } from 'vitest';
import { HashSlots } from './hash-slots.ts';

function valuesOf(slots: HashSlots, hash: number): number[] {
  const found: number[] = [];
  for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash))
    found.push(slots.valueAt(slot));
  return found.sort((a, b) => a - b);
}

test('finds all that is filed under a hash, and no more', () => {
  const slots = new HashSlots();
  slots.add(7, 1);
  slots.add(7, 2);
  slots.add(7 + 256, 3); // the same slot at first
  expect([valuesOf(slots, 7), valuesOf(slots, 7 + 256), valuesOf(slots, 8)]).toEqual([[1, 2], [3], []]);
  expect(slots.size).toBe(3);
});

test('agrees with a plain map through a long series of additions and removals', () => {
  const slots = new HashSlots();
  const truth = new Map<number, Set<number>>();
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  for (let i = 0; i < 30_000; i++) {
    // Few hashes, many of them neighbours at the end of the table: chains that wrap.
    const hash = 0xfffffff0 + random(24) - 8;
    const value = random(200);
    const known = truth.get(hash >>> 0) ?? new Set();
    truth.set(hash >>> 0, known);
    if (known.has(value)) {
      known.delete(value);
      slots.remove(hash, value);
    } else {
      known.add(value);
      slots.add(hash, value);
    }
  }
  for (const [hash, known] of truth) {
    expect(valuesOf(slots, hash)).toEqual([...known].sort((a, b) => a - b));
  }
  expect(slots.size).toBe([...truth.values()].reduce((n, s) => n + s.size, 0));
});

test('removing what is not there changes nothing', () => {
  const slots = new HashSlots();
  slots.add(1, 1);
  slots.remove(1, 2);
  slots.remove(2, 1);
  expect([slots.size, valuesOf(slots, 1)]).toEqual([1, [1]]);
});
