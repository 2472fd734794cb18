/**
 * Timestamps of a pcapng interface (draft-ietf-opsawg-pcapng, if_tsresol and
 * if_tsoffset): 64-bit counts of a unit that is a power of 10 or of 2.
 * The trap: they do not fit a number, and a bigint a packet is slow. So one
 * packet in a while becomes an anchor, exactly; those with the same high word
 * are measured from it, where every step stays below 2^53 and so is exact too.
 */
import type { Nanos } from '../time.ts';

const BILLION = 1_000_000_000n;
/**
 * 2^53 must hold `remainder + delta * multiplier`, delta below 2^32: the multiplier is at most 5^9 where there
 * is a divisor (4.3e9 * 1,953,125 = 8.39e15), which leaves 6e14 for the remainder.
 */
const MAX_FAST_DIVISOR = 2n ** 49n;

export class PcapngClock {
  /** One unit is `multiplier / divisor` ns, in lowest terms. */
  readonly #multiplier: bigint;
  readonly #divisor: bigint;
  readonly #offset: bigint;

  readonly #fast: boolean;
  readonly #fastMultiplier: number;
  readonly #fastDivisor: number;
  #anchorHigh = -1;
  #anchorLow = 0;
  #anchorNanos: Nanos = 0;
  #anchorRemainder = 0;

  /** `resolution`: the byte of if_tsresol. `offsetSeconds`: if_tsoffset, added to every time. */
  constructor(resolution: number, offsetSeconds: bigint) {
    const base = resolution & 0x80 ? 2n : 10n;
    const unitsPerSecond = base ** BigInt(resolution & 0x7f);
    const common = greatestCommonDivisor(BILLION, unitsPerSecond);
    this.#multiplier = BILLION / common;
    this.#divisor = unitsPerSecond / common;
    this.#offset = offsetSeconds * BILLION;
    this.#fast = this.#divisor <= MAX_FAST_DIVISOR;
    this.#fastMultiplier = Number(this.#multiplier);
    this.#fastDivisor = Number(this.#divisor);
  }

  /** ns since the epoch, rounded down. */
  epoch(high: number, low: number): bigint {
    return this.#offset + (toUnits(high, low) * this.#multiplier) / this.#divisor;
  }

  /** ns after `origin`, which must be the same in every call. */
  nanos(high: number, low: number, origin: bigint): Nanos {
    if (high !== this.#anchorHigh || !this.#fast) this.#setAnchor(high, low, origin);
    const scaled = (low - this.#anchorLow) * this.#fastMultiplier;
    if (this.#fastDivisor === 1) return this.#anchorNanos + scaled;
    return this.#anchorNanos + Math.floor((this.#anchorRemainder + scaled) / this.#fastDivisor);
  }

  #setAnchor(high: number, low: number, origin: bigint): void {
    this.#anchorHigh = high;
    this.#anchorLow = low;
    this.#anchorNanos = Number(this.epoch(high, low) - origin);
    this.#anchorRemainder = Number((toUnits(high, low) * this.#multiplier) % this.#divisor);
  }
}

function toUnits(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
