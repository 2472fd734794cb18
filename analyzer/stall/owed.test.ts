import { describe, expect, it } from 'vitest';
import { HTTP_GET, Talk, watch } from '../test-frames.ts';
import { type Owed, whatIsOwed } from './owed.ts';
import type { SilenceWatch } from './silence.ts';

const CLIENT = 0;
const SERVER = 1;

/** What is owed at the end of the talk. */
function owedAfter(talk: Talk): Owed {
  const { connection, exchange } = watch([talk]).watches[0] as SilenceWatch;
  return whatIsOwed(connection, exchange);
}

const NOTHING = { what: 'nothing', by: SERVER, bytes: 0 };
const MID_ANSWER = { what: 'mid-answer', by: SERVER, bytes: null };
const asked = (): Talk => new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.02);
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n';

describe('a handshake', () => {
  it('is owed by the server until it is heard', () => {
    const syn = new Talk().client(0, { flags: 'SYN' });
    expect(owedAfter(syn)).toEqual({ what: 'handshake', by: SERVER, bytes: null });
    expect(owedAfter(new Talk().handshake())).toEqual(NOTHING);
  });
});

describe('bytes that were not acknowledged', () => {
  it('are owed by whoever sent them', () => {
    const download = asked().server(1.1, { payload: 700 });
    expect(owedAfter(download)).toEqual({ what: 'unacknowledged', by: SERVER, bytes: 700 });
    const upload = new Talk()
      .handshake()
      .client(1, { payload: 300 })
      .server(1.1)
      .client(1.2, { payload: 900 });
    expect(owedAfter(upload)).toEqual({ what: 'unacknowledged', by: CLIENT, bytes: 900 });
  });

  it('of a FIN are none', () => {
    const talk = asked()
      .server(1.1, { payload: HEAD.replace('2000', '0') })
      .client(1.11);
    talk.server(1.2, { flags: 'FIN ACK' });
    expect(owedAfter(talk)).toEqual(NOTHING);
  });

  it('of a whole request are an answer owed by the server', () => {
    const talk = new Talk().handshake().client(1, { payload: HTTP_GET });
    expect(owedAfter(talk)).toEqual({ what: 'answer', by: SERVER, bytes: null });
  });

  it('of the end of a longer turn are bytes owed by the client', () => {
    const post = new Talk().handshake().client(1, { payload: 'POST /a HTTP/1.1\r\n\r\n' }).server(1.02);
    expect(owedAfter(post.client(1.1, { payload: 1448 }))).toEqual({
      what: 'unacknowledged',
      by: CLIENT,
      bytes: 1448,
    });
  });
});

describe('a promised body', () => {
  const answered = (bytes: number): Talk =>
    asked()
      .server(1.1, { payload: HEAD.padEnd(HEAD.length + bytes, 'x') })
      .client(1.11);

  it('is owed to its last byte', () => {
    expect(owedAfter(answered(0))).toEqual({ what: 'promised', by: SERVER, bytes: 2000 });
    expect(owedAfter(answered(1999))).toEqual({ what: 'promised', by: SERVER, bytes: 1 });
    expect(owedAfter(answered(2000))).toEqual(NOTHING);
  });

  it('of a cut head may end later, so that up to a head more is still no answer of unknown length', () => {
    const cut = 'HTTP/1.1 200 OK\r\nContent-Length: 70000\r\nSer';
    const talk = (bytes: number): Talk =>
      asked().server(1.1, { payload: cut }).server(1.2, { payload: bytes }).client(1.21);
    expect(owedAfter(talk(69_999))).toEqual({ what: 'promised', by: SERVER, bytes: 1 });
    expect(owedAfter(talk(70_000))).toEqual(NOTHING);
    expect(owedAfter(talk(70_000 - 1 + 16_384))).toEqual(NOTHING);
    expect(owedAfter(talk(70_000 + 16_384))).toEqual(MID_ANSWER);
  });
});

describe('an answer', () => {
  it('is owed to an acknowledged HTTP request and to a TLS hello', () => {
    expect(owedAfter(asked())).toEqual({ what: 'answer', by: SERVER, bytes: null });
    const hello = Uint8Array.of(22, 3, 1, 0, 80, 1, 0, 0);
    expect(owedAfter(new Talk().handshake().client(1, { payload: hello }).server(1.1))).toEqual({
      what: 'answer',
      by: SERVER,
      bytes: null,
    });
  });

  it('is owed where the server has answered before, in whatever language', () => {
    const spoken = new Talk().handshake().client(1, { payload: 'a?' }).server(1.1, { payload: 'b' });
    spoken.client(2, { payload: 'c?' }).server(2.1);
    expect(owedAfter(spoken)).toEqual({ what: 'answer', by: SERVER, bytes: null });
    expect(owedAfter(new Talk().handshake().client(1, { payload: 'a?' }).server(1.1))).toEqual(NOTHING);
  });

  it('is not owed by a server that has closed', () => {
    expect(owedAfter(asked().server(1.1, { flags: 'FIN ACK' }).client(1.2))).toEqual(NOTHING);
  });
});

describe('an answer of unknown length', () => {
  /** Segments of 1448 bytes, all acknowledged. */
  const streamed = (segments: number, last: object = {}): Talk => {
    const talk = asked();
    for (let i = 0; i < segments; i++) talk.server(1.1 + i / 1000, { payload: 1448, ...last });
    return talk.client(1.5);
  };

  it('is unfinished while its last segment is full and was not pushed', () => {
    expect(owedAfter(streamed(2, { flags: 'ACK' }))).toEqual(MID_ANSWER);
    expect(owedAfter(streamed(1, { flags: 'ACK' }))).toEqual(MID_ANSWER);
    expect(owedAfter(streamed(2))).toEqual(NOTHING);
    expect(owedAfter(asked().server(1.1, { payload: 500, flags: 'ACK' }).client(1.2))).toEqual(NOTHING);
    expect(
      owedAfter(streamed(2, { flags: 'ACK' }).server(1.6, { payload: 10, flags: 'ACK' }).client(1.7)),
    ).toEqual(NOTHING);
  });

  it('is unfinished from 64 KiB on, though pushed', () => {
    expect(owedAfter(streamed(46))).toEqual(MID_ANSWER);
    expect(owedAfter(streamed(45))).toEqual(NOTHING);
  });

  it('is finished where answers of its size were complete before', () => {
    const again = (first: number): Talk => {
      const talk = streamed(first).client(2, { payload: HTTP_GET }).server(2.02);
      for (let i = 0; i < 60; i++) talk.server(2.1 + i / 1000, { payload: 1448 });
      return talk.client(2.5);
    };
    expect(owedAfter(again(46))).toEqual(NOTHING);
    expect(owedAfter(again(20))).toEqual(MID_ANSWER);
  });

  it('is finished where an end has closed', () => {
    expect(owedAfter(streamed(60).client(2, { flags: 'FIN ACK' }).server(2.02))).toEqual(NOTHING);
    expect(owedAfter(streamed(60).server(2, { flags: 'FIN ACK' }).client(2.02))).toEqual(NOTHING);
  });
});
