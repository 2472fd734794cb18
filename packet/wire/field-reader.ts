/**
 * Reads the fields of one header for people: each has a name and a text. What
 * was not captured is not read, and the first such field says so.
 * The trap: a header may end for two reasons: the capture kept no more of the
 * frame, or the packet itself says that it is no longer.
 */
import { grouped } from '../grouped.ts';
import type { DecodedLayer } from './decoded-layer.ts';

export const CUT = 'cut by the snap length';
export const ENDED = 'not in the frame';

/** What bounds a header: offsets in `view`, as in `Cursor`. */
export interface Bounds {
  readonly view: DataView;
  readonly captured: number;
  readonly reported: number;
  /** What is said where a packet was longer than what there is of it. */
  readonly cut: string;
}

export class FieldReader {
  readonly layer: DecodedLayer;
  readonly view: DataView;
  readonly at: number;
  private readonly captured: number;
  private readonly reported: number;
  private readonly cut: string;
  private stopped = false;

  constructor(name: string, at: number, { view, captured, reported, cut }: Bounds) {
    this.layer = { name, fields: [] };
    this.view = view;
    this.at = at;
    this.captured = captured;
    this.reported = reported;
    this.cut = cut;
  }

  /** Adds a text that needs no bytes of its own. */
  add(name: string, value: string): this {
    this.layer.fields.push({ name, value });
    return this;
  }

  /** True where so many bytes of the header are there. */
  has(size: number): boolean {
    return this.at + size <= this.captured;
  }

  /** A field of `size` bytes at `offset` of the header; after the first that is not there none is read. */
  read(name: string, offset: number, size: number, textOf: (view: DataView, at: number) => string): this {
    if (this.stopped) return this;
    const from = this.at + offset;
    if (from + size <= this.captured) return this.add(name, textOf(this.view, from));
    this.stopped = true;
    return this.add(name, from + size <= this.reported ? this.cut : ENDED);
  }

  u8(name: string, offset: number, textOf: (value: number) => string = String): this {
    return this.read(name, offset, 1, (view, at) => textOf(view.getUint8(at)));
  }

  u16(name: string, offset: number, textOf: (value: number) => string = String): this {
    return this.read(name, offset, 2, (view, at) => textOf(view.getUint16(at)));
  }

  u32(name: string, offset: number, textOf: (value: number) => string = String): this {
    return this.read(name, offset, 4, (view, at) => textOf(view.getUint32(at)));
  }
}

/** `0x0800`. */
export const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** `6 (TCP)`, or the bare number where it has no name. */
export const named =
  (names: Readonly<Record<number, string>>) =>
  (value: number): string =>
    names[value] === undefined ? String(value) : `${value} (${names[value]})`;

/** `1,448 B`. */
export const size = (bytes: number): string => `${grouped(bytes)} B`;

/** Bytes as `47 45 54`. */
export function hexOf(view: DataView, at: number, length: number): string {
  return Array.from({ length }, (_, i) =>
    view
      .getUint8(at + i)
      .toString(16)
      .padStart(2, '0'),
  ).join(' ');
}

/** Bytes as ASCII; everything else, and what a terminal would act on, escaped as in C. */
export function textOf(view: DataView, at: number, length: number): string {
  return Array.from({ length }, (_, i) => escapeByte(view.getUint8(at + i))).join('');
}

const ESCAPES: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' };

function escapeByte(byte: number): string {
  const known = ESCAPES[byte];
  if (known !== undefined) return known;
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}
