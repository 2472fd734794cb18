/** The document says what the server does: its routes are express's, and real answers fit its schemas. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeTile } from '../../analyzer/index.ts';
import type {
  Delivery,
  FlowDetail,
  FlowPage,
  FrameDetail,
  IncidentDetail,
  IncidentSummary,
  Pin,
  StoredFile,
} from '../api.ts';
import { CAPTURES } from '../store/test-store.ts';
import { SCHEMAS } from './api-schemas.ts';
import { type OpenApi, openApi } from './openapi.ts';
import { ref } from './schema.ts';
import { faultsOf } from './test-schema.ts';
import { type Answer, apiRoutes, type Sent, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    key: `${method.toUpperCase()} ${path}`,
    path,
    operation,
  })),
);

/** Operations that were asked and whose answer fitted. */
const asked = new Set<string>();

/** Asks, and compares the answer with what the document says of it. */
async function ask(
  method: string,
  path: string,
  ids: Record<string, string | number> = {},
  sent?: Sent,
): Promise<Answer> {
  const [route = '', query = ''] = path.split('?');
  const found = openApi.paths[route]?.[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${route} is not described`);
  for (const name of new URLSearchParams(query).keys())
    expect(
      found.parameters.map((one) => one.name),
      `${route} ${name}`,
    ).toContain(name);
  const answer = await server.raw(
    method,
    path.replace(/\{(\w+)\}/g, (_, name: string) => String(ids[name])),
    sent,
  );
  const described = found.responses[answer.status] ?? found.responses.default;
  expect(Object.keys(found.responses), `${method} ${path}: ${answer.text.slice(0, 200)}`).toContain(
    answer.status < 400 ? String(answer.status) : 'default',
  );
  const [type, content] = Object.entries(described?.content ?? {})[0] ?? [];
  if (type === undefined) expect(answer.bytes).toHaveLength(0);
  else expect(answer.headers['content-type']?.split(';')[0]).toBe(type);
  if (content?.schema !== undefined) expect(faultsOf(answer.json, content.schema).slice(0, 10)).toEqual([]);
  if (answer.status < 400) asked.add(`${method} ${route}`);
  return answer;
}

const json = (body: unknown): Sent => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function analysed(scenario: string): Promise<string> {
  const { id } = (await ask('POST', '/api/incidents', {}, json({ title: scenario }))).json as IncidentSummary;
  const ids = { incident: id };
  for (const name of readdirSync(join(CAPTURES, scenario)).filter((one) => one !== 'truth.json')) {
    const body = readFileSync(join(CAPTURES, scenario, name));
    await ask('PUT', `/api/incidents/{incident}/files?name=${name}`, ids, { body });
  }
  const done = new Promise<void>((resolve) => {
    server.jobs.onEvent((event) => {
      if (event.kind === 'state' && event.incident === id && event.summary.state === 'ready') resolve();
    });
  });
  await ask('POST', '/api/incidents/{incident}/analysis', ids);
  await done;
  return id;
}

describe('the document', () => {
  it('has the routes of express, all of them and no others', () => {
    const routes = apiRoutes().map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ key }) => key).sort()).toEqual(routes.sort());
  });

  it('names every parameter of a path, and says what it is', () => {
    for (const { key, path, operation } of operations) {
      const named = operation.parameters.filter((one) => one.in === 'path');
      expect(
        named.map((one) => `{${one.name}}`),
        key,
      ).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const one of operation.parameters) expect(one.description, `${key} ${one.name}`).not.toBe('');
    }
  });

  it('refers to schemas that are there, and has none that nobody refers to', () => {
    const names = [...JSON.stringify(openApi).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    // A stream of events names its types in words.
    expect([...new Set([...names, 'Progress'])].sort()).toEqual(Object.keys(SCHEMAS).sort());
  });

  it('is what the server hands out', async () => {
    expect((await ask('GET', '/api/openapi.json')).json as OpenApi).toEqual(
      JSON.parse(JSON.stringify(openApi)),
    );
  });
});

describe('real answers fit it', () => {
  it.each(['mixed-24', 'f-tproxy-wget', 'nat-synced'])('of %s', async (scenario) => {
    const incident = await analysed(scenario);
    const ids = { incident };
    const detail = (await ask('GET', '/api/incidents/{incident}', ids)).json as IncidentDetail;
    const page = (
      await ask('GET', '/api/incidents/{incident}/flows?limit=50&offset=0&sort=stall&order=desc&q=', ids)
    ).json as FlowPage;
    expect(page.total).toBeGreaterThan(0);
    for (const row of page.rows.slice(0, 20)) {
      const flow = { ...ids, flow: row.id };
      const { lanes } = (await ask('GET', '/api/incidents/{incident}/flows/{flow}', flow)).json as FlowDetail;
      await ask('GET', '/api/incidents/{incident}/flows/{flow}/journeys?limit=100', flow);
      for (const { lane } of lanes.slice(0, 2))
        await ask('GET', '/api/incidents/{incident}/lanes/{lane}/frames?from=0&limit=50&least=0&order=desc', {
          ...ids,
          lane,
        });
    }
    for (const { id } of detail.report?.captures ?? [])
      await ask('GET', '/api/incidents/{incident}/frames/{capture}/{frame}', {
        ...ids,
        capture: id,
        frame: 3,
      });
    await ask('GET', '/api/incidents/{incident}/export/report.json', ids);
  });

  it('of everything else', async () => {
    const incident = await analysed('rto-30');
    const ids = { incident };
    await ask('GET', '/api/incidents');
    await ask('PATCH', '/api/incidents/{incident}', ids, json({ title: 'x', keep: '30d' }));
    await ask('PATCH', '/api/incidents/{incident}', ids, json({ keep: true }));
    await ask('PATCH', '/api/incidents/{incident}', ids, json({ keep: 'never' }));
    const pin = (
      await ask(
        'POST',
        '/api/incidents/{incident}/pins',
        ids,
        json({ target: 'flow:f1', at: null, title: 't', note: '' }),
      )
    ).json as Pin;
    await ask('GET', '/api/incidents/{incident}/pins', ids);
    await ask(
      'PATCH',
      '/api/incidents/{incident}/pins/{pin}',
      { ...ids, pin: pin.id },
      json({ note: 'n', at: '1' }),
    );
    await ask('POST', '/api/incidents/{incident}/pins', ids, json({ target: 'nonsense', title: 't' }));
    await ask('DELETE', '/api/incidents/{incident}/pins/{pin}', { ...ids, pin: pin.id });
    for (const name of ['flows.csv', 'flows.jsonl', 'incident.md', 'incident.html', 'annotated.pcapng'])
      await ask('GET', `/api/incidents/{incident}/export/${name}`, ids);
    await ask('GET', '/metrics');
    await ask('GET', '/healthz');
    const [stored] = ((await ask('GET', '/api/incidents/{incident}', ids)).json as IncidentDetail)
      .storedFiles as [StoredFile];
    const file = { ...ids, file: stored.id };
    await ask('GET', '/api/incidents/{incident}/files/{file}', file);
    await ask('PATCH', '/api/incidents/{incident}/files/{file}', file, json({ vantage: 'client' }));
    await ask('DELETE', '/api/incidents/{incident}/files/{file}', file);
    await ask('DELETE', '/api/incidents/{incident}', ids);
    await ask('GET', '/api/incidents/{incident}', ids);
  });

  it('of deliveries and the clock', async () => {
    const body = readFileSync(join(CAPTURES, 'rto-7/client.pcap.gz'));
    const wanted = {
      ...{ collector: 'c1', name: 'a.pcap.gz', kind: 'capture', vantage: null, size: body.length },
      sha256: createHash('sha256').update(body).digest('hex'),
      incident: { window: { from: '1', to: '2' }, at: '1', why: 'test' },
    };
    const { id } = (await ask('POST', '/api/deliveries', {}, json(wanted))).json as Delivery;
    await ask('GET', '/api/deliveries/{delivery}', { delivery: id });
    await ask('PATCH', '/api/deliveries/{delivery}?offset=0', { delivery: id }, { body });
    expect((await ask('GET', '/api/deliveries/{delivery}', { delivery: id })).json).toMatchObject({
      done: true,
    });
    await ask('PATCH', '/api/deliveries/{delivery}?offset=0', { delivery: id }, { body });
    await ask('POST', '/api/deliveries', {}, json({ ...wanted, size: 'x' }));
    await ask('POST', '/api/clock');
  });

  it('of tiles, which are kept as long as the result is the same', async () => {
    const incident = await analysed('rto-30');
    const ids = { incident, lane: 'v0', resolution: 34, index: 0 };
    const path = '/api/incidents/{incident}/lanes/{lane}/tiles/{resolution}/{index}';
    const tile = await ask('GET', path, ids);
    expect(decodeTile(new Uint8Array(tile.bytes).buffer)?.rows).toBeGreaterThan(0);
    const { revision } = server.store.incident(incident);
    expect(tile.headers).toMatchObject({ etag: `"r${revision}"`, 'cache-control': 'private, no-cache' });
    const kept = await ask('GET', `${path}?revision=${revision}`, ids);
    expect(kept.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    const stale = await ask('GET', `${path}?revision=${revision - 1}`, ids);
    expect(stale.headers['cache-control']).toBe('private, no-cache');
    const known = await ask('GET', path, ids, { headers: { 'if-none-match': `W/"x", "r${revision}"` } });
    expect(known.status).toBe(304);
    for (const [name, value] of [
      ['lane', 'v99'],
      ['lane', 'x'],
      ['resolution', -1],
      ['resolution', 54],
      ['index', 'x'],
      ['index', '99999999999999999'],
    ] as const)
      expect((await ask('GET', path, { ...ids, [name]: value })).status, `${name} ${value}`).toBe(404);
  });

  it('of a frame, as every vantage saw it', async () => {
    const incident = await analysed('rto-30');
    const detail = (await ask('GET', '/api/incidents/{incident}', { incident })).json as IncidentDetail;
    const page = (
      await ask('GET', '/api/incidents/{incident}/flows?limit=1&sort=stall&order=desc', { incident })
    ).json as FlowPage;
    const { journeys } = (
      await ask('GET', '/api/incidents/{incident}/flows/{flow}/journeys?limit=1', {
        incident,
        flow: page.rows[0]?.id ?? '',
      })
    ).json as {
      journeys: {
        stops: { vantage: number; seen: string; frame?: { capture: string; frame: number }; time?: number }[];
      }[];
    };
    const seen = journeys[0]?.stops.filter(({ frame }) => frame !== undefined) ?? [];
    expect(seen.length).toBeGreaterThan(1);
    for (const stop of seen) {
      const { sightings } = (
        await ask('GET', '/api/incidents/{incident}/frames/{capture}/{frame}', { incident, ...stop.frame })
      ).json as FrameDetail;
      expect(sightings[0]?.frame).toEqual(stop.frame);
      expect(sightings.map(({ vantage }) => vantage).sort()).toEqual(
        seen.map(({ vantage }) => vantage).sort(),
      );
      const ports = sightings.map(({ layers }) => layers.find(({ name }) => name === 'TCP')?.fields);
      for (const fields of ports)
        expect(fields?.map(({ name }) => name)).toEqual(ports[0]?.map(({ name }) => name));
      const origin = BigInt(detail.timeline?.origin ?? 0);
      expect(sightings[0]?.time).toBe(String(origin + BigInt(Math.round(stop.time ?? 0))));
    }
  });

  it('and every operation was asked', () => {
    // Events never end: they have tests of their own.
    const missing = operations.map(({ key }) => key).filter((key) => !asked.has(key));
    expect(missing).toEqual(['GET /api/incidents/{incident}/events']);
  });
});

describe('the comparison itself', () => {
  it.each([
    [{ error: { code: 'x', message: 'y' } }, []],
    [{ error: { code: 'x', message: 'y', extra: 1 } }, ['$.error.extra is not described']],
    [{ error: { code: 'x' } }, ['$.error.message is missing']],
    [{ error: { code: 1, message: 'y' } }, ['$.error.code: 1 is no string']],
    [null, ['$: null is no object']],
  ])('%j', (value, faults) => {
    expect(faultsOf(value, ref('ApiError'))).toEqual(expect.arrayContaining(faults));
    expect(faultsOf(value, ref('ApiError')).length === 0).toBe(faults.length === 0);
  });
});
