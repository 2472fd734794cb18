/**
 * What every writer needs: joining byte arrays, a view over one, MACs, and
 * payloads given as text, bytes or a mere length.
 * The trap: a MAC has 48 bits, more than the bit operators of JavaScript keep.
 */

/** Bytes, text (UTF-8), or a number: that many zero bytes. */
export type Payload = Uint8Array | string | number;

export function payloadBytes(payload: Payload = 0): Uint8Array {
  if (typeof payload === 'number') return new Uint8Array(payload);
  if (typeof payload === 'string') return Uint8Array.from(new TextEncoder().encode(payload));
  return payload;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Six bytes as a number, which 2^53 holds exactly. */
export function readMac(view: DataView, at: number): number {
  return view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2);
}

export function writeMac(view: DataView, at: number, mac: number): void {
  view.setUint16(at, Math.floor(mac / 0x1_0000_0000));
  view.setUint32(at + 2, mac % 0x1_0000_0000);
}
