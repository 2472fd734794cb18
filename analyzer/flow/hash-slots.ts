/**
 * From a 32-bit hash to the small numbers filed under it: open addressing over
 * typed arrays, with removal, for tables whose entries come and go by the
 * million. Who asks compares the entry itself: two entries may share a hash.
 * The trap: a removed entry leaves no mark behind. What follows moves up, so a
 * slot number is good only until the next change.
 */

const INITIAL_SLOTS = 256;
const NONE = -1;

export class HashSlots {
  /** Entries filed. */
  size = 0;
  /** Value + 1; 0 is free. */
  private values = new Uint32Array(INITIAL_SLOTS);
  private hashes = new Uint32Array(INITIAL_SLOTS);
  private mask = INITIAL_SLOTS - 1;

  /** First slot of a hash, or -1. Follow it with `next`. */
  first(hash: number): number {
    return this.scan(hash >>> 0, hash & this.mask);
  }

  /** The slot after `slot` under the same hash, or -1. */
  next(slot: number, hash: number): number {
    return this.scan(hash >>> 0, (slot + 1) & this.mask);
  }

  valueAt(slot: number): number {
    return (this.values[slot] as number) - 1;
  }

  add(hash: number, value: number): void {
    if ((this.size + 1) * 2 > this.values.length) this.grow();
    this.put(hash >>> 0, value + 1);
    this.size += 1;
  }

  /** Takes one entry out; nothing happens where it is not there. */
  remove(hash: number, value: number): void {
    for (let slot = this.first(hash); slot !== NONE; slot = this.next(slot, hash)) {
      if (this.valueAt(slot) !== value) continue;
      this.close(slot);
      this.size -= 1;
      return;
    }
  }

  private scan(hash: number, from: number): number {
    for (let slot = from; this.values[slot] !== 0; slot = (slot + 1) & this.mask) {
      if (this.hashes[slot] === hash) return slot;
    }
    return NONE;
  }

  private put(hash: number, stored: number): void {
    let slot = hash & this.mask;
    while (this.values[slot] !== 0) slot = (slot + 1) & this.mask;
    this.values[slot] = stored;
    this.hashes[slot] = hash;
  }

  /** Frees a slot and moves up what stands behind it only because the slot was taken (Knuth, 6.4, algorithm R). */
  private close(slot: number): void {
    let free = slot;
    for (let at = (slot + 1) & this.mask; this.values[at] !== 0; at = (at + 1) & this.mask) {
      const home = (this.hashes[at] as number) & this.mask;
      const stays = free <= at ? free < home && home <= at : free < home || home <= at;
      if (stays) continue;
      this.values[free] = this.values[at] as number;
      this.hashes[free] = this.hashes[at] as number;
      free = at;
    }
    this.values[free] = 0;
  }

  private grow(): void {
    const { values, hashes } = this;
    this.values = new Uint32Array(values.length * 2);
    this.hashes = new Uint32Array(values.length * 2);
    this.mask = this.values.length - 1;
    for (const [i, stored] of values.entries()) if (stored !== 0) this.put(hashes[i] as number, stored);
  }
}

/** Finaliser of MurmurHash3 (public domain): spreads every bit of a word. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
