/**
 * Who issued the certificate that a server shows in a TLS handshake before 1.3
 * (RFC 5246, 7.4.2; RFC 5280, 4.1): from 1.3 on it is encrypted.
 * The trap: a snap length, or the end of the segment, cuts the certificate
 * anywhere. The issuer stands near its beginning; what was read whole counts.
 */

const HANDSHAKE = 22;
const CERTIFICATE = 11;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
/** Lengths of the list and of its first certificate. */
const LIST_HEADER = 6;

const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const OID = 0x06;
/** id-at-commonName and id-at-organizationName (RFC 5280, appendix A), without tag and length. */
const COMMON_NAME = 0x550403;
const ORGANIZATION = 0x55040a;

interface Element {
  readonly tag: number;
  readonly from: number;
  /** Behind its last byte; may lie beyond what was captured. */
  readonly to: number;
}

/** Common name of the issuer, else its organization; null where the bytes are no such handshake or end before it. */
export function parseCertificateIssuer(bytes: Uint8Array): string | null {
  const certificate = findCertificate(bytes);
  if (certificate === null) return null;
  const outer = elementAt(bytes, certificate);
  const inner = outer === null ? null : elementAt(bytes, outer.from);
  if (outer?.tag !== SEQUENCE || inner?.tag !== SEQUENCE) return null;
  const first = elementAt(bytes, inner.from);
  // Version (in v1 left out), serial number, algorithm; then the issuer.
  let at = first?.tag === VERSION ? first.to : inner.from;
  for (let skipped = 0; skipped < 2; skipped++) {
    const element = elementAt(bytes, at);
    if (element === null) return null;
    at = element.to;
  }
  const issuer = elementAt(bytes, at);
  return issuer?.tag === SEQUENCE ? nameIn(bytes, issuer) : null;
}

/** Where the first certificate begins. */
function findCertificate(bytes: Uint8Array): number | null {
  let at = 0;
  while (at + RECORD_HEADER <= bytes.length && bytes[at] === HANDSHAKE && bytes[at + 1] === 3) {
    const end = at + RECORD_HEADER + word(bytes, at + 3, 2);
    let message = at + RECORD_HEADER;
    while (message + MESSAGE_HEADER <= Math.min(end, bytes.length)) {
      if (bytes[message] === CERTIFICATE) return message + MESSAGE_HEADER + LIST_HEADER;
      message += MESSAGE_HEADER + word(bytes, message + 1, 3);
    }
    at = end;
  }
  return null;
}

function nameIn(bytes: Uint8Array, { from, to }: Element): string | null {
  let organization: string | null = null;
  for (let at = from; at < to; ) {
    const set = elementAt(bytes, at);
    if (set === null || set.tag !== SET) break;
    const pair = elementAt(bytes, set.from);
    const id = pair === null ? null : elementAt(bytes, pair.from);
    const value = id === null ? null : elementAt(bytes, id.to);
    if (id === null || value === null || value.to > bytes.length) break;
    const text = new TextDecoder().decode(bytes.subarray(value.from, value.to));
    if (isAttribute(bytes, id, COMMON_NAME)) return text;
    if (isAttribute(bytes, id, ORGANIZATION)) organization = text;
    at = set.to;
  }
  return organization;
}

const isAttribute = (bytes: Uint8Array, id: Element, wanted: number): boolean =>
  id.tag === OID && id.to - id.from === 3 && word(bytes, id.from, 3) === wanted;

/** Tag and place of a DER element (X.690, 8.1); null where its header was not captured. */
function elementAt(bytes: Uint8Array, at: number): Element | null {
  const [tag, length] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || length === undefined) return null;
  if (length < 0x80) return { tag, from: at + 2, to: at + 2 + length };
  const octets = length & 0x7f;
  if (octets === 0 || octets > 3 || at + 2 + octets > bytes.length) return null;
  const from = at + 2 + octets;
  return { tag, from, to: from + word(bytes, at + 2, octets) };
}

function word(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0;
  for (let i = 0; i < octets; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
