/**
 * Reads exact numbers of bytes out of chunks of any size, which it takes only
 * when it needs them: what the frame formats of zstd and lz4 are parsed with.
 * The trap: it keeps up to `count` bytes, so a caller bounds what it asks for.
 */
import { TruncatedError } from './decompression-error.ts';

export class AsyncBytes {
  /** Offset in the source of the next byte. */
  position = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** What `read` would return, without taking it. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#chunk.length - this.#at < count) await this.#gather(count);
    return this.#chunk.subarray(this.#at, this.#at + count);
  }

  /** All that is left, in chunks as they come. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    do {
      const chunk = this.#chunk.subarray(this.#at);
      this.#at = this.#chunk.length;
      this.position += chunk.length;
      if (chunk.length > 0) yield chunk;
    } while (await this.#next());
  }

  /** Tells the source that no more of it is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** The next `count` bytes, valid until the next call; fewer where the source ends before. */
  async read(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    this.#at += bytes.length;
    this.position += bytes.length;
    return bytes;
  }

  /** Like `read`, but throws `TruncatedError` where the source ends before. */
  async exactly(count: number): Promise<Uint8Array> {
    const bytes = await this.read(count);
    if (bytes.length < count) throw new TruncatedError();
    return bytes;
  }

  /** A little-endian word; null where the source ends in front of it. */
  async word(): Promise<number | null> {
    const bytes = await this.read(4);
    if (bytes.length === 0) return null;
    if (bytes.length < 4) throw new TruncatedError();
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** Throws `count` bytes away, or `TruncatedError`. */
  async skip(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#at === this.#chunk.length && !(await this.#next())) throw new TruncatedError();
      const n = Math.min(left, this.#chunk.length - this.#at);
      this.#at += n;
      this.position += n;
      left -= n;
    }
  }

  async #gather(count: number): Promise<void> {
    // Without what is empty: a lone chunk is taken as it is.
    const parts = this.#at < this.#chunk.length ? [this.#chunk.subarray(this.#at)] : [];
    let length = this.#chunk.length - this.#at;
    while (length < count && (await this.#next())) {
      parts.push(this.#chunk);
      length += this.#chunk.length;
    }
    this.#chunk = joinChunks(parts, length);
    this.#at = 0;
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done === true) return false;
    this.#chunk = value;
    this.#at = 0;
    return true;
  }
}

function joinChunks(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
