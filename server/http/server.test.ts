/** A whole incident over HTTP, as the page does it. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowPage, FrameDetail, IncidentDetail, IncidentSummary, StoredFile } from '../api.ts';
import { CAPTURES } from '../store/test-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

const create = async (title?: string): Promise<IncidentSummary> =>
  (await server.ask('POST', '/api/incidents', title === undefined ? {} : { title })).json as IncidentSummary;

const upload = (incident: string, name: string, body: Uint8Array) =>
  server.raw('PUT', `/api/incidents/${incident}/files?name=${encodeURIComponent(name)}`, { body });

const RTO = ['client', 'server'].map((name) => `${name}.pcap.gz`);

/** All events up to the one that `isLast`. */
function follow(
  incident: string,
  isLast: (event: string, data: string) => boolean,
): Promise<{ event: string; data: string }[]> {
  return new Promise((resolve, reject) => {
    const events: { event: string; data: string }[] = [];
    let rest = '';
    const asked = request({
      port: server.port,
      host: '127.0.0.1',
      path: `/api/incidents/${incident}/events`,
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
      response.setEncoding('utf8').on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
          if (event === '') continue;
          events.push({ event, data });
          if (!isLast(event, data)) continue;
          response.destroy();
          resolve(events);
        }
      });
    });
    asked.end();
  });
}

describe('an incident', () => {
  let id = '';

  it('is created, takes captures, is analysed under the eyes of whoever follows it', async () => {
    const created = await server.ask('POST', '/api/incidents', { title: 'Failover of 11:07' });
    expect(created.status).toBe(201);
    const summary = created.json as IncidentSummary;
    expect(summary).toMatchObject({ title: 'Failover of 11:07', state: 'empty', files: 0 });
    id = summary.id;
    for (const name of RTO) {
      const { status, json } = await upload(id, name, readFileSync(join(CAPTURES, 'rto-30', name)));
      expect({ status, json }).toMatchObject({ status: 201, json: { name, kind: 'capture' } });
    }
    const followed = follow(id, (event, data) => event === 'state' && data.includes('"state":"ready"'));
    expect((await server.ask('POST', `/api/incidents/${id}/analysis`)).status).toBe(202);
    const events = await followed;
    expect(events[0]).toMatchObject({ event: 'state' });
    expect(events.map(({ event }) => event)).toContain('progress');
  });

  it('has a report, flows, and frames in words', async () => {
    const detail = (await server.ask('GET', `/api/incidents/${id}`)).json as IncidentDetail;
    expect(detail.storedFiles.map(({ name }) => name)).toEqual(RTO);
    expect(detail.report?.headline).toBe(detail.headline);
    const page = (await server.ask('GET', `/api/incidents/${id}/flows?limit=5&sort=stall&order=desc`))
      .json as FlowPage;
    expect(page.total).toBe(detail.flows);
    const flow = page.rows[0];
    expect((await server.ask('GET', `/api/incidents/${id}/flows/${flow?.id}`)).status).toBe(200);
    const capture = detail.report?.captures[0]?.id;
    const frame = (await server.ask('GET', `/api/incidents/${id}/frames/${capture}/1`)).json as FrameDetail;
    expect(frame.sightings[0]?.frame).toEqual({ capture, frame: 1 });
    expect(frame.sightings[0]?.layers.map(({ name }) => name)).toContain('TCP');
    expect((await server.ask('GET', `/api/incidents/${id}/frames/${capture}/99999999`)).status).toBe(404);
  });

  it('gives back the bytes of a file, and the whole report', async () => {
    const detail = (await server.ask('GET', `/api/incidents/${id}`)).json as IncidentDetail;
    const [file] = detail.storedFiles as [StoredFile];
    const bytes = readFileSync(join(CAPTURES, 'rto-30', file.name));
    const download = await server.raw('GET', `/api/incidents/${id}/files/${file.id}`);
    expect(download.bytes.equals(bytes)).toBe(true);
    expect(download.headers).toMatchObject({
      'content-disposition': `attachment; filename=${file.name}`,
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    const report = (await server.raw('GET', `/api/incidents/${id}/export/report.json`)).json;
    expect(report).toMatchObject({ headline: detail.headline, schemaVersion: 1 });
    expect((report as { flows: unknown[] }).flows).toHaveLength(detail.flows ?? -1);
    expect((report as { captures: unknown[] }).captures[0]).toMatchObject({ sha256: file.sha256 });
  });

  it('is listed, renamed, and deleted', async () => {
    const other = await create();
    expect((await server.ask('GET', '/api/incidents')).json).toMatchObject({
      incidents: [{ id: other.id }, { id }],
    });
    expect(
      (await server.ask('PATCH', `/api/incidents/${other.id}`, { title: 'Nothing' })).json,
    ).toMatchObject({
      title: 'Nothing',
    });
    expect((await server.ask('DELETE', `/api/incidents/${other.id}`)).status).toBe(204);
    expect((await server.ask('GET', `/api/incidents/${other.id}`)).json).toEqual({
      error: { code: 'not-found', message: 'there is no such incident' },
    });
  });
});

describe('the page', () => {
  it('is fetched anew, what it is made of is kept', async () => {
    const page = await server.raw('GET', '/');
    expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } });
    expect(page.text).toContain('Stallscope');
    expect((await server.raw('GET', '/assets/index-Ab3_x9Zk.js')).headers['cache-control']).toContain(
      'immutable',
    );
    expect((await server.raw('GET', '/assets/other.js')).status).toBe(404);
  });

  it('says how to build it where it was not', async () => {
    const bare = await startTestServer({ page: join(server.folder, 'none') });
    const page = await bare.raw('GET', '/');
    expect(page.status).toBe(503);
    expect(page.text).toContain('npm run build');
    await bare.end();
  });
});
