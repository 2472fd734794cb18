/** What exports of many flows cost a server in a process of its own: they are not held, only passed on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import {
  chunksOf,
  smallPcap,
  storeReport,
  type TemporaryFolder,
  temporaryFolder,
  testReport,
} from '../store/test-store.ts';
import { type ChildServer, startChildServer } from './test-child.ts';

const FLOWS = 100_000;
const MIB = 2 ** 20;

let folder: TemporaryFolder;
let server: ChildServer;
let id = '';

beforeAll(async () => {
  folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  ({ id } = store.createIncident());
  await store.addFile(id, { name: 'c', vantage: null, mostBytes: MIB }, chunksOf(smallPcap()));
  expect(await storeReport(store, id, testReport(FLOWS))).toBe(true);
  store.close();
  server = await startChildServer(folder.path);
}, 120_000);
afterAll(async () => {
  await server.end();
  folder.remove();
});

/** Reads all of it and keeps nothing. */
async function read(name: string): Promise<{ bytes: number; lines: number }> {
  const answer = await fetch(`${server.address}/api/incidents/${id}/export/${name}`);
  expect(answer.status).toBe(200);
  let bytes = 0;
  let lines = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines += 1;
  }
  return { bytes, lines };
}

describe.skipIf(process.platform !== 'linux')('of 100,000 flows', () => {
  it('the report is passed on and not held', async () => {
    const before = server.highestMemory();
    const { bytes } = await read('report.json');
    expect(bytes).toBeGreaterThan(60 * MIB);
    // Text that is held is there more than once: as rows, as a string, as bytes.
    expect(server.highestMemory() - before).toBeLessThan(2 * bytes);
  }, 120_000);

  it('all at once stay below 400 MB', async () => {
    const names = ['report.json', 'flows.csv', 'flows.jsonl', 'incident.md', 'incident.html'];
    const [, csv, jsonl, markdown, html] = await Promise.all(names.map(read));
    expect(csv?.lines).toBe(FLOWS + 1);
    expect(jsonl?.lines).toBe(FLOWS);
    expect(markdown?.lines).toBeGreaterThan(500);
    expect(html?.lines).toBeGreaterThan(500);
    expect(html?.bytes).toBeLessThan(MIB);
    expect(server.highestMemory()).toBeLessThan(400 * MIB);
  }, 120_000);
});
