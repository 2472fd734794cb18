/** Uploads that go well, and all the ways in which they do not: what is left on the disk afterwards. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredFile } from '../api.ts';
import { smallPcap } from '../store/test-store.ts';
import { answerOf, startTestServer, type TestServer } from './test-server.ts';

const MOST = 4 * 2 ** 20;

let server: TestServer;
let id = '';
beforeAll(async () => {
  server = await startTestServer({ limits: { mostUploadBytes: MOST, uploadIdleMs: 3000, bodyMs: 400 } });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});
beforeEach(() => {
  id = server.store.createIncident().id;
});

const pathOf = (name = 'a.pcap') => `/api/incidents/${id}/files?name=${name}`;
const put = (body: Uint8Array | string, name?: string) => server.raw('PUT', pathOf(name), { body });

/** Begins an upload, and leaves it to the test to go on. */
function begin(headers: Record<string, string> = {}): ClientRequest {
  const asked = request({
    host: '127.0.0.1',
    port: server.port,
    method: 'PUT',
    path: pathOf(),
    headers,
    agent: false,
  });
  asked.on('error', () => {});
  return asked;
}

const incoming = (): string[] => readdirSync(join(server.folder, 'incoming'));

/** Nothing in the store, nothing on the disk. */
async function expectNothing(): Promise<void> {
  await expect.poll(incoming).toEqual([]);
  expect(server.store.incidentDetail(id).storedFiles).toEqual([]);
  expect(readdirSync(join(server.folder, 'files'))).not.toContain(id);
}

const large = (bytes: number): Buffer => Buffer.concat([smallPcap(), Buffer.alloc(bytes)]);

describe('an upload', () => {
  it('is stored byte for byte', async () => {
    const body = large(3 * 2 ** 20);
    const { status, json } = await put(body);
    expect(status).toBe(201);
    const stored = json as StoredFile;
    expect(stored).toMatchObject({
      name: 'a.pcap',
      kind: 'capture',
      size: body.length,
      vantage: null,
      sha256: createHash('sha256').update(body).digest('hex'),
    });
    expect(readFileSync(join(server.folder, 'files', id, stored.id)).equals(body)).toBe(true);
  });

  it('keeps the vantage it is given', async () => {
    const said = await server.raw('PUT', `${pathOf()}&vantage=node-a.in`, { body: smallPcap() });
    expect(said.json).toMatchObject({ vantage: 'node-a.in' });
    const wrong = await server.raw('PUT', `${pathOf()}&vantage=node%20a%2F..`, { body: smallPcap() });
    expect(wrong).toMatchObject({ status: 400, json: { error: { code: 'bad-request' } } });
  });

  it('two at once, piece by piece in turn, do not mix', async () => {
    const bodies = [large(300_000), gzipSync(large(300_000).fill(7, 24))];
    const uploads = bodies.map(() => begin());
    const answers = uploads.map(answerOf);
    for (let at = 0; at < 400_000; at += 50_000) {
      for (const [i, upload] of uploads.entries()) upload.write(bodies[i]?.subarray(at, at + 50_000) ?? '');
      await new Promise(setImmediate);
    }
    for (const upload of uploads) upload.end();
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      const stored = answer.json as StoredFile;
      expect(readFileSync(join(server.folder, 'files', id, stored.id)).equals(bodies[i] as Buffer)).toBe(
        true,
      );
    }
  });

  it('that the client breaks off leaves nothing', async () => {
    const asked = begin({ 'content-length': '1000000' });
    asked.write(large(200_000));
    await expect.poll(incoming).toHaveLength(1);
    asked.destroy();
    await expectNothing();
    expect((await put(smallPcap())).status).toBe(201);
  });

  it('that ends short of its length leaves nothing', async () => {
    const asked = begin({ 'content-length': '1000000' });
    asked.write(smallPcap());
    await expect.poll(incoming).toHaveLength(1);
    asked.socket?.end();
    await expectNothing();
  });

  it('that stands still is ended, and told why', async () => {
    const asked = begin({ 'content-length': '1000000' });
    const answer = answerOf(asked);
    asked.write(smallPcap());
    expect(await answer).toMatchObject({ status: 408, json: { error: { code: 'timeout' } } });
    await expectNothing();
  });

  it('that is slow, but goes on, takes as long as it needs', async () => {
    const asked = begin();
    const answer = answerOf(asked);
    for (const byte of smallPcap().subarray(0, 8)) {
      asked.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    asked.end(smallPcap().subarray(8));
    expect((await answer).status).toBe(201);
  });

  it.each(['announced', 'not announced'])('that is too large is refused, its length %s', async (how) => {
    const body = large(MOST + 1);
    const asked = begin(how === 'announced' ? { 'content-length': String(body.length) } : {});
    const answer = answerOf(asked);
    asked.end(body);
    expect(await answer).toMatchObject({ status: 413, json: { error: { code: 'too-large' } } });
    await expectNothing();
  });

  it.each([
    ['empty', ''],
    ['a small text', 'The gateway failed over at 11:07.'],
    ['a large text', 'y\n'.repeat(1_500_000)],
    ['a picture', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100_000, 1)])],
  ])('of what is no capture is refused: %s', async (_, body) => {
    const { status, json } = await put(body, 'notes.txt');
    expect(status).toBe(415);
    expect(json).toMatchObject({
      error: {
        code: 'not-a-capture',
        message: expect.stringMatching(/^notes\.txt: /),
        hint: expect.stringMatching(/pcap or pcapng.*gzip, zstd or lz4/),
      },
    });
    await expectNothing();
  });

  it('to no incident is refused before it is read', async () => {
    id = '0123456789abcdef';
    const asked = begin({ 'content-length': String(MOST) });
    const answer = answerOf(asked);
    asked.write(smallPcap());
    expect(await answer).toMatchObject({ status: 404 });
    asked.destroy();
  });

  it('is refused where the disk would be full', async () => {
    const full = await startTestServer({ limits: { freeBytes: 2 ** 60 } });
    const { id: incident } = full.store.createIncident();
    const { status, json } = await full.raw('PUT', `/api/incidents/${incident}/files?name=a`, {
      body: smallPcap(),
    });
    expect({ status, json }).toMatchObject({ status: 507, json: { error: { code: 'disk-full' } } });
    expect(await full.raw('GET', '/healthz')).toMatchObject({
      status: 503,
      json: { status: 'failing', checks: { database: 'ok', disk: 'it is nearly full' } },
    });
    await full.end();
  });

  it('whose incident is deleted meanwhile leaves nothing', async () => {
    const asked = begin();
    const answer = answerOf(asked);
    asked.write(smallPcap());
    await expect.poll(incoming).toHaveLength(1);
    await server.ask('DELETE', `/api/incidents/${id}`);
    asked.end();
    expect((await answer).status).toBe(404);
    expect(incoming()).toEqual([]);
    expect(readdirSync(join(server.folder, 'files'))).not.toContain(id);
  });

  it('leaves nothing when the server is closed under it', async () => {
    const short = await startTestServer({ limits: { graceMs: 50 } });
    const { id: incident } = short.store.createIncident();
    const asked = request({
      host: '127.0.0.1',
      port: short.port,
      method: 'PUT',
      path: `/api/incidents/${incident}/files?name=a`,
    });
    const broken = new Promise((resolve) => asked.on('error', resolve));
    asked.write(smallPcap());
    await expect.poll(() => readdirSync(join(short.folder, 'incoming'))).toHaveLength(1);
    await short.close();
    await broken;
    expect(readdirSync(join(short.folder, 'incoming'))).toEqual([]);
    await short.end();
  });
});

describe('a body of JSON', () => {
  it('that never comes is not waited for', async () => {
    const asked = request({
      host: '127.0.0.1',
      port: server.port,
      method: 'POST',
      path: '/api/incidents',
      headers: { 'content-type': 'application/json', 'content-length': '100' },
    });
    const answer = answerOf(asked);
    asked.write('{');
    expect(await answer).toMatchObject({ status: 408, json: { error: { code: 'timeout' } } });
    asked.destroy();
  });
});

describe('metrics', () => {
  it('count requests by route, bytes of uploads, analyses, and what is stored', async () => {
    await put(smallPcap());
    await server.raw('GET', `/api/incidents/${id}`);
    await server.raw('GET', '/api/nowhere');
    const { text, headers } = await server.raw('GET', '/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const value = (line: string): number =>
      Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.split(' ')
          .at(-1),
      );
    expect(value('stallscope_upload_bytes_total')).toBeGreaterThan(smallPcap().length);
    expect(value('stallscope_incidents')).toBe(server.store.incidents().length);
    expect(
      value(
        'stallscope_http_requests_total{method="PUT",route="/api/incidents/:incident/files",status="201"}',
      ),
    ).toBeGreaterThan(0);
    expect(value('stallscope_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
    expect(value('stallscope_analyses_running')).toBe(0);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect(text).not.toContain(id);
  });
});
