/** Events of an incident: to many at once, and to nobody any more when it is over. */
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { heartbeatMs: 50, graceMs: 5_000 } });
});
afterAll(() => server.end());

interface Stream {
  readonly status: number;
  text(): string;
  /** Settles when the server ends it. */
  readonly ended: Promise<void>;
  leave(): void;
}

function open(id: string, port = server.port): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: `/api/incidents/${id}/events`, agent: false });
    asked.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (some: string) => {
        text += some;
      });
      const ended = new Promise<void>((end) => response.on('close', end));
      response.on('error', () => {});
      resolve({ status: response.statusCode ?? 0, text: () => text, ended, leave: () => asked.destroy() });
    });
    asked.end();
  });
}

const streams = async (): Promise<string> =>
  /^stallscope_event_streams (\d+)/m.exec((await server.raw('GET', '/metrics')).text)?.[1] ?? '';

describe('events', () => {
  it('say at once how it stands, then what changes, to all who follow, and beat in between', async () => {
    const { id } = server.store.createIncident('one');
    const all = await Promise.all(Array.from({ length: 100 }, () => open(id)));
    expect(await streams()).toBe('100');
    server.store.changeIncident(id, { title: 'another' });
    for (const one of all) {
      await expect.poll(one.text).toMatch(/^retry: \d+\n\nevent: state\ndata: \{.*"title":"one".*\}\n\n/);
      await expect.poll(one.text).toMatch(/event: state\ndata: \{.*"title":"another"/);
      await expect.poll(one.text).toContain(': \n\n');
      one.leave();
    }
    await expect.poll(streams).toBe('0');
  });

  it('are of one incident', async () => {
    const [one, other] = [server.store.createIncident('one'), server.store.createIncident('other')];
    const followed = await open(one.id);
    server.store.changeIncident(other.id, { title: 'changed' });
    server.store.changeIncident(one.id, { title: 'mine' });
    await expect.poll(followed.text).toContain('mine');
    expect(followed.text()).not.toContain('changed');
    followed.leave();
  });

  it('end with the incident, and there are none of one that is not there', async () => {
    const { id } = server.store.createIncident();
    const followed = await open(id);
    server.store.deleteIncident(id);
    await followed.ended;
    expect((await open(id)).status).toBe(404);
    expect(
      await server.raw('HEAD', `/api/incidents/${server.store.createIncident().id}/events`),
    ).toMatchObject({
      status: 200,
    });
    await expect.poll(streams).toBe('0');
  });
});

describe('a server that is closed', () => {
  it('ends events at once, frees its port and folder, and can be closed again', async () => {
    const short = await startTestServer({ limits: { graceMs: 60_000 } });
    const followed = await open(short.store.createIncident().id, short.port);
    await Promise.all([short.close(), short.close(), followed.ended]);
    expect(() => short.store.incidents()).toThrow();
    const again = await startTestServer({ folder: short.folder, port: short.port });
    expect(again.store.incidents()).toHaveLength(1);
    expect(readdirSync(join(short.folder, 'incoming'))).toEqual([]);
    await expect(startTestServer({ port: again.port })).rejects.toMatchObject({ code: 'port-in-use' });
    await expect(startTestServer({ folder: short.folder })).rejects.toMatchObject({ code: 'data-in-use' });
    await again.end();
    await short.end();
  });
});
