/**
 * What a client says first in TLS (RFC 8446, 4.1.2): for which name it asks, and which protocols it offers.
 * The trap: it comes in pieces, of TCP and of TLS; nobody may decide by the first one.
 */

export interface ClientHello {
  /** Lower case; null where it asks for none (an address), or for what is no host name. */
  readonly serverName: string | null;
  /** Of ALPN (RFC 7301), as offered. */
  readonly protocols: readonly string[];
}

/** Larger than any that is honest: keys that withstand quantum computers take 2 KiB. */
const LARGEST = 64 * 1024;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** `more`: it may become one with more bytes. `other`: it is no TLS that we know. */
export function readClientHello(bytes: Uint8Array): ClientHello | 'more' | 'other' {
  const message = readHandshake(bytes);
  if (typeof message === 'string') return message;
  try {
    return parse(new Reader(message));
  } catch (error) {
    if (error instanceof RangeError) return 'other';
    throw error;
  }
}

/** The body of the first handshake message, out of the records that it is spread over. */
function readHandshake(bytes: Uint8Array): Uint8Array | 'more' | 'other' {
  const body: number[] = [];
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return 'other';
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return 'other';
    if (body.length > 0 && body[0] !== CLIENT_HELLO) return 'other';
    if (body.length >= 4) {
      const length = (body[1]! << 16) | (body[2]! << 8) | body[3]!;
      if (length > LARGEST) return 'other';
      if (body.length >= 4 + length) return Uint8Array.from(body.slice(4, 4 + length));
    }
    if (bytes.length < at + 5) return 'more';
    const end = at + 5 + ((bytes[at + 3]! << 8) | bytes[at + 4]!);
    if (end === at + 5) return 'other'; // an empty one may not be sent, and would have us go on for ever
    for (let i = at + 5; i < Math.min(end, bytes.length); i++) body.push(bytes[i]!);
    at = end;
  }
}

function parse(reader: Reader): ClientHello {
  reader.take(2 + 32);
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  let serverName: string | null = null;
  let protocols: string[] = [];
  if (reader.isDone) return { serverName, protocols };
  const extensions = reader.vector(2);
  while (!extensions.isDone) {
    const type = extensions.number(2);
    const extension = extensions.vector(2);
    if (type === SERVER_NAME) serverName = readServerName(extension.vector(2));
    if (type === ALPN) protocols = readProtocols(extension.vector(2));
  }
  return { serverName, protocols };
}

function readServerName(names: Reader): string | null {
  while (!names.isDone) {
    const type = names.number(1);
    const name = names.vector(2).text().toLowerCase();
    if (type === 0) return HOST_NAME.test(name) ? name : null;
  }
  return null;
}

function readProtocols(list: Reader): string[] {
  const protocols: string[] = [];
  while (!list.isDone) protocols.push(list.vector(1).text());
  return protocols;
}

/** Throws RangeError beyond the end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError('beyond its end');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(length: number): number {
    return this.take(length).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** With its length in front, in so many bytes. */
  vector(lengthBytes: number): Reader {
    return new Reader(this.take(this.number(lengthBytes)));
  }

  text(): string {
    return Buffer.from(this.#bytes).toString('latin1');
  }
}
