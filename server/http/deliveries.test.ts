/** Files that come from collectors in pieces: once each, whole, into the incident of their time. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClockAnswer, Delivery, IncidentDetail, IncidentWish, NewDelivery } from '../api.ts';
import { CAPTURES, smallPcap } from '../store/test-store.ts';
import { type Answer, startTestServer, type TestServer } from './test-server.ts';

const MINUTE = 60_000_000_000n;
const NOON = 1_795_694_400_000_000_000n;
const SHIFTED = NOON + 123n;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    limits: { quietMs: 20, mostPieceBytes: 120_000, mostUploadBytes: 2_000_000, uploadIdleMs: 2_000 },
    wallClock: () => SHIFTED,
  });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

let salt = 0;
/** Captures that differ. */
const capture = (size = 400): Buffer => {
  salt += 1;
  return Buffer.concat([smallPcap(salt), randomBytes(size)]);
};
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const during = (from: bigint, to: bigint, more: Partial<IncidentWish> = {}): IncidentWish => ({
  window: { from: String(from), to: String(to) },
  ...more,
});

const wanted = (bytes: Uint8Array, more: Partial<NewDelivery> = {}): NewDelivery => ({
  collector: 'c1',
  name: 'client-000001.pcapng',
  size: bytes.length,
  sha256: hashOf(bytes),
  kind: 'capture',
  vantage: 'client',
  incident: { title: 'Captures' },
  ...more,
});

async function open(delivery: NewDelivery): Promise<Delivery> {
  const answer = await server.ask('POST', '/api/deliveries', delivery);
  expect(answer.text).toContain('offset');
  return answer.json as Delivery;
}

const patch = (id: string, offset: number, body: Uint8Array, headers = {}): Promise<Answer> =>
  server.raw('PATCH', `/api/deliveries/${id}?offset=${offset}`, { body, headers });

const GZIP = { 'content-encoding': 'gzip' };

async function deliver(bytes: Uint8Array, more: Partial<NewDelivery> = {}): Promise<Delivery> {
  const { id, offset } = await open(wanted(bytes, more));
  return (await patch(id, offset, gzipSync(bytes.subarray(offset)), GZIP)).json as Delivery;
}

const detail = async (incident: string | null): Promise<IncidentDetail> =>
  (await server.ask('GET', `/api/incidents/${incident}`)).json as IncidentDetail;

describe('a delivery', () => {
  it('comes in pieces, and is a file of its incident once all are there', async () => {
    const bytes = capture(5000);
    const { id, done, offset } = await open(wanted(bytes, { incident: { title: 'pieces' } }));
    expect({ done, offset }).toEqual({ done: false, offset: 0 });
    const first = await patch(id, 0, gzipSync(bytes.subarray(0, 2000)), GZIP);
    expect(first).toMatchObject({ status: 200, json: { id, offset: 2000, done: false, incident: null } });
    expect((await server.ask('GET', `/api/deliveries/${id}`)).json).toEqual(first.json);
    const last = (await patch(id, 2000, bytes.subarray(2000))).json as Delivery;
    expect(last).toMatchObject({ offset: bytes.length, done: true });
    const incident = await detail(last.incident);
    expect(incident.title).toBe('pieces');
    expect(incident.storedFiles).toEqual([
      expect.objectContaining({ name: 'client-000001.pcapng', sha256: hashOf(bytes), vantage: 'client' }),
    ]);
    const file = incident.storedFiles[0]?.id;
    const stored = await server.raw('GET', `/api/incidents/${incident.id}/files/${file}`);
    expect(stored.bytes.equals(bytes)).toBe(true);
    expect(readdirSync(join(server.folder, 'incoming'))).toEqual([]);
  });

  it('is the same one when it is asked for again, also when it is done', async () => {
    const bytes = capture();
    const delivery = wanted(bytes, { incident: { title: 'again' } });
    const { id } = await open(delivery);
    expect((await open(delivery)).id).toBe(id);
    await patch(id, 0, bytes);
    expect(await open(delivery)).toMatchObject({ id, done: true });
    expect(await patch(id, 0, bytes)).toMatchObject({ status: 409, json: { done: true } });
    const { incident } = await open(delivery);
    expect((await detail(incident)).storedFiles).toHaveLength(1);
    // Who deletes an incident does not want it back.
    await server.ask('DELETE', `/api/incidents/${incident}`);
    expect(await open(delivery)).toMatchObject({ id, done: true, incident: null });
  });

  it('that stands elsewhere says where', async () => {
    const bytes = capture();
    const { id } = await open(wanted(bytes));
    expect(await patch(id, 7, bytes)).toMatchObject({ status: 409, json: { offset: 0 } });
    await patch(id, 0, bytes.subarray(0, 10));
    expect(await patch(id, 0, bytes.subarray(0, 10))).toMatchObject({ status: 409, json: { offset: 10 } });
  });

  it('of two pieces for the same place takes one', async () => {
    const bytes = capture(100_000);
    const { id } = await open(wanted(bytes));
    const answers = await Promise.all([patch(id, 0, bytes), patch(id, 0, bytes), patch(id, 0, bytes)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect((await server.ask('GET', `/api/deliveries/${id}`)).json).toMatchObject({ done: true });
  });

  it('with other bytes than were promised begins anew', async () => {
    const bytes = capture();
    const { id } = await open(wanted(bytes));
    const other = Buffer.from(bytes);
    other[30] = (other[30] ?? 0) ^ 1;
    expect(await patch(id, 0, other)).toMatchObject({ status: 409, json: { offset: 0, done: false } });
    expect(await patch(id, 0, bytes)).toMatchObject({ status: 200, json: { done: true } });
  });

  it('of what is neither a capture nor a journal is refused and forgotten', async () => {
    const bytes = randomBytes(500);
    const { id } = await open(wanted(bytes));
    expect(await patch(id, 0, bytes)).toMatchObject({ status: 415 });
    expect(await server.ask('GET', `/api/deliveries/${id}`)).toMatchObject({ status: 404 });
  });
});

describe('a piece', () => {
  it('may not be more than it says, however well it is compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    const { id } = await open(wanted(capture(1_000_000)));
    expect(await patch(id, 0, bomb, GZIP)).toMatchObject({ status: 413 });
    // Empty members bring nothing, without end.
    const empty = Buffer.concat(Array.from({ length: 10_000 }, () => gzipSync(Buffer.alloc(0))));
    expect(await patch(id, 0, empty, GZIP)).toMatchObject({ status: 413 });
    expect(await patch(id, 0, gzipSync(randomBytes(1000)).subarray(0, 500), GZIP)).toMatchObject({
      status: 400,
    });
    expect(await patch(id, 0, randomBytes(500), GZIP)).toMatchObject({ status: 400 });
    expect(await patch(id, 0, randomBytes(5), { 'content-encoding': 'br' })).toMatchObject({ status: 415 });
    expect((await server.ask('GET', `/api/deliveries/${id}`)).json).toMatchObject({ offset: 0 });
  });

  it('may not be more than the file', async () => {
    const bytes = capture();
    const { id } = await open(wanted(bytes));
    expect(await patch(id, 0, Buffer.concat([bytes, bytes]))).toMatchObject({ status: 413 });
    expect(await patch(id, 0, bytes)).toMatchObject({ status: 200, json: { done: true } });
  });
});

it.each([
  [{ size: 0 }, 400],
  [{ size: 3_000_000 }, 413],
  [{ sha256: 'x' }, 400],
  [{ kind: 'other' }, 400],
  [{ collector: '' }, 400],
  [{ vantage: '../x' }, 400],
  [{ incident: {} }, 400],
  [{ incident: null }, 400],
  [{ incident: { window: { from: '2', to: '1' } } }, 400],
  [{ incident: { window: { from: '-2', to: '1' } } }, 400],
  [{ incident: { window: { from: '1', to: '9'.repeat(19) } } }, 400],
])('%j is refused', async (part, status) => {
  const answer = await server.ask('POST', '/api/deliveries', { ...wanted(capture()), ...part });
  expect(answer.status).toBe(status);
});

describe('incidents', () => {
  it('of one failover are one, which grows, from however many collectors', async () => {
    const a = await deliver(capture(), {
      incident: during(NOON, NOON + 5n * MINUTE, { why: 'node-b took over', at: String(NOON + 3n * MINUTE) }),
    });
    const b = await deliver(capture(), {
      collector: 'c2',
      incident: during(NOON + 5n * MINUTE + MINUTE / 2n, NOON + 9n * MINUTE, { why: 'other words' }),
    });
    const c = await deliver(capture(), {
      collector: 'c3',
      incident: during(NOON + 9n * MINUTE, NOON + 9n * MINUTE),
    });
    expect([b.incident, c.incident]).toEqual([a.incident, a.incident]);
    const { title, storedFiles } = await detail(a.incident);
    expect(title).toBe('Captured 26 Nov 12:03 UTC: node-b took over');
    expect(storedFiles).toHaveLength(3);
    const late = await deliver(capture(), { incident: during(NOON + 11n * MINUTE, NOON + 12n * MINUTE) });
    expect(late.incident).not.toBe(a.incident);
  });

  it('of a title are that of the title; with a window too, one for each hour', async () => {
    const [one, two] = [
      await deliver(capture(), { incident: { title: 'lab' } }),
      await deliver(capture(), { incident: { title: 'lab' } }),
    ];
    expect(two.incident).toBe(one.incident);
    const hours = new Set<string | null>();
    for (let minute = 0n; minute < 150n; minute += 15n) {
      const incident = during(NOON + minute * MINUTE, NOON + (minute + 15n) * MINUTE, { title: 'always' });
      hours.add((await deliver(capture(), { incident })).incident);
    }
    expect(hours.size).toBe(3);
    const titles = await Promise.all([...hours].map(async (id) => (await detail(id)).title));
    expect(titles).toEqual([
      'always, 26 Nov 12:00 UTC',
      'always, 26 Nov 13:00 UTC',
      'always, 26 Nov 14:00 UTC',
    ]);
  });

  it('have a file once, also where two windows asked for it', async () => {
    const bytes = capture();
    const start = NOON + 1000n * MINUTE;
    const first = await deliver(bytes, { incident: during(start, start + MINUTE) });
    const again = await open(wanted(bytes, { incident: during(start, start + 2n * MINUTE) }));
    expect(again).toEqual(first);
    // But another incident needs it as well.
    const other = await deliver(bytes, { incident: during(start + 100n * MINUTE, start + 101n * MINUTE) });
    expect(other).toMatchObject({ done: true });
    expect(other.incident).not.toBe(first.incident);
  });

  it('are analysed by themselves once nothing more comes, and again when more does', async () => {
    const revisions: number[] = [];
    const title = 'by itself';
    const ready = (files: number): Promise<void> =>
      new Promise((resolve) => {
        const end = server.jobs.onEvent((event) => {
          if (event.kind !== 'state' || event.summary.title !== title) return;
          if (event.summary.state !== 'ready' || event.summary.files !== files) return;
          revisions.push(event.summary.revision);
          end();
          resolve();
        });
      });
    for (const [i, name] of ['client', 'server'].entries()) {
      const bytes = readFileSync(join(CAPTURES, `rto-7/${name}.pcap.gz`));
      const done = ready(i + 1);
      await deliver(bytes, { name: `${name}.pcap.gz`, vantage: name, incident: { title } });
      await done;
    }
    expect(revisions).toEqual([1, 2]);
  });

  it('are analysed while more come all the time, and in the end all of them', async () => {
    const title = 'without end';
    const ready: number[] = [];
    const end = server.jobs.onEvent((event) => {
      if (event.kind === 'state' && event.summary.title === title && event.summary.revision > ready.length)
        ready.push(event.summary.files);
    });
    // Sooner after each other than quiet takes, for as long as it takes.
    let files = 0;
    for (const limit = performance.now() + 20_000; ready.length === 0 && performance.now() < limit; ) {
      files += 1;
      await deliver(capture(), { name: `client-${files}.pcap`, incident: { title } });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(ready).toHaveLength(1);
    await expect
      .poll(() => server.store.incidents().find((one) => one.title === title), { timeout: 20_000 })
      .toMatchObject({ state: 'ready', files });
    end();
    // Of every file, and not only of those that came before it began.
    const { id } = server.store.incidents().find((one) => one.title === title)!;
    expect((await detail(id)).report?.captures).toHaveLength(files);
  });
});

it('the clock is that of the server, and says whose', async () => {
  const answer = (await server.ask('POST', '/api/clock')).json as ClockAnswer;
  expect(answer).toEqual({ peer: server.store.peer, received: String(SHIFTED), sent: String(SHIFTED) });
  expect(answer.peer).toMatch(/^[0-9a-f]{16}$/);
});
