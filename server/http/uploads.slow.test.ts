/**
 * What uploads cost a server in a process of its own: a gigabyte at once, as one file and as two, must
 * stay far below what it would take to hold them.
 * The trap: memory is that of the child, by the system's own count of its highest point (`VmHWM`).
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncidentDetail, IncidentSummary, StoredFile } from '../api.ts';
import { smallPcap, type TemporaryFolder, temporaryFolder } from '../store/test-store.ts';
import { type ChildServer, startChildServer } from './test-child.ts';
import { type Answer, answerOf } from './test-server.ts';

const MIB = 2 ** 20;
const MOST_MEMORY = 400 * MIB;
const CHUNK = Buffer.alloc(MIB);
for (let i = 0; i < CHUNK.length; i += 1) CHUNK[i] = (i * 2_654_435_761) >>> 24;

let folder: TemporaryFolder;
let server: ChildServer;
let id = '';

beforeAll(async () => {
  folder = temporaryFolder();
  server = await startChildServer(folder.path);
  const created = await fetch(`${server.address}/api/incidents`, { method: 'POST' });
  id = ((await created.json()) as IncidentSummary).id;
});
afterAll(async () => {
  await server.end();
  folder.remove();
});

/** Sends a capture of so many MiB; `until` ends it halfway. */
function upload(
  mib: number,
  until?: (sent: number) => boolean,
): { answer: Promise<Answer>; sha256: Promise<string> } {
  const hash = createHash('sha256');
  const asked = request({
    host: '127.0.0.1',
    port: server.port,
    method: 'PUT',
    path: `/api/incidents/${id}/files?name=large`,
    agent: false,
  });
  const send = async (): Promise<string> => {
    for (let i = 0; i < mib; i += 1) {
      const chunk = i === 0 ? smallPcap(mib) : CHUNK;
      hash.update(chunk);
      if (!asked.write(chunk)) await drained(asked);
      if (until?.(i) !== true) continue;
      asked.destroy();
      return '';
    }
    asked.end();
    return hash.digest('hex');
  };
  return { answer: answerOf(asked), sha256: send() };
}

/** Or closed, by whichever side. */
function drained(asked: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      asked.off('drain', go).off('close', go);
      resolve();
    };
    asked.on('drain', go).on('close', go);
  });
}

const files = (): string[] =>
  readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{16}$/.test(entry.name))
    .map(({ name }) => name);

async function expectStored({ answer, sha256 }: ReturnType<typeof upload>): Promise<void> {
  const { status, json } = await answer;
  expect(status).toBe(201);
  expect((json as StoredFile).sha256).toBe(await sha256);
}

describe.skipIf(process.platform !== 'linux')('a gigabyte', () => {
  it('two at once, of half of it each, take less than 400 MB', async () => {
    await Promise.all([upload(512), upload(511)].map(expectStored));
    expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
    expect(server.highestMemory()).toBeGreaterThan(10 * MIB);
  }, 120_000);

  it('in one file takes less than 400 MB, too', async () => {
    await expectStored(upload(1024));
    expect(server.highestMemory()).toBeLessThan(MOST_MEMORY);
  }, 120_000);

  it('that is cancelled halfway leaves nothing', async () => {
    const before = files();
    expect(before).toHaveLength(3);
    let came = false;
    const cancelled = upload(1024, (sent) => {
      came ||= files().length > before.length;
      return came && sent > 200;
    });
    await expect(cancelled.answer).rejects.toThrow();
    await cancelled.sha256;
    expect(came).toBe(true);
    await expect.poll(files).toEqual(before);
    const detail = await fetch(`${server.address}/api/incidents/${id}`);
    expect(((await detail.json()) as IncidentDetail).storedFiles).toHaveLength(3);
  }, 120_000);
});
