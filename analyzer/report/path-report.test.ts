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
