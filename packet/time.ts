/**
 * Time as numbers that stay exact. A capture has one origin, a bigint of ns
 * since the epoch; every other time is `Nanos` after it, a plain number.
 * The trap: 2^53 ns are 104 days. A span longer than that loses ns, not
 * seconds, which no verdict rests on.
 */

/** Nanoseconds after the capture's origin (may be negative). */
export type Nanos = number;

/**
 * A 0 for fields that will hold times or 32-bit numbers. V8 lays a field out for the number that it holds first; one that
 * turns from a small integer into more (a time, 2.1 s after the origin) makes V8 throw away all that it had compiled for the
 * class, in the midst of a capture. This one is no small integer, and equals 0.
 */
export const NOT_SMALL = -0;

export const NANOS_PER_SECOND = 1_000_000_000;
export const NANOS_PER_MILLI = 1_000_000;

export const seconds = (s: number): Nanos => s * NANOS_PER_SECOND;
export const millis = (ms: number): Nanos => ms * NANOS_PER_MILLI;
export const toSeconds = (t: Nanos): number => t / NANOS_PER_SECOND;

/** Absolute time in ns since the epoch, as the report prints it. */
export function toEpoch(origin: bigint, t: Nanos): bigint {
  return origin + BigInt(Math.round(t));
}
