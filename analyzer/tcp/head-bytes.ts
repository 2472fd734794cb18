/**
 * The first bytes of each stream, of all connections of a vantage side by side.
 * The trap: a frame's view is of a buffer that is used again, so they are copied; an array of its own for each costs four
 * times what it holds.
 */
import type { Frame } from '../../packet/wire/frame.ts';

/** A ClientHello's random ends at byte 43 (RFC 8446, 4.1.2, behind the record's and the handshake's header). */
const HEAD = 48;
const CHUNK = 512 * HEAD;

export class HeadBytes {
  private chunk = new Uint8Array(0);
  private used = 0;

  /** Keeps as much of the frame's payload as was captured, `HEAD` bytes at most. */
  keep({ view, payloadOffset, capturedPayload, payloadLength }: Frame): Uint8Array {
    const length = Math.min(capturedPayload, payloadLength, HEAD);
    if (this.used + length > this.chunk.length) {
      this.chunk = new Uint8Array(CHUNK);
      this.used = 0;
    }
    const { chunk, used } = this;
    for (let i = 0; i < length; i++) chunk[used + i] = view.getUint8(payloadOffset + i);
    this.used += length;
    return chunk.subarray(used, used + length);
  }
}
