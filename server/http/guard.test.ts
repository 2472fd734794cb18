/** Who is answered, and who is not; and that nothing of a request becomes a path. */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenStore } from '../store/open-store.ts';
import { chunksOf, smallPcap, storeReport, testReport } from '../store/test-store.ts';
import { isLoopback } from './guard.ts';
import { apiRoutes, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let id = '';
beforeAll(async () => {
  server = await startTestServer({ allowedHosts: ['timeline.example.net'] });
  id = server.store.createIncident().id;
  const file = { name: 'c.pcap', vantage: null, mostBytes: 2 ** 20 };
  await server.store.addFile(id, file, chunksOf(smallPcap()));
  await storeReport(server.store as OpenStore, id, testReport(3));
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

const get = (headers: Record<string, string>, path = '/api/incidents') =>
  server.raw('GET', path, { headers });
const post = (headers: Record<string, string>) =>
  server.raw('POST', '/api/incidents', {
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  });

describe('Host', () => {
  it.each([
    'localhost',
    'LOCALHOST:80',
    '127.0.0.1:1234',
    '[::1]:7',
    '127.1.2.3',
    'timeline.example.net',
    'localhost.',
  ])('%s is ours', async (host) => {
    expect((await get({ host })).status).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'timeline.example.net.evil.example',
    '127.0.0.1@evil.example',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
    'a b',
  ])('%j is not', async (host) => {
    for (const path of ['/', '/api/incidents', '/metrics', '/healthz']) {
      const { status, json } = await get({ host }, path);
      expect({ path, status, json }).toMatchObject({
        path,
        status: 421,
        json: { error: { code: 'foreign-host' } },
      });
    }
  });

  it('must be there', async () => {
    expect(await bytesFrom(server.port, 'GET /api/incidents HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await bytesFrom(server.port, 'GET /api/incidents HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('Origin', () => {
  it('of our own page may change things, and so may what is no browser', async () => {
    const host = `localhost:${server.port}`;
    expect((await post({})).status).toBe(201);
    expect((await post({ host, origin: `http://${host}` })).status).toBe(201);
    expect((await post({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status).toBe(
      201,
    );
    expect(
      (await post({ host: 'timeline.example.net', origin: 'https://timeline.example.net' })).status,
    ).toBe(201);
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { origin: '' },
    { origin: 'file://' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('of another site may not: %j', async (headers) => {
    const before = server.store.incidents().length;
    const own = { host: `localhost:${server.port}` };
    expect(await post({ ...own, ...headers })).toMatchObject({
      status: 403,
      json: { error: { code: 'foreign-origin' } },
    });
    for (const [method, path] of [
      ['DELETE', `/api/incidents/${id}`],
      ['PATCH', `/api/incidents/${id}`],
      ['PUT', `/api/incidents/${id}/files?name=x`],
      ['POST', `/api/incidents/${id}/analysis`],
    ] as const)
      expect((await server.raw(method, path, { headers: { ...own, ...headers } })).status).toBe(403);
    expect(server.store.incidents()).toHaveLength(before);
  });

  it('a form of another site has no JSON to send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect((await post({ 'content-type': type })).status).toBe(415);
  });
});

describe('answers', () => {
  it('carry the headers that keep a page to itself', async () => {
    for (const path of ['/', '/api/incidents', '/nowhere', '/assets/index-Ab3_x9Zk.js']) {
      const { headers } = await server.raw('GET', path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'self';img-src 'self' data:;object-src 'none';base-uri 'none';frame-ancestors 'none';form-action 'self'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('to nonsense are an ApiError, and say nothing of the machine', async () => {
    const sent = { headers: { 'content-type': 'application/json' }, body: '{"title": ' };
    for (const answer of [
      await server.raw('POST', '/api/incidents', sent),
      await server.raw('POST', '/api/incidents', { ...sent, body: '[1]' }),
      await server.raw('POST', '/api/incidents', { ...sent, body: '{"title":7}' }),
      await server.raw('POST', '/api/incidents', { ...sent, body: `{"title":"${'x'.repeat(300_000)}"}` }),
      await server.raw('PATCH', `/api/incidents/${id}`, { ...sent, body: '{"keep":"never"}' }),
      await server.raw('PATCH', `/api/incidents/${id}`, { ...sent, body: '{"keep":false}' }),
      await server.raw('GET', '/api/%ff'),
      await server.raw('GET', '/api/incidents/%E0%A4%A'),
      await server.raw('BREW', '/api/incidents'),
      await server.raw('GET', `/api/incidents/${id}/flows?limit=many`),
      await server.raw('GET', `/api/incidents/${id}/flows?sort=id;DROP`),
      await server.raw('GET', `/api/incidents/${id}/flows?q=stall:%3Elong`),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      if (answer.bytes.length > 0 && answer.status !== 400) expect(answer.json).toHaveProperty('error.code');
      expect(answer.text).not.toMatch(/node_modules|\.ts\b|\bat \w+ \(|SELECT|stallscope-store/);
    }
  });
});

/** Every way of naming something else than one of our ids. */
const TRAVERSALS = [
  '..',
  '../..',
  '..%2f..%2fsecret.txt',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fsecret.txt',
  '..%5c..%5csecret.txt',
  '....//secret.txt',
  '%00',
  'a%00.pcap',
  '%2fetc%2fpasswd',
  'C:%5cwindows',
  '0000000000000000%2f..',
  '__proto__',
  'constructor',
  '-1',
  '1e3',
  'x'.repeat(3000),
];

describe('no part of an address becomes a path', () => {
  it.each(apiRoutes())('$method $path', async ({ method, path }) => {
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
    const known: Record<string, string> = { incident: id, flow: 'f0000000001', lane: 'v0', capture: 'c1' };
    const ask = async (name: string, evil: string): Promise<void> => {
      const address = names.reduce(
        (text, one) => text.replace(`:${one}`, one === name ? evil : (known[one] ?? '1')),
        path,
      );
      const { status, text } = await server.raw(method, address);
      expect([400, 404], address).toContain(status);
      expect(text).not.toContain('a secret beside the page');
    };
    for (const name of names) await Promise.all(TRAVERSALS.map((evil) => ask(name, evil)));
  });

  it.each(TRAVERSALS)('of the page: %s', async (evil) => {
    for (const path of [`/${evil}`, `/assets/${evil}`, `/assets/../../${evil}`, `//${evil}`]) {
      const answer = await server.raw('GET', path);
      expect(answer.text).not.toContain('a secret beside the page');
    }
    expect((await server.raw('GET', '/../secret.txt')).status).toBeGreaterThanOrEqual(400);
  });

  it.each([
    '../../evil.pcap',
    '/etc/passwd',
    'a\0b.pcap',
    'C:\\x\\evil.pcap',
    '.',
    '..',
    '',
    'x\r\nset-cookie: a=b',
    '"; filename=evil.html',
    '日本語.pcap',
  ])('the name of a file is a label: %j', async (name) => {
    const before = readdirSync(server.folder, { recursive: true }).length;
    const { json } = await server.raw('PUT', `/api/incidents/${id}/files?name=${encodeURIComponent(name)}`, {
      body: smallPcap(9),
    });
    const stored = json as { id: string; name: string };
    expect(stored.name).not.toMatch(/[\\/\p{Cc}]/u);
    expect(readdirSync(join(server.folder, 'files', id))).toContain(stored.id);
    const download = await server.raw('GET', `/api/incidents/${id}/files/${stored.id}`);
    expect(download.headers['content-disposition']).toMatch(/^attachment; filename=/);
    expect(download.headers).not.toHaveProperty('set-cookie');
    expect((await server.raw('DELETE', `/api/incidents/${id}/files/${stored.id}`)).status).toBe(204);
    expect(readdirSync(server.folder, { recursive: true })).toHaveLength(before);
  });
});

describe('a token', () => {
  const TOKEN = 'a-token-of-some-length';

  it('is asked for by a server that is given one', async () => {
    const guarded = await startTestServer({ token: TOKEN });
    const ask = (headers: Record<string, string>, path = '/api/incidents') =>
      guarded.raw('GET', path, { headers });
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${TOKEN}` },
      { cookie: `stallscope=${TOKEN}` },
      { cookie: `stallscope-${guarded.port}=%` },
    ] as Record<string, string>[]) {
      for (const path of ['/api/incidents', '/API/incidents', '/metrics', '/api/openapi.json', '/api'])
        expect(await ask(headers, path), path).toMatchObject({
          status: 401,
          json: { error: { code: 'no-token' } },
        });
    }
    expect((await ask({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    expect((await ask({}, '/healthz')).status).toBe(200);
    expect((await ask({}, `/api/incidents?token=${TOKEN}`)).status).toBe(401);
    await guarded.end();
  });

  it('is taken from the link, put into a cookie, and leaves the address', async () => {
    const guarded = await startTestServer({ token: TOKEN });
    const wrong = await guarded.raw('GET', '/?token=wrong');
    expect(wrong.status).toBe(401);
    expect(wrong.headers).not.toHaveProperty('set-cookie');
    expect((await guarded.raw('GET', `/?token=${TOKEN}&token=${TOKEN}`)).status).toBe(401);
    const { status, headers } = await guarded.raw('GET', `/?token=${TOKEN}`);
    expect({ status, location: headers.location }).toEqual({ status: 303, location: '/' });
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toBe(`stallscope-${guarded.port}=${TOKEN}; Path=/; HttpOnly; SameSite=Strict`);
    const own = { cookie: `other=1; ${cookie.split(';')[0]}` };
    expect((await guarded.raw('GET', '/api/incidents', { headers: own })).status).toBe(200);
    await guarded.end();
  });

  it('is made where others than this machine can ask, and must be worth its name', async () => {
    const open = await startTestServer({ host: '0.0.0.0' });
    expect(open.token).toMatch(/^[\w-]{32}$/);
    expect((await open.raw('GET', '/api/incidents')).status).toBe(401);
    const headers = { authorization: `Bearer ${open.token}` };
    expect((await open.raw('GET', '/api/incidents', { headers })).status).toBe(200);
    await open.end();
    await expect(startTestServer({ token: 'short' })).rejects.toMatchObject({ code: 'bad-request' });
    expect(server.token).toBeNull();
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['[::1]', true],
    ['localhost', true],
    ['127.0.0.1.evil.example', false],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.1', false],
  ])('%s is loopback: %s', (host, isOurs) => {
    expect(isLoopback(host)).toBe(isOurs);
  });
});

/** All that the server sends to these bytes. */
function bytesFrom(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (some: string) => {
      text += some;
    });
    socket.on('error', reject).on('close', () => resolve(text));
  });
}
