import { describe, expect, it } from 'vitest';
import { HTTP_GET, Talk, watch } from '../test-frames.ts';
import type { Exchange } from './exchange.ts';

const CLIENT = 0;
const SERVER = 1;
const SERVER_ISN = 5000;

const exchangeOf = (talk: Talk): Exchange => (watch([talk]).watches[0] as { exchange: Exchange }).exchange;
const asked = (request = HTTP_GET): Talk => new Talk().handshake().client(1, { payload: request });
/** Where the answer ends, counted from the server's SYN: its first byte is 1. */
const promisedBy = (talk: Talk) => {
  const { promised } = exchangeOf(talk);
  return promised === null ? null : { ...promised, end: promised.end - SERVER_ISN };
};

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n';

describe('turns', () => {
  it('change when the other end brings bytes, not when it acknowledges', () => {
    const talk = asked().server(1.1).server(1.2, { payload: 500 }).client(1.21).server(1.3, { payload: 300 });
    const { turn, turns, turnStart, longestAnswer } = exchangeOf(talk);
    expect({ turn, turns, turnStart: turnStart - SERVER_ISN, longestAnswer }).toEqual({
      turn: SERVER,
      turns: [1, 1],
      turnStart: 1,
      longestAnswer: 0,
    });
    expect(exchangeOf(talk).turnBytes(SERVER_ISN + 801)).toBe(800);
  });

  it('keep the length of the longest answer that was followed by a request', () => {
    const talk = asked().server(1.2, { payload: 500 }).client(2, { payload: HTTP_GET });
    talk.server(2.2, { payload: 100 }).client(3, { payload: HTTP_GET });
    const { turn, turns, longestAnswer, requests } = exchangeOf(talk);
    expect({ turn, turns, longestAnswer, requests }).toEqual({
      turn: CLIENT,
      turns: [3, 2],
      longestAnswer: 500,
      requests: 3,
    });
  });

  it('are none before any bytes', () => {
    const exchange = exchangeOf(new Talk().handshake());
    expect([exchange.turn, exchange.turnBytes(9999)]).toEqual([null, 0]);
  });

  it('do not change by bytes beyond a hole', () => {
    const talk = asked().server(1.1, { payload: 10, lost: true }).server(1.2, { payload: 500 });
    expect(exchangeOf(talk).turn).toBe(CLIENT);
  });
});

describe('a promised length', () => {
  it('is exact where the head is whole', () => {
    expect(promisedBy(asked().server(1.2, { payload: HEAD }))).toEqual({
      end: 1 + HEAD.length + 5000,
      exact: true,
      bodyLength: 5000,
    });
  });

  it('is that of the next answer, where requests were pipelined', () => {
    const pipelined = (next: string): Talk =>
      asked(`${HTTP_GET}${HTTP_GET}`)
        .server(1.2, { payload: HEAD })
        .server(1.3, { payload: 4000 })
        .server(1.4, { payload: `${'x'.repeat(1000)}${next}` });
    const end = 1 + HEAD.length + 5000;
    expect(promisedBy(pipelined(''))).toMatchObject({ end });
    expect(promisedBy(pipelined(HEAD))).toMatchObject({ end: end + HEAD.length + 5000, exact: true });
    expect(promisedBy(pipelined('HTTP/1.1 2'))).toBeNull();
    const empty = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    expect(promisedBy(pipelined(`${empty}${HEAD}`))).toMatchObject({
      end: end + empty.length + HEAD.length + 5000,
    });
  });

  it('is a lower bound where the head was cut', () => {
    const cut = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nServ';
    expect(promisedBy(asked().server(1.2, { payload: cut }))).toEqual({
      end: 1 + cut.length + 5000,
      exact: false,
      bodyLength: 5000,
    });
  });

  it('is read once an answer, not in the middle of a body', () => {
    const talk = asked()
      .server(1.2, { payload: HEAD })
      .server(1.3, { payload: HEAD.replace('5000', '9') });
    expect(promisedBy(talk)?.bodyLength).toBe(5000);
  });

  it('is none of a chunked body, of no header, of bytes that are no HTTP', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n';
    const answers = [chunked, 'HTTP/1.1 200 OK\r\n\r\n', 'anything else at all'];
    expect(answers.map((payload) => promisedBy(asked().server(1.2, { payload })))).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('ends with the next request', () => {
    const talk = asked().server(1.2, { payload: HEAD }).client(2, { payload: HTTP_GET });
    expect(promisedBy(talk)).toBeNull();
  });

  it.each([
    ['HEAD', HTTP_GET.replace('GET', 'HEAD'), HEAD],
    ['204', HTTP_GET, HEAD.replace('200 OK', '204 No Content')],
    ['304', HTTP_GET, HEAD.replace('200 OK', '304 Not Modified')],
  ])('is nothing but the head for %s', (_, request, head) => {
    expect(promisedBy(asked(request).server(1.2, { payload: head }))).toEqual({
      end: 1 + head.length,
      exact: true,
      bodyLength: 0,
    });
  });

  it('is that of the answer after 100 Continue', () => {
    const talk = asked().server(1.1, { payload: 'HTTP/1.1 100 Continue\r\n\r\n' });
    expect(promisedBy(talk)).toBeNull();
    talk.server(1.2, { payload: HEAD });
    expect(promisedBy(talk)).toEqual({ end: 1 + 25 + HEAD.length + 5000, exact: true, bodyLength: 5000 });
  });

  it('is none after 101 Switching Protocols', () => {
    const talk = asked().server(1.1, { payload: 'HTTP/1.1 101 Switching Protocols\r\n\r\n' });
    talk.server(1.2, { payload: HEAD });
    expect(promisedBy(talk)).toBeNull();
  });
});

describe('who is the client, where the SYN was missed', () => {
  /** The end on the lower port speaks first: a guess by port alone would be wrong. */
  const mid = () => new Talk({ client: '10.0.0.1 3000', server: '10.0.0.2 9000' });
  const clientOf = (talk: Talk) => {
    const { flow } = (
      watch([talk]).watches[0] as { connection: { flow: { client: number; clientReason: string } } }
    ).connection;
    return { client: flow.client, reason: flow.clientReason };
  };

  it('sent a request, or a TLS hello, or received a response', () => {
    const hello = Uint8Array.of(22, 3, 1, 0, 80, 1, 0, 0);
    expect(clientOf(mid().client(1, { payload: HTTP_GET }))).toEqual({ client: CLIENT, reason: 'hello' });
    expect(clientOf(mid().client(1, { payload: hello }))).toEqual({ client: CLIENT, reason: 'hello' });
    expect(clientOf(mid().server(1, { payload: HEAD }))).toEqual({ client: CLIENT, reason: 'hello' });
  });

  it('is a guess where nothing says it', () => {
    expect(clientOf(mid().client(1, { payload: 100 }))).toEqual({ client: SERVER, reason: 'guess' });
  });
});

describe('requests', () => {
  it('are read, with the method and the target', () => {
    const { request, requests, tls } = exchangeOf(asked());
    expect({ request, requests, tls }).toEqual({
      request: { method: 'GET', target: '/file' },
      requests: 1,
      tls: false,
    });
  });

  it('a TLS hello is none, but opens TLS', () => {
    const talk = new Talk().handshake().client(1, { payload: Uint8Array.of(22, 3, 1, 0, 80, 1, 0, 0) });
    const { request, requests, tls } = exchangeOf(talk);
    expect({ request, requests, tls }).toEqual({ request: null, requests: 0, tls: true });
  });
});
