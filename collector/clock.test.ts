/** What the kernel says of the clock: read from its structure, and really asked. */
import { expect, it } from 'vitest';
import { parseTimex, readClock } from './clock.ts';

function timex(offset: bigint, maxError: bigint, status: number): Uint8Array {
  const bytes = Buffer.alloc(208);
  bytes.writeBigInt64LE(offset, 8);
  bytes.writeBigInt64LE(maxError, 24);
  bytes.writeInt32LE(status, 40);
  return bytes;
}

it.each([
  ['in ns', timex(-1_500_000n, 2_000n, 0x2001), 0, { synchronised: true, offset: -0.0015, maxError: 0.002 }],
  ['in µs', timex(-1_500n, 2_000n, 0x0001), 0, { synchronised: true, offset: -0.0015, maxError: 0.002 }],
  ['of a clock that nobody sets', timex(0n, 16_000_000n, 0x0040), 5, { synchronised: false, maxError: 16 }],
  ['with an error', timex(0n, 16_000_000n, 0x0001), 5, { synchronised: false }],
  ['before a leap second', timex(0n, 1n, 0x0011), 1, { synchronised: true }],
])('an answer %s', (_name, bytes, state, expected) => {
  expect(parseTimex(bytes, state, 7n)).toMatchObject({ note: 'clock', at: '7', ...expected });
});

const before = BigInt(Date.now()) * 1_000_000n;
const note = await readClock();

it.skipIf(note === null)(
  'this host says how its clock stands (adjtimex, which a container may be refused)',
  () => {
    expect(BigInt(note?.at ?? 0)).toBeGreaterThanOrEqual(before - 1_000_000n);
    expect(Math.abs(note?.offset ?? 9)).toBeLessThanOrEqual(0.5);
    expect(note?.maxError).toBeGreaterThanOrEqual(0);
    // The kernel lets it grow to 16 s, and then says that the clock is not synchronised.
    expect(note?.maxError).toBeLessThanOrEqual(17);
    if ((note?.maxError ?? 0) >= 16) expect(note?.synchronised).toBe(false);
  },
);
