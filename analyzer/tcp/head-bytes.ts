/**
 * The first bytes of each stream, of all connections of a vantage side by side.
 * The trap: a frame's view is of a buffer that is used again, so they are copied.
 */
import type { Frame } from '../../packet/wire/frame.ts';
import { SharedRows } from '../flow/shared-rows.ts';

/** A ClientHello's random ends at byte 43 (RFC 8446, 4.1.2, behind the record's and the handshake's header). */
const HEAD = 48;
const CHUNK = 512 * HEAD;

export class HeadBytes {
  private readonly rows = new SharedRows((length) => new Uint8Array(length), CHUNK);

  /** Keeps as much of the frame's payload as was captured, `HEAD` bytes at most. */
  keep({ view, payloadOffset, capturedPayload, payloadLength }: Frame): Uint8Array {
    const length = Math.min(capturedPayload, payloadLength, HEAD);
    const head = this.rows.take(length);
    for (let i = 0; i < length; i++) head[i] = view.getUint8(payloadOffset + i);
    return head;
  }
}
