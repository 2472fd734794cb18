/**
 * Requests that no HTTP client sends: heads that never end, and those of which two readers would
 * disagree where the body ends (request smuggling, RFC 9112 section 11.2).
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { headersMs: 200 } });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

/** All that is answered until the server ends the connection. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      answer += data;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

const HEAD = 'POST /api/incidents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

it('a head that never ends is ended', async () => {
  expect(await exchange(`${HEAD}X-Slow: a`)).toMatch(/^HTTP\/1\.1 408 /);
});

it.each([
  ['two ways to tell the length', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a length that is no number', 'Content-Length: +2\r\n\r\n{}'],
  ['chunked, but not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['a chunk of no size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
  ['a head of 64 KiB', `X-Long: ${'a'.repeat(65_536)}\r\n\r\n`],
])('%s: refused, makes no incident, and nothing after it is read as a request', async (_, rest) => {
  const before = server.store.incidents().length;
  const answer = await exchange(`${HEAD}${rest}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  expect(server.store.incidents()).toHaveLength(before);
});
