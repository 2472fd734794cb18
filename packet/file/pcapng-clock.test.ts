import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PcapngClock } from './pcapng-clock.ts';

const BILLION = 1_000_000_000n;

function unitsPerSecond(resolution: number): bigint {
  return (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
}

test.each([
  ['seconds', 0, 0, 1_700_000_000, 1_700_000_000_000_000_000n],
  ['microseconds', 6, 0x00060a24, 0x181e4000, 1_700_000_000_000_000_000n],
  ['nanoseconds', 9, 0x17979cfe, 0x362a0001, 1_700_000_000_000_000_001n],
  ['2^-32 s, a half', 0x80 | 32, 7, 0x8000_0000, 7_500_000_000n],
  ['2^-32 s, rounded down', 0x80 | 32, 0, 5, 1n],
  ['picoseconds', 12, 0, 1999, 1n],
])('%s', (_name, resolution, high, low, epoch) => {
  const clock = new PcapngClock(resolution, 0n);
  expect(clock.epoch(high, low)).toBe(epoch);
  expect(clock.nanos(high, low, epoch - 1n)).toBe(1);
});

test('the offset is added, in whole seconds, also a negative one', () => {
  expect(new PcapngClock(6, -2n).epoch(0, 5_000_000)).toBe(3n * BILLION);
  expect(new PcapngClock(6, 10n).nanos(0, 1, 10n * BILLION)).toBe(1000);
});

test('every time equals the one that bigints give, for any resolution', () => {
  const resolutions = fc.oneof(fc.constantFrom(0, 3, 6, 9, 12), fc.integer({ min: 0, max: 255 }));
  const steps = fc.array(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 33n }), { maxLength: 20 });
  fc.assert(
    fc.property(resolutions, fc.bigInt({ min: 0n, max: 2n ** 62n }), steps, (resolution, start, moves) => {
      const clock = new PcapngClock(resolution, 3n);
      const exact = (units: bigint) => 3n * BILLION + (units * BILLION) / unitsPerSecond(resolution);
      const origin = exact(start);
      let units = start;
      for (const move of moves) {
        units = BigInt.asUintN(63, units + move > 0n ? units + move : 0n);
        const expected = exact(units) - origin;
        // Beyond 104 days a number is not exact to the nanosecond, by design.
        if (expected > 2n ** 53n || expected < -(2n ** 53n)) continue;
        const nanos = clock.nanos(Number(units >> 32n), Number(units & 0xffff_ffffn), origin);
        expect(BigInt(nanos)).toBe(expected);
      }
    }),
    { numRuns: 500 },
  );
});
