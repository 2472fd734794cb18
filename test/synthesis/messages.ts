/** Messages that conversations begin with. */

export const GET =
  'GET /big.bin HTTP/1.1\r\nHost: files.example\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n';

/** Head of an answer whose body has this length. */
export const okHead = (length: number): string =>
  `HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`;

/** A TLS record of a ClientHello (RFC 8446), as far as anybody looks. */
export function tlsHello(): Uint8Array {
  const hello = new Uint8Array(517).fill(0x41);
  hello.set([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
  return hello;
}
