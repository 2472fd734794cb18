/**
 * What nodes alone show of a connection that nobody heard of again at the old one. Nothing ties their clocks here, so
 * that only numbers tell which of two captures saw more.
 */
import { describe, expect, it } from 'vitest';
import { HTTP_GET } from './test-frames.ts';
import { type Place, Trip } from './test-path.ts';
import { opened, verdictOn } from './test-stories.ts';

const NODES: readonly Place[] = ['a.in', 'a.out', 'b.in', 'b.out'];
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';

/** A request and its answer through A, which goes when nothing is owed. */
const atRest = (): Trip =>
  new Trip()
    .handshake(0)
    .client(1, { payload: HTTP_GET })
    .server(1.01, { payload: ANSWER })
    .client(1.02)
    .through('b');

/** What the server has to tell, and again: it comes to B, and reaches this place. */
function told(to: Place): Trip {
  const t = atRest();
  const news = { seq: 1 + ANSWER.length, payload: 100, to };
  for (const at of [12, 12.2, 12.6, 13.4, 15, 18.2, 24.6]) t.server(at, news);
  return t;
}

/** By the nodes' captures alone, whose clocks nothing ties. */
const words = (trip: Trip): string => {
  const { outcome, cause } = verdictOn([trip, opened({ port: 42_000 })], { places: NODES });
  return `${outcome} ${cause ?? '?'}`;
};

describe('a connection at rest when its node went, by the nodes alone', () => {
  it('hangs where the new node keeps what the server repeats', () => {
    expect(words(told('b.out'))).toBe('hung no-state-drop');
  });

  it('does not where it was passed on and acknowledged', () => {
    expect(
      words(
        told('b.out')
          .server(30, { seq: 1 + ANSWER.length, payload: 100 })
          .client(30.01),
      ),
    ).toBe('resumed ?');
    expect(
      words(atRest().client(12, { payload: HTTP_GET }).server(12.01, { payload: ANSWER }).client(12.02)),
    ).toBe('unaffected ?');
  });

  it('is reset where the new node refuses its next request', () => {
    const refused = atRest()
      .client(12, { payload: HTTP_GET, to: 'b.in' })
      .server(12.001, { flags: 'RST', from: 'b.in' });
    expect(words(refused)).toMatch(/^reset/);
  });
});
