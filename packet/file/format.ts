/**
 * What the reader and the formats agree on. A format sees a window of bytes
 * and walks the whole units in it (headers, records, blocks); the reader owns
 * the chunks, the bytes that straddle them, and the bytes to be thrown away.
 * The trap: `read` must either get past a unit or ask for more bytes in `need`
 * than the window holds from there, else the reader would never get on.
 */
import { grouped } from '../grouped.ts';

export interface Format {
  /** Bytes the next unit takes, as far as is known; `read` is not called with fewer. */
  readonly need: number;
  /** Bytes that follow what `read` returned and that nobody will look at; the reader counts it down. */
  skip: number;
  /** Nothing after this can be understood: further bytes are ignored. */
  readonly stopped: boolean;
  /**
   * Reads whole units of `view` from byte `from` to `to`. Byte `i` of the view is byte `base + i` of the
   * file. Returns where the first unit begins that it could not finish.
   */
  read(view: DataView, from: number, to: number, base: number): number;
  /** The file is over; the window holds what is left of an unfinished unit, which begins at `position` in the file. */
  end(view: DataView, length: number, position: number): void;
}

/** No packet takes more; a longer length field is damage, and nothing is allocated for it. 64 times what tcpdump and Wireshark ever write (256 KiB). */
export const MAX_PACKET_BYTES = 16 * 1024 * 1024;

/** What tcpdump calls its maximum snapshot length. Writers exceed a smaller snap length that they announced, never this, unless they announced more. */
export const USUAL_MAX_BYTES = 262_144;

/** `3221225472` as `3.2 GB`. */
export function describeSize(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${grouped(bytes)} bytes`;
}

/** `40960` as `byte 40,960`. */
export function describeOffset(offset: number): string {
  return `byte ${grouped(offset)}`;
}
