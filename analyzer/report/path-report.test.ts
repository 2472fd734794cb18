import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../test-frames.ts';
import { PLACES, type Place, reportOn, type Taken, Trip, type TripOptions, taken } from '../test-path.ts';
import type { Path } from './report.ts';

const request = (options: TripOptions = {}): Trip =>
  new Trip(options).handshake(0).client(1, { payload: HTTP_GET }).server(1.1, { payload: 900 }).client(1.2);
const path = (trips: readonly Trip[], places: readonly Place[] = PLACES): Path =>
  reportOn(taken(trips, places)).path;
const texts = ({ claims }: Path): string[] => claims.map((c) => c.text);
const numbered = (n: number, options: TripOptions = {}): Trip =>
  request({ client: `10.1.0.10 ${40_000 + n}`, isn: [n * 999_983 + 7, n * 777_777 + 9], ...options });

/** A ClientHello with a random of one byte, and a server's hello with a certificate that an authority issued. */
const hello = (random: number): Uint8Array =>
  Uint8Array.of(22, 3, 1, 0, 44, 1, 0, 0, 40, 3, 3, ...new Uint8Array(32).fill(random), 0, 0, 0);
function certified(issuer: string): Uint8Array {
  const der = (tag: number, ...body: number[]): number[] => [tag, body.length, ...body];
  const text = [...new TextEncoder().encode(issuer)];
  const name = der(0x30, ...der(0x31, ...der(0x30, ...der(6, 0x55, 4, 3), ...der(12, ...text))));
  const certificate = der(0x30, ...der(0x30, ...der(2, 1), ...der(0x30, 6, 0), ...name));
  const { length } = certificate;
  const message = [11, 0, 0, length + 6, 0, 0, length + 3, 0, 0, length, ...certificate];
  return Uint8Array.of(22, 3, 3, 0, message.length, ...message);
}

describe('what TLS shows of the path', () => {
  it('is the client’s hello and the server’s certificate on both sides of a router', () => {
    const t = new Trip().handshake(0).client(1, { payload: hello(7) });
    const found = path([t.server(1.1, { payload: certified('Public CA') }).client(1.2)]);
    expect(found.kind).toBe('forwarded');
    expect(texts(found)).toContain("the client's TLS hello came to the server's side as it was sent");
    expect(texts(found)).toContain('a certificate issued by "Public CA" was shown on both sides');
  });

  it('is who issued what the client was shown, where only it was captured', () => {
    const t = new Trip().handshake(0).client(1, { payload: hello(7) });
    const all = t.server(1.1, { payload: certified('Inspection CA') }).client(1.2);
    const found = path([all], ['client']);
    expect(found.kind).toBe('unknown');
    expect(texts(found)[0]).toContain('issued by "Inspection CA"');
  });

  it('is another hello and another issuer behind what intercepts it', () => {
    const near = new Trip().handshake(0).client(0.1, { payload: hello(7) });
    near.server(0.3, { payload: certified('Inspection CA') }).client(0.301);
    const far = new Trip({ client: '10.2.0.1 61000', isn: [7e8, 6e8], ticks: 9e8 }).handshake(0.001);
    far
      .client(0.101, { payload: hello(9) })
      .server(0.2, { payload: certified('Public CA') })
      .client(0.201);
    const files: Taken[] = [...taken([near], ['client', 'a.in']), ...taken([far], ['a.out', 'server'])];
    const said = texts(reportOn(files).path).join();
    expect(said).toContain("the TLS hello on the server's side is not the client's");
    expect(said).toContain('issued by "Inspection CA", and the server had shown one by "Public CA"');
  });
});

describe('the path', () => {
  it('is a router’s: the same first number on both sides, with the frames that show it', () => {
    const found = path([request()]);
    expect(found.kind).toBe('forwarded');
    expect(found.claims[0]).toMatchObject({
      kind: 'observed',
      frames: [
        { capture: 'c1', frame: 1 },
        { capture: 'c3', frame: 1 },
      ],
      shows: { from: 'client', what: 'syn' },
    });
    expect(found.claims[0]?.text).toContain('the same initial sequence number 1000 on both sides');
  });

  it('is a NAT’s, with the tuple on either side', () => {
    const found = path([request({ outside: { a: '10.2.0.1 61000' } })]);
    expect(found.kind).toBe('translated');
    expect(texts(found).join()).toContain(
      "10.1.0.10:40000 -> 10.2.0.10:80 on the client's side is 10.2.0.1:61000 -> 10.2.0.10:80 on the server's",
    );
  });

  it('is a firewall’s that shifts numbers, with both', () => {
    const found = path([request({ shift: [700_000_000, 3_000_000_000] })]);
    expect(found.kind).toBe('sequence-shifted');
    expect(texts(found)[0]).toContain("1000 on the client's side, 700001000 on the server's");
  });

  it('is a proxy’s, with the numbers of the two legs', () => {
    const answer = 'HTTP/1.1 200 OK\r\n\r\n';
    const near = new Trip().handshake(0).client(0.1, { payload: HTTP_GET }).server(0.3, { payload: answer });
    const far = new Trip({ client: '10.2.0.1 61000', isn: [7e8, 6e8], ticks: 9e8 }).handshake(0.001);
    far.client(0.101, { payload: HTTP_GET }).server(0.2, { payload: answer });
    const files: Taken[] = [...taken([near], ['client', 'a.in']), ...taken([far], ['a.out', 'server'])];
    const found = reportOn(files).path;
    expect(found.kind).toBe('terminated');
    expect(texts(found)[0]).toContain("1000 on the client's side, 700000000 on the server's");
  });

  it('is not known from one side', () => {
    expect(path([request()], ['client', 'a.in'])).toEqual({ kind: 'unknown', claims: [] });
  });

  it('is what most connections show, and says that others differ', () => {
    const nat = { outside: { a: '10.2.0.1 61003' } };
    const found = path([numbered(1), numbered(2), numbered(3, nat)]);
    expect(found.kind).toBe('forwarded');
    expect(texts(found).at(-1)).toBe('1 of 3 connections pass in another way');
  });
});
