import fc from 'fast-check';
import { it } from 'vitest';
import { grouped } from './grouped.ts';

it('writes whole numbers as English does', () => {
  const whole = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.nat(20_000));
  fc.assert(fc.property(whole, (n) => grouped(n) === n.toLocaleString('en-US')));
});
