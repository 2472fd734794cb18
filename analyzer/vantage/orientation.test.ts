import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis, type Nanos, seconds } from '../../packet/time.ts';
import { createRandom } from '../../test/random-tcp.ts';
import { orientation, type UnorderedPair } from './orientation.ts';
import { capture, type Step, type TwoClocks } from './test-clocks.ts';

const micros = (us: number): Nanos => us * 1000;
const whole = (min: number, max: number) => fc.integer({ min, max });

/** Requests and answers, each held up in queues for some ms at most; A is nearer to the client. */
function talk(world: TwoClocks, count: number, queue: Nanos, seed = 1): UnorderedPair[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const dir = i % 2 === 0 ? ('c' as const) : ('s' as const);
    const queued = (queue * random(1000) ** 2) / 1e6;
    const at = seconds(Math.floor(i / 2) / 10) + (dir === 's' ? millis(20) : 0) + micros(random(1000));
    const { a, b } = capture(world, { at, way: dir === 'c' ? 1 : -1, queued });
    return { a, b, dir };
  });
}

/** The same, with the captures in the other order. */
const turned = (pairs: readonly UnorderedPair[]): UnorderedPair[] =>
  pairs.map(({ a, b, dir }) => ({ a: b, b: a, dir }));

/** Both orders of the captures must be told, and alike. */
function expectToldBothWays(pairs: readonly UnorderedPair[], width: number): void {
  const told = orientation(pairs);
  expect(told.nearer).toBe(1);
  expect(told.width).toBeGreaterThan(width);
  expect(orientation(turned(pairs)).nearer).toBe(-1);
}

const world = fc.record({
  offset: whole(-14_400_000, 14_400_000).map(millis),
  drift: whole(-80, 80).map((ppm) => ppm * 1e-6),
  there: whole(0, 5000).map(micros),
  back: whole(0, 5000).map(micros),
});

describe('orientation', () => {
  it('tells which is nearer to the client, whatever the clocks, from a round trip of 0.2 ms on', () => {
    fc.assert(
      fc.property(world, fc.nat(1000), (w, seed) => {
        const slow = { ...w, there: w.there + micros(100), back: w.back + micros(100) };
        expectToldBothWays(talk(slow, 200, millis(3), seed), micros(190));
      }),
    );
  });

  it('is never wrong while the clocks run evenly, however few the packets', () => {
    fc.assert(
      fc.property(world, whole(0, 6), fc.nat(1000), (w, count, seed) => {
        const pairs = talk(w, count, millis(30), seed);
        expect(orientation(pairs).nearer).not.toBe(-1);
        expect(orientation(turned(pairs)).nearer).not.toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it('tells it although a clock was set and some packets are false', () => {
    const by = fc.tuple(whole(50, 4_000_000), fc.boolean()).map(([ms, back]) => millis(back ? -ms : ms));
    const step = fc.record({
      at: whole(2, 18).map(seconds),
      clock: fc.constantFrom<'a' | 'b'>('a', 'b'),
      by,
    });
    fc.assert(
      fc.property(
        world,
        fc.array<Step>(step, { maxLength: 2 }),
        fc.array(fc.tuple(fc.nat(399), by), { maxLength: 6 }),
        (w, steps, falsified) => {
          const slow = { ...w, there: w.there + micros(200), back: w.back + micros(200), steps };
          const pairs = talk(slow, 400, millis(3));
          for (const [i, off] of falsified)
            pairs[i] = { ...(pairs[i] as UnorderedPair), b: (pairs[i] as UnorderedPair).b + off };
          expectToldBothWays(pairs, micros(100));
        },
      ),
    );
  });

  it('does not tell it from one direction', () => {
    const pairs = talk({ offset: 0, drift: 0, there: millis(1), back: millis(1) }, 100, millis(1));
    for (const dir of ['c', 's']) {
      expect(orientation(pairs.filter((p) => p.dir === dir))).toEqual({ nearer: 0, width: 0 });
    }
    expect(orientation([])).toEqual({ nearer: 0, width: 0 });
  });

  it('does not tell it where both are at one place', () => {
    const pairs = talk({ offset: seconds(1), drift: 2e-6, there: 900, back: 900 }, 100, 900);
    expect(orientation(pairs)).toEqual({ nearer: 0, width: 0 });
  });
});
