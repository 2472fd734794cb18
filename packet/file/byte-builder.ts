/**
 * Puts numbers, bytes and text one behind the other, in either byte order: what
 * the capture writers build their blocks with.
 * The trap: memory of its own for every block took more time than all else, so
 * small ones lie side by side in slabs.
 */

/** Bytes. A block that is kept keeps the slab that it lies in. */
const SLAB = 65_536;
/** Larger blocks have memory of their own. */
const LARGEST_SHARE = SLAB / 8;

export class ByteBuilder {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #slab = new Uint8Array(0);
  #used = 0;
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  get length(): number {
    return this.#length;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.#littleEndian);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.#littleEndian);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), this.#littleEndian);
    return this;
  }

  bytes(value: ArrayLike<number>): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Zeros up to a multiple of four. */
  pad(): this {
    this.#grow(-this.#length & 3);
    return this;
  }

  /** A copy of what was built; the builder starts again. */
  take(): Uint8Array {
    const built = this.#bytes.subarray(0, this.#length);
    const taken = this.#place(this.#length);
    taken.set(built);
    built.fill(0);
    this.#length = 0;
    return taken;
  }

  #place(length: number): Uint8Array {
    if (length > LARGEST_SHARE) return new Uint8Array(length);
    if (this.#used + length > this.#slab.length) {
      // A builder that is used once takes no more than it needs.
      this.#slab = new Uint8Array(Math.max(length, Math.min(SLAB, 2 * this.#slab.length)));
      this.#used = 0;
    }
    this.#used += length;
    return this.#slab.subarray(this.#used - length, this.#used);
  }

  /** Makes room, which may replace the buffer, and returns where it begins. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
