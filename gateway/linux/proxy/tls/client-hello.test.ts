/** Hellos as Node's own client says them, cut and spread in every way; and bytes that are none. */
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClientHello } from './client-hello.ts';

/** What a client with these options sends first. */
function helloOf(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        resolve(chunk);
        done();
      },
    });
    connect({ socket, ...options }).on('error', () => {});
  });
}

/** The same handshake bytes in records of other lengths. */
function spread(hello: Buffer, lengths: readonly number[]): Buffer {
  const parts: Buffer[] = [];
  let rest = hello.subarray(5);
  for (const length of [...lengths, rest.length]) {
    if (rest.length === 0) break;
    const part = rest.subarray(0, length);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
    rest = rest.subarray(length);
  }
  return Buffer.concat(parts);
}

describe('a client hello', () => {
  it('says the name that is asked for and the protocols that are offered', async () => {
    const hello = await helloOf({ servername: 'Example.COM', ALPNProtocols: ['h2', 'http/1.1'] });
    expect(readClientHello(hello)).toEqual({ serverName: 'example.com', protocols: ['h2', 'http/1.1'] });
    expect(readClientHello(await helloOf({}))).toEqual({ serverName: null, protocols: [] });
  });

  it('is the same in whatever records it comes, and until it is whole it is not decided', async () => {
    const hello = await helloOf({ servername: 'example.com', ALPNProtocols: ['h2'] });
    const whole = readClientHello(hello);
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 6 });
    fc.assert(
      fc.property(lengths, fc.nat(), (records, cut) => {
        const bytes = spread(hello, records);
        expect(readClientHello(bytes)).toEqual(whole);
        expect(readClientHello(bytes.subarray(0, cut % bytes.length))).toBe('more');
      }),
    );
  });

  it.each([
    ['a request', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a server hello', Buffer.from([22, 3, 3, 0, 5, 2, 0, 0, 1, 0])],
    ['an empty record', Buffer.from([22, 3, 3, 0, 0])],
    ['one that claims to be longer than any', Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])],
    ['one whose parts are longer than it is', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 3])],
  ])('is not %s', (_, bytes) => {
    expect(readClientHello(bytes)).toBe('other');
  });

  it('has no name that could not be one of a host', async () => {
    const hello = await helloOf({ servername: 'example.com' });
    const at = hello.indexOf('example.com');
    hello.write('exa\0ple/com', at, 'latin1');
    expect(readClientHello(hello)).toMatchObject({ serverName: null });
  });

  it('never fails, whatever the bytes', async () => {
    const hello = await helloOf({ servername: 'example.com' });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), (changes) => {
        const bytes = Buffer.from(hello);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        readClientHello(bytes);
      }),
    );
  });
});
