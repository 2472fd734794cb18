/**
 * Uploads that decompress to gigabytes, and a journal of one line of 100 MB: they are stored as they come, the analysis ends, and
 * the server, whose worker is a thread of it, holds little of them.
 * The trap: memory is that of the child, by the system's own count of its highest point (`VmHWM`).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BombKind, bomb, exchange, pcap, withLie } from '../../test/bad-input/bad-files.ts';
import type { IncidentDetail, IncidentSummary, StoredFile } from '../api.ts';
import { type TemporaryFolder, temporaryFolder } from '../store/test-store.ts';
import { type ChildServer, startChildServer } from './test-child.ts';

const MIB = 2 ** 20;
const MOST_MEMORY = 450 * MIB;
const LONGEST_MS = 240_000;

let folder: TemporaryFolder;
let server: ChildServer;
beforeAll(async () => {
  folder = temporaryFolder();
  server = await startChildServer(folder.path);
});
afterAll(async () => {
  await server.end();
  folder.remove();
});

async function ask<T>(method: string, path: string, body?: Uint8Array): Promise<{ status: number; json: T }> {
  const response = await fetch(`${server.address}/api${path}`, {
    method,
    // A connection that lies idle while bytes are made is closed under the next request.
    headers: { connection: 'close' },
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
  return { status: response.status, json: (await response.json()) as T };
}

async function newIncident(): Promise<string> {
  return `/incidents/${(await ask<IncidentSummary>('POST', '/incidents')).json.id}`;
}

const upload = (incident: string, bytes: Uint8Array, name = 'a.pcap'): ReturnType<typeof ask<StoredFile>> =>
  ask<StoredFile>('PUT', `${incident}/files?name=${name}`, bytes);

async function analysed(incident: string): Promise<IncidentDetail> {
  expect((await ask('POST', `${incident}/analysis`)).status).toBe(202);
  const now = async (): Promise<IncidentDetail> => (await ask<IncidentDetail>('GET', incident)).json;
  const isOver = async (): Promise<boolean> => ['ready', 'failed'].includes((await now()).state);
  await expect.poll(isOver, { timeout: LONGEST_MS, interval: 200 }).toBe(true);
  return now();
}

const KINDS: readonly BombKind[] = ['gzip', 'zstd'];

describe.skipIf(process.platform !== 'linux').each(KINDS)('a %s bomb', (kind) => {
  it(
    'of 256 MiB behind a few packets: the upload is as small as it is, the analysis ends',
    async () => {
      const incident = await newIncident();
      const bytes = bomb(kind, pcap(exchange()), 256);
      const { status, json } = await upload(incident, bytes);
      expect({ status, size: json.size }).toEqual({ status: 201, size: bytes.length });
      const { state, report } = await analysed(incident);
      expect(state).toBe('ready');
      expect(report?.captures.map(({ frames }) => frames)).toEqual([44 + (256 * MIB) / 16]);
      expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
    },
    LONGEST_MS,
  );

  it(
    'of 4 GiB behind a length that cannot be true: what was read before it is the result',
    async () => {
      const incident = await newIncident();
      expect((await upload(incident, bomb(kind, withLie(pcap(exchange())), 4096))).status).toBe(201);
      const { state, report } = await analysed(incident);
      expect(state).toBe('ready');
      expect(report?.problems.map(({ code }) => code)).toContain('record-too-long');
      expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
    },
    LONGEST_MS,
  );

  it('of zeros alone is refused, and not waited for', async () => {
    const { status } = await upload(await newIncident(), bomb(kind, new Uint8Array(0), 1024));
    expect(status).toBe(415);
    expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
  });
});

it.skipIf(process.platform !== 'linux')(
  'a journal with a line of 50 MB is read around it, and says so; one with a line of 100 MB is none, and says so',
  async () => {
    const line = '{"time":"1790000000000000001","node":"node-a","event":"address-up"}\n';
    const journal = (megabytes: number): Buffer =>
      Buffer.concat([Buffer.from(line), Buffer.alloc(megabytes * 1_000_000, 'x'), Buffer.from(`\n${line}`)]);
    const incident = await newIncident();
    await upload(incident, pcap(exchange()));
    expect(await upload(incident, journal(50), 'a.jsonl')).toMatchObject({
      status: 201,
      json: { kind: 'journal' },
    });
    const read = await analysed(incident);
    expect(read.state).toBe('ready');
    expect(JSON.stringify(read.report?.problems)).toMatch(/line 2: longer than 65536 characters: skipped/);
    expect((await upload(incident, journal(100), 'b.jsonl')).status).toBe(201);
    const refused = await analysed(incident);
    expect(refused).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/b\.jsonl.*more than 64 MiB of text/),
    });
    expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
  },
  LONGEST_MS,
);
