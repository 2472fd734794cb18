/**
 * Real processes, killed at moments that nobody chooses: the server, the collector, or both, again and again until all is
 * shipped. What was acknowledged is there, and everything is there once, with the same bytes. And a server that is away.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ChildServer, startChildServer } from '../../server/http/test-child.ts';
import { bundled } from '../../server/jobs/test-worker.ts';
import { openStore } from '../../server/store/open-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { hashOf, makeItem, shipItems } from './test-shipping.ts';

const FILES = 16;
const LONGEST_MS = 900;
const AWAY_MS = 30_000;

let folder: TemporaryFolder;
let server: ChildServer | null = null;
let shipper: ChildProcess | null = null;

beforeEach(() => {
  folder = temporaryFolder();
  server = null;
  shipper = null;
});
afterEach(async () => {
  await end(shipper);
  await server?.kill();
  folder.remove();
});

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Names and hashes of all files that the server has, and that nothing else is left in its folder. */
async function storedFiles(data: string): Promise<string[]> {
  const store = await openStore({ folder: data });
  try {
    return store.incidents().flatMap(({ id }) =>
      store.incidentDetail(id).storedFiles.map((file) => {
        const sha256 = hashOf(readFileSync(store.file(id, file.id).path));
        expect(sha256).toBe(file.sha256);
        return `${file.name} ${sha256}`;
      }),
    );
  } finally {
    store.close();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('kills of the server and the collector lose nothing and double nothing', async () => {
  const ring = join(folder.path, 'ring');
  const data = join(folder.path, 'data');
  mkdirSync(ring);
  const expected = Array.from({ length: FILES }, (_, i) => {
    const name = `client-${String(i).padStart(6, '0')}.pcapng`;
    return `${name} ${hashOf(readFileSync(makeItem(ring, name, (i * 1_234_567) % 9_000_000).path))}`;
  });
  const script = fileURLToPath(await bundled('collector/ship/test-child.ts'));
  const acknowledged = new Set<string>();
  let said = '';
  const startShipper = (url: string): ChildProcess => {
    const child = spawn(process.execPath, [script, folder.path, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      for (const name of said.split('\n').slice(0, -1)) acknowledged.add(name);
    });
    return child;
  };
  server = await startChildServer(data);
  const { port, address } = server;
  shipper = startShipper(address);
  let kills = 0;
  for (let round = 0; acknowledged.size < FILES && round < 400; round += 1) {
    const chance = (round * 2_654_435_761) % 9973;
    await sleep(chance % LONGEST_MS);
    if (acknowledged.size === FILES) break;
    kills += 1;
    if (round % 3 !== 1) {
      await server.kill();
      // What was acknowledged is there, whatever it was just doing.
      const stored = await storedFiles(data);
      expect(stored).toEqual(
        expect.arrayContaining(expected.filter((one) => acknowledged.has(one.split(' ')[0] ?? ''))),
      );
      server = await startChildServer(data, port);
    }
    if (round % 3 !== 0) {
      await end(shipper);
      shipper = startShipper(address);
    }
  }
  expect([...acknowledged].sort()).toEqual(expected.map((one) => one.split(' ')[0]));
  await end(shipper);
  await server.kill();
  expect(await storedFiles(data)).toEqual(expected);
  // Else nothing was tested.
  expect(kills).toBeGreaterThan(FILES / 3);
}, 300_000);

it(`a server that is away for ${AWAY_MS / 1000} s gets everything when it is back, in order`, async () => {
  const data = join(folder.path, 'data');
  server = await startChildServer(data);
  const { port, address } = server;
  const items = [makeItem(folder.path, '1.pcap', 5_000_000)];
  const shipping = shipItems({ url: address }, items, { mostRetry: 2_000 });
  try {
    while (shipping.acknowledged.length < 1) await sleep(10);
    await server.kill();
    for (let i = 2; i <= 6; i += 1) {
      items.push(makeItem(folder.path, `${i}.pcap`, 700_000 * i));
      await sleep(AWAY_MS / 5);
    }
    expect(shipping.acknowledged).toEqual(['1.pcap']);
    expect(shipping.shipper.status()).toMatchObject({
      waitingFiles: 5,
      state: expect.stringContaining('no answer'),
    });
    server = await startChildServer(data, port);
    while (shipping.acknowledged.length < 6) await sleep(10);
    expect(shipping.troubles()).toHaveLength(1);
  } finally {
    await shipping.shipper.close();
    await server.kill();
  }
  expect(await storedFiles(data)).toEqual(
    items.map(({ name, path }) => `${name} ${hashOf(readFileSync(path))}`),
  );
}, 120_000);
