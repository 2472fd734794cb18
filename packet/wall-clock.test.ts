/** The precise time, of two clocks of which one is cut to milliseconds and may be set. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWallClock, wallClock } from './wall-clock.ts';

/** Time passes by being asked for; `zero` is where the wall clock has the monotonic one's 0. */
function world(zero: bigint, cost: bigint) {
  const now = { zero, monotonic: 5_000_000_123n };
  return {
    now,
    truth: () => now.zero + now.monotonic,
    source: {
      now: () => Number((now.zero + now.monotonic) / 1_000_000n),
      monotonic: () => {
        now.monotonic += cost;
        return now.monotonic;
      },
    },
  };
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);

it('is right to 20 µs, also after the clock was set', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_900_000_000_000_000_000n }),
      fc.bigInt({ min: 50n, max: 4_000n }),
      fc.array(fc.bigInt({ min: -10_000_000_000n, max: 10_000_000_000n }), { maxLength: 4 }),
      (zero, cost, steps) => {
        const { now, truth, source } = world(zero, cost);
        const clock = createWallClock(source);
        for (const step of [0n, ...steps]) {
          // What is less than the cut of a millisecond may go unseen for a while.
          if (size(step) < 1_000_000n) continue;
          now.zero += step;
          const read = clock();
          expect(Number(size(read - truth()))).toBeLessThanOrEqual(20_000);
        }
        expect(Number(size(clock() - truth()))).toBeLessThanOrEqual(20_000);
      },
    ),
    { numRuns: 50 },
  );
});

it('of this host is that of Date, and never more than the cut away from it', () => {
  for (let i = 0; i < 100; i += 1) {
    const [before, read, after] = [Date.now(), wallClock(), Date.now()];
    expect(Number(read) / 1e6).toBeGreaterThanOrEqual(before - 1);
    expect(Number(read) / 1e6).toBeLessThanOrEqual(after + 2);
  }
});
