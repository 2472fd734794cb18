/**
 * The first line and the few headers of an HTTP/1 message that say how long it
 * is (RFC 9112, section 6), from the bytes that a snap length left.
 * The trap: a head that was cut promises at least, not exactly. What is not in
 * the capture is not known, and a length that was not read is null.
 */

export interface RequestHead {
  readonly method: string;
  readonly target: string;
}

export interface ResponseHead {
  readonly status: number;
  /** Value of Content-Length; null where absent or cut off. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Bytes up to and with the empty line; null where the end of the head was cut off. */
  readonly headLength: number | null;
}

/** Enough for any real head; a longer one counts as cut. */
const MAX_HEAD = 16_384;
const REQUEST = /^(GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|TRACE|CONNECT) (\S{1,300})/;

/** The request that these bytes begin with, or null. */
export function parseRequestHead(view: DataView, offset: number, length: number): RequestHead | null {
  const first = length > 0 ? view.getUint8(offset) : 0;
  if (first < 0x41 || first > 0x5a) return null;
  const match = REQUEST.exec(latin1(view, offset, Math.min(length, 400)));
  return match === null ? null : { method: match[1] as string, target: match[2] as string };
}

/** The response that these bytes begin with, or null. */
export function parseResponseHead(view: DataView, offset: number, length: number): ResponseHead | null {
  if (length < 12 || view.getUint32(offset) !== 0x48545450) return null;
  const text = latin1(view, offset, Math.min(length, MAX_HEAD));
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text);
  if (status === null) return null;
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text.slice(0, text.lastIndexOf('\r\n') + 2) : text.slice(0, end + 2);
  const length_ = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i.exec(head);
  return {
    status: Number(status[1]),
    contentLength: length_ === null ? null : Number(length_[1]),
    chunked: /\r\ntransfer-encoding:[^\r\n]*chunked/i.test(head),
    headLength: end < 0 ? null : end + 4,
  };
}

/** True for the first bytes of a TLS ClientHello (RFC 8446, 5.1 and 4.1.2). */
export function isClientHello(view: DataView, offset: number, length: number): boolean {
  return (
    length >= 6 &&
    view.getUint8(offset) === 22 &&
    view.getUint8(offset + 1) === 3 &&
    view.getUint8(offset + 5) === 1
  );
}

function latin1(view: DataView, offset: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(offset + i));
  return text;
}
