/** A shipper against real servers: everything arrives once, in order; what stands in the way is told once, and tried again. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../server/http/test-server.ts';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { hashOf, makeItem, shipItems, type TestShipping, until } from './test-shipping.ts';

const TOKEN = 'a-token-of-many-letters';
const AHEAD = 3_600_000_000_000n;

let server: TestServer;
let folder: TemporaryFolder;
let running: TestShipping[] = [];
let others: Server[] = [];

beforeAll(async () => {
  server = await startTestServer({ token: TOKEN, limits: { mostUploadBytes: 3_000_000 } });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder.path, 'token'), `${TOKEN}\n`);
});
afterEach(async () => {
  for (const one of running) await one.shipper.close();
  for (const one of others) one.closeAllConnections();
  for (const one of others) one.close();
  [running, others] = [[], []];
  folder.remove();
});

function ship(...[target, items, times]: Parameters<typeof shipItems>): TestShipping {
  const shipping = shipItems(target, items, times);
  running.push(shipping);
  return shipping;
}

const target = () => ({ url: server.address, tokenFile: join(folder.path, 'token') });

/** A server that is none of ours. */
async function listen(handler: RequestListener): Promise<string> {
  const other = createServer(handler);
  others.push(other);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
}

const stored = () =>
  server.store
    .incidents()
    .flatMap(({ id }) => server.store.incidentDetail(id).storedFiles)
    .map(({ name, sha256 }) => ({ name, sha256 }));

describe('at the end', () => {
  it('what came last is shipped before it is closed', async () => {
    const items = [makeItem(folder.path, 'end-1.pcap', 2000)];
    // Of itself it would look again in a minute.
    const { shipper, acknowledged } = ship(target(), items, { look: 60_000 });
    await until(() => acknowledged.length === 1);
    items.push(makeItem(folder.path, 'end-2.pcap', 2000), makeItem(folder.path, 'end-3.pcap', 2000));
    expect(await shipper.drain(20_000)).toEqual({ files: 0, bytes: 0 });
    expect(acknowledged).toEqual(['end-1.pcap', 'end-2.pcap', 'end-3.pcap']);
  });

  it('a server that does not answer is not waited for, and what remains is told', async () => {
    const hangs = await listen(() => {});
    const items = [makeItem(folder.path, 'end-4.pcap', 2000)];
    const slow = ship({ url: hangs }, items);
    expect(await slow.shipper.drain(100)).toEqual({ files: 1, bytes: items[0]?.bytes });
    const away = ship({ url: 'http://127.0.0.1:1' }, items, { firstRetry: 60_000, mostRetry: 60_000 });
    await until(() => away.troubles().length > 0);
    const before = performance.now();
    expect(await away.shipper.drain(20_000)).toMatchObject({ files: 1 });
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('files', () => {
  it('arrive whole, in order, once, in pieces where they are large', async () => {
    const items = [2_500_000, 400, 999_999].map((size, i) => makeItem(folder.path, `order-${i}.pcap`, size));
    const shipping = ship(target(), items);
    await until(
      () => shipping.acknowledged.length === 3,
      () => shipping.troubles().join(),
    );
    expect(shipping.acknowledged).toEqual(items.map(({ name }) => name));
    const late = makeItem(folder.path, 'order-late.pcap', 10);
    shipping.items.push(late);
    shipping.shipper.look();
    await until(() => shipping.acknowledged.length === 4);
    expect(stored().filter(({ name }) => name.startsWith('order-'))).toEqual(
      items.map(({ name, path }) => ({ name, sha256: hashOf(readFileSync(path)) })),
    );
    expect(shipping.shipper.status()).toMatchObject({ state: 'connected', waitingFiles: 0 });
    expect(shipping.troubles()).toEqual([]);
    // Who has forgotten that it was acknowledged asks, and sends nothing.
    const again = ship(target(), items);
    await until(() => again.acknowledged.length === 4);
    expect(stored().filter(({ name }) => name.startsWith('order-'))).toHaveLength(4);
  });

  it('go on where a shipper was stopped in the middle', async () => {
    const item = makeItem(folder.path, 'middle.pcap', 2_900_000);
    const first = ship(target(), [item]);
    const incoming = join(server.folder, 'incoming');
    await until(() => readdirSync(incoming).some((name) => statSync(join(incoming, name)).size > 1_500_000));
    await first.shipper.close();
    expect(first.acknowledged).toEqual([]);
    const bytes = readFileSync(item.path);
    const second = ship(target(), [item]);
    await until(() => second.acknowledged.length === 1);
    expect(stored().find(({ name }) => name === 'middle.pcap')?.sha256).toBe(hashOf(bytes));
  });

  it('that are refused let the others through, and are tried again', async () => {
    const large = makeItem(folder.path, 'large.pcap', 3_100_000);
    const gone = makeItem(folder.path, 'gone.pcap', 10);
    rmSync(gone.path);
    const nothing = makeItem(folder.path, 'nothing.pcap', 10);
    writeFileSync(nothing.path, 'neither a capture nor a journal');
    const good = makeItem(folder.path, 'good.pcap', 10);
    const shipping = ship(target(), [large, gone, nothing, good]);
    await until(() => shipping.acknowledged.length === 1);
    expect(shipping.acknowledged).toEqual(['good.pcap']);
    const [one = '', two = '', three = ''] = shipping.troubles();
    expect(one).toMatch(/large\.pcap: a file may have at most 2 MiB \(.*editcap/);
    expect(two).toMatch(/gone\.pcap was forgotten before it was shipped \(keep more\)/);
    expect(three).toMatch(/nothing\.pcap: .*neither a capture/);
    makeItem(folder.path, 'large.pcap', 20);
    await until(() => shipping.acknowledged.length === 2);
    expect(shipping.acknowledged).toEqual(['good.pcap', 'large.pcap']);
  });
});

describe('what stands in the way', () => {
  it('is told once, with what to do: a token that is not the one, which is read anew', async () => {
    writeFileSync(join(folder.path, 'token'), 'another-token-than-that');
    const item = makeItem(folder.path, 'token.pcap', 10);
    const shipping = ship(target(), [item]);
    await until(() => shipping.troubles().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(shipping.troubles()).toEqual([expect.stringMatching(/401.*ship\.tokenFile/)]);
    expect(shipping.shipper.status().state).toMatch(/401/);
    writeFileSync(join(folder.path, 'token'), TOKEN);
    await until(() => shipping.acknowledged.length === 1);
    expect(shipping.shipper.status().state).toBe('connected');
  });

  it.each([
    ['no file', undefined, /token cannot be read/],
    ['an empty file', '', /holds no token/],
  ])('%s where the token should be', async (_name, text, expected) => {
    if (text === undefined) rmSync(join(folder.path, 'token'));
    else writeFileSync(join(folder.path, 'token'), text);
    const shipping = ship(target(), []);
    await until(() => shipping.troubles().length > 0);
    expect(shipping.troubles()[0]).toMatch(expected);
  });

  it('a server that is not there', async () => {
    const shipping = ship({ url: 'http://127.0.0.1:1' }, [makeItem(folder.path, 'away.pcap', 10)]);
    await until(() => shipping.troubles().length > 0);
    expect(shipping.troubles()[0]).toMatch(/no answer from 127\.0\.0\.1:1: .*ECONNREFUSED.*captures wait/);
  });

  it.each([
    ['another program', 200, 'hello', /no diagnose serve/],
    ['a page of another', 404, '<html>', /404.*is ship\.url/],
    ['a proxy that knows nobody', 403, '', /403.*in front of the server/],
    ['one that moved', 301, '', /301.*change ship\.url/],
    [
      'one with a full disk',
      507,
      '{"error":{"code":"disk-full","message":"the disk is full"}}',
      /507: the disk is full \(delete/,
    ],
    ['one that fails', 503, '{"error":{"message":"in a moment","hint":"wait"}}', /503: in a moment \(wait\)/],
  ])('%s', async (_name, status, body, expected) => {
    let asked = 0;
    const url = await listen((_request, response) => {
      asked += 1;
      response.writeHead(status).end(body);
    });
    const shipping = ship({ url }, [makeItem(folder.path, 'x.pcap', 10)]);
    await until(() => asked >= 3);
    expect(shipping.troubles()).toEqual([expect.stringMatching(expected)]);
  });

  it('a server that takes what it is given, and then denies it', async () => {
    const url = await listen((request, response) => {
      request.resume().on('end', () => {
        if (request.url === '/api/clock') return response.end('{"peer":"p","received":"1","sent":"1"}');
        response.writeHead(request.method === 'PATCH' ? 409 : 200);
        return response.end('{"id":"x","offset":0,"done":false}');
      });
    });
    const shipping = ship({ url }, [makeItem(folder.path, 'x.pcap', 10)]);
    await until(() => shipping.troubles().length > 0);
    expect(shipping.troubles()[0]).toMatch(/arrives with other bytes than it has here/);
  });
});

it('a connection that the server closed in the meantime is no trouble', async () => {
  let asked = 0;
  const url = await listen((request, response) => {
    asked += 1;
    if (asked === 12) request.socket.destroy();
    else request.resume().on('end', () => response.end('{"peer":"p","received":"1","sent":"1"}'));
  });
  const shipping = ship({ url }, [], { exchange: 1 });
  await until(() => asked > 30);
  expect(shipping.troubles()).toEqual([]);
});

it('the clocks are compared over the same connection, however far apart they are', async () => {
  const shifted = await startTestServer({ wallClock: () => BigInt(Date.now()) * 1_000_000n + AHEAD });
  try {
    const shipping = ship({ url: shifted.address }, []);
    await until(() => shipping.notes.length > 0);
    const [note] = shipping.notes;
    expect(note).toMatchObject({ note: 'exchange', peer: shifted.store.peer });
    // The clock of this server is cut to ms.
    expect(Math.abs((note?.offset ?? 0) - 3600)).toBeLessThanOrEqual((note?.error ?? 0) + 0.001);
    expect(note?.error).toBeGreaterThan(0);
  } finally {
    await shifted.end();
  }
});
