/** What holds of every wait and every exchange of clocks. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BackOff } from './back-off.ts';
import { offsetOf } from './clock-exchange.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('a wait is never longer than the longest, never shorter than half of its turn, and begins anew', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1000, max: 60_000 }),
      fc.array(fc.tuple(chance, fc.boolean()), { minLength: 1, maxLength: 60 }),
      (first, most, tries) => {
        let random = 0;
        const backOff = new BackOff({ first, most, random: () => random });
        for (const [i, [next, isLasting]] of tries.entries()) {
          random = next;
          const turn = isLasting ? most : Math.min(most, first * 2 ** i);
          const wait = backOff.next(isLasting);
          expect(wait).toBeLessThanOrEqual(turn);
          expect(wait).toBeGreaterThanOrEqual(turn / 2);
        }
        backOff.reset();
        expect(backOff.next()).toBeLessThanOrEqual(first);
      },
    ),
  );
});

const nanos = (max: number) => fc.bigInt({ min: 0n, max: BigInt(max) });

it('the offset of an exchange is never further from the truth than its error, however unequal the ways are', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.tuple(nanos(2e9), nanos(1e6), nanos(2e9)),
      (distance, [there, inside, back]) => {
        const sent = 1_795_694_400_000_000_000n;
        const peerReceived = sent + there + distance;
        const peerSent = peerReceived + inside;
        const received = peerSent - distance + back;
        const found = offsetOf({ sent, peerReceived, peerSent, received });
        if (found === null) throw new Error('these times can be');
        expect(Math.abs(found.offset - Number(distance) / 1e9)).toBeLessThanOrEqual(found.error);
        expect(found.error).toBeLessThanOrEqual(Number(there + back) / 2e9 + 30e-6);
      },
    ),
  );
});

it.each([
  ['an answer before the question', { sent: 10n, peerReceived: 5n, peerSent: 5n, received: 9n }],
  ['a peer that answers before it was asked', { sent: 10n, peerReceived: 5n, peerSent: 4n, received: 12n }],
  ['a peer that took longer than all of it', { sent: 10n, peerReceived: 5n, peerSent: 9n, received: 12n }],
])('%s is none', (_name, times) => {
  expect(offsetOf(times)).toBe(null);
});
