import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadBytes, viewOf } from '../../packet/wire/bytes.ts';
import { isClientHello, parseRequestHead, parseResponseHead } from './http-head.ts';

const response = (text: string) => {
  const bytes = payloadBytes(text);
  return parseResponseHead(viewOf(bytes), 0, bytes.length);
};
const request = (text: string) => {
  const bytes = payloadBytes(text);
  return parseRequestHead(viewOf(bytes), 0, bytes.length);
};

describe('parseResponseHead', () => {
  it('reads status, length and the end of the head', () => {
    const head = 'HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 4096\r\n\r\n';
    expect(response(`${head}body`)).toEqual({
      status: 200,
      contentLength: 4096,
      chunked: false,
      headLength: head.length,
    });
  });

  it('takes header names in any case, with or without blanks', () => {
    expect(response('HTTP/1.0 200 OK\r\ncONTENT-lENGTH:12\r\n\r\n')?.contentLength).toBe(12);
    expect(response('HTTP/1.1 200 OK\r\nContent-Length: \t 12 \r\n\r\n')?.contentLength).toBe(12);
  });

  it('takes no other header for it, nor the body', () => {
    expect(response('HTTP/1.1 200 OK\r\nX-Content-Length: 12\r\n\r\n')?.contentLength).toBeNull();
    expect(response('HTTP/1.1 200 OK\r\nA: b\r\n\r\nContent-Length: 12\r\n')?.contentLength).toBeNull();
  });

  it('knows no length that is none', () => {
    expect(response('HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n')?.contentLength).toBeNull();
    expect(response('HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n')?.contentLength).toBeNull();
    expect(response('HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n')?.contentLength).toBeNull();
  });

  it('sees chunked, alone or last of several codings', () => {
    expect(response('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n')?.chunked).toBe(true);
    expect(response('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')?.chunked).toBe(true);
    expect(response('HTTP/1.1 200 OK\r\nTrailer: chunked\r\n\r\n')?.chunked).toBe(false);
  });

  it('a head that was cut has no end, and no header that was cut', () => {
    const cut = (text: string) => response(`HTTP/1.1 206 Partial Content\r\n${text}`);
    const known = { status: 206, chunked: false, headLength: null };
    expect(cut('Content-Length: 40\r\nDa')).toEqual({ ...known, contentLength: 40 });
    expect(cut('Content-Length: 40')).toEqual({ ...known, contentLength: null });
    expect(cut('Content-Length: 40\r\n')).toEqual({ ...known, contentLength: 40 });
    expect(cut('')).toEqual({ ...known, contentLength: null });
  });

  it('takes nothing else for a response', () => {
    const others = ['HTTP/2 200 OK\r\n\r\n', 'HTTP/1.1 2', 'HTTP/1.1 abc\r\n\r\n', 'GET / HTTP/1.1\r\n', ''];
    expect(others.map(response)).toEqual([null, null, null, null, null]);
  });

  it('is never fooled into throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(80), (text, cut) => {
        const bytes = payloadBytes(`HTTP/1.1 200 OK\r\n${text}`).subarray(0, cut);
        parseResponseHead(viewOf(bytes), 0, bytes.length);
        parseRequestHead(viewOf(bytes), 0, bytes.length);
        isClientHello(viewOf(bytes), 0, bytes.length);
      }),
    );
  });
});

describe('parseRequestHead', () => {
  it('reads method and target', () => {
    expect(request('GET /a?b=c HTTP/1.1\r\n')).toEqual({ method: 'GET', target: '/a?b=c' });
    expect(request('CONNECT a:443 HTTP/1.1\r\n')).toEqual({ method: 'CONNECT', target: 'a:443' });
  });

  it('reads a request that was cut in its target', () => {
    expect(request('POST /upl')).toEqual({ method: 'POST', target: '/upl' });
  });

  it('takes nothing else for a request', () => {
    const others = ['get / HTTP/1.1', 'GETX /', 'HELO a', 'GET', 'GET ', ' GET /', ''];
    expect(others.map(request)).toEqual(others.map(() => null));
  });

  it('reads at its place in the frame', () => {
    expect(parseRequestHead(viewOf(payloadBytes('xxHEAD /a HTTP/1.1')), 2, 16)).toEqual({
      method: 'HEAD',
      target: '/a',
    });
  });
});

describe('isClientHello', () => {
  const hello = (...bytes: number[]) => isClientHello(viewOf(Uint8Array.from(bytes)), 0, bytes.length);

  it('tells a TLS ClientHello from other records', () => {
    expect(hello(22, 3, 1, 2, 0, 1)).toBe(true);
    expect(hello(22, 3, 3, 0, 80, 2)).toBe(false);
    expect(hello(23, 3, 3, 0, 80, 1)).toBe(false);
    expect(hello(22, 2, 3, 0, 80, 1)).toBe(false);
    expect(hello(22, 3, 1, 2, 0)).toBe(false);
  });
});
