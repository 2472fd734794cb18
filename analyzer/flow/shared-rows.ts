/**
 * Many short rows of numbers side by side in a few long arrays: an array of its own for each row costs several times what it holds.
 * The trap: a row keeps its whole chunk alive.
 */
type Numbers = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

export class SharedRows<T extends Numbers> {
  private readonly make: (length: number) => T;
  private readonly chunkLength: number;
  private chunk: T;
  private used = 0;

  /** `make`: an array of a length; `chunkLength`: at least that of the longest row. */
  constructor(make: (length: number) => T, chunkLength: number) {
    this.make = make;
    this.chunkLength = chunkLength;
    this.chunk = make(0);
  }

  /** A row of zeros. */
  take(length: number): T {
    if (this.used + length > this.chunk.length) {
      this.chunk = this.make(this.chunkLength);
      this.used = 0;
    }
    const row = this.chunk.subarray(this.used, this.used + length) as T;
    this.used += length;
    return row;
  }
}
