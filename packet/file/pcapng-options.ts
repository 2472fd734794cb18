/**
 * Options of pcapng blocks (draft-ietf-opsawg-pcapng, section "Options"): code,
 * length, value, padding to four bytes, until code 0 or the end of the block.
 * One cursor is used again and again, so that options of packets make no objects.
 * The trap: a length may point behind the block; then the rest is not looked at.
 */

const decoder = new TextDecoder();
/** Names, descriptions and comments are read by people; more than this is not kept. */
const MAX_TEXT_BYTES = 1024;

export class OptionCursor {
  code = 0;
  /** The value is `length` bytes at `offset` of the view. */
  offset = 0;
  length = 0;
  /** An option claimed more than its block holds. */
  malformed = false;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #littleEndian = false;
  #at = 0;
  #end = 0;

  start(view: DataView, littleEndian: boolean, from: number, end: number): this {
    this.#view = view;
    this.#littleEndian = littleEndian;
    this.#at = from;
    this.#end = end;
    this.malformed = false;
    return this;
  }

  /** Steps to the next option; false where there is none. */
  next(): boolean {
    if (this.#end - this.#at < 4) return false;
    this.code = this.#view.getUint16(this.#at, this.#littleEndian);
    this.length = this.#view.getUint16(this.#at + 2, this.#littleEndian);
    this.offset = this.#at + 4;
    if (this.code === 0) return false;
    if (this.offset + this.length > this.#end) {
      this.malformed = true;
      return false;
    }
    this.#at = this.offset + padded(this.length);
    return true;
  }

  text(): string {
    return readText(this.#view, this.offset, this.length);
  }

  /** An unsigned 64-bit number; exact to 2^53. Null where the option has another length. */
  count(): number | null {
    if (this.length !== 8) return null;
    const value = this.#view.getBigUint64(this.offset, this.#littleEndian);
    return Number(value);
  }
}

/** Text of the format: UTF-8, not terminated, though some writers add a NUL. */
export function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, Math.min(length, MAX_TEXT_BYTES));
  const nul = bytes.indexOf(0);
  return decoder.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

/** Everything in a block is padded to 32 bits. */
export const padded = (length: number): number => (length + 3) & ~3;
