/** The link between two nodes on the loopback, as two addresses of it, with somebody between who listens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../forwarder.ts';
import { testConfig } from '../../test-config.ts';
import type { Session } from '../session.ts';
import { createSyncLink, type SyncLink } from './link.ts';
import { SyncReceiver } from './receiver.ts';

const [OWN, PEER, BETWEEN] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
const NAMES = { [OWN]: ['node-a', 'node-b'], [PEER]: ['node-b', 'node-a'] } as const;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface End {
  readonly link: SyncLink;
  readonly receiver: SyncReceiver;
  readonly troubles: string[];
}

function makeKey(key: string, mode: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-link-'));
  closing.push(async () => rmSync(folder, { recursive: true }));
  const keyFile = path.join(folder, 'key');
  writeFileSync(keyFile, key, { mode });
  return keyFile;
}

function makeEnd(address: keyof typeof NAMES, peerAddress: string, port: number, key: string): End {
  const keyFile = makeKey(key, 0o600);
  const [node, peer] = NAMES[address];
  const receiver = new SyncReceiver();
  const troubles: string[] = [];
  const config = testConfig({
    node,
    peer,
    sync: { interface: 'lo', address, peerAddress, port, keyFile },
  });
  const events = { received: () => {}, trouble: (what: string) => void troubles.push(what) };
  const link = createSyncLink(config, receiver, events);
  closing.push(() => link.close());
  return { link, receiver, troubles };
}

const listening = (server: Server, port: number, address: string): Promise<void> =>
  new Promise((resolve) => void server.listen(port, address, resolve));

async function freePort(): Promise<number> {
  const server = createServer();
  await listening(server, 0, OWN);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Passes on what it is told, to the peer unless said otherwise, and keeps it. */
async function listenIn(port: number, to: string = PEER): Promise<Buffer[]> {
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    const onward = connect(port, to);
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.on('data', (data) => heard.push(data));
    socket.pipe(onward).pipe(socket);
  });
  await listening(server, port, BETWEEN);
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return heard;
}

const session = (id: number): Session => ({
  id,
  client: { address: '10.0.1.10', port: 40_000 + id },
  server: { address: '10.0.2.10', port: 80 },
  outside: null,
  up: 0,
  down: 0,
  opened: 1_700_000_000_000,
});

describe.skipIf(process.platform !== 'linux')('the link between the nodes', () => {
  it('carries sessions both ways; what was overheard says nothing, and played again does nothing', async () => {
    const port = await freePort();
    const heard = await listenIn(port);
    const own = makeEnd(OWN, BETWEEN, port, 'a key of sixteen bytes');
    const peer = makeEnd(PEER, OWN, port, 'a key of sixteen bytes');
    for (const { link } of [own, peer]) await link.open();
    own.link.sender.open(session(1));
    peer.link.sender.open(session(2));
    await expect.poll(() => [...peer.receiver.table.keys()]).toEqual([1]);
    await expect.poll(() => [...own.receiver.table.keys()]).toEqual([2]);
    own.link.sender.close(1);
    await own.link.settle(5000);
    expect(peer.receiver.table.size).toBe(0);
    expect(Buffer.concat(heard).toString('latin1')).not.toContain('10.0.1.10');

    const again = connect(port, PEER);
    again.on('error', () => {});
    again.resume();
    again.write(Buffer.concat(heard));
    await new Promise((resolve) => again.once('close', resolve));
    expect(peer.receiver.table.size).toBe(0);
    own.link.sender.open(session(3));
    await expect.poll(() => [...peer.receiver.table.keys()]).toEqual([3]);
    expect(own.link.sender).toMatchObject({ wholes: 1, resent: 0 }); // its own link did not break
  });

  it('is refused with another key, and both say once which file must be the same', async () => {
    const port = await freePort();
    const own = makeEnd(OWN, PEER, port, 'a key of sixteen bytes');
    const peer = makeEnd(PEER, OWN, port, 'quite another key of it');
    for (const { link } of [own, peer]) await link.open();
    own.link.sender.open(session(1));
    for (const { troubles } of [own, peer]) {
      await expect.poll(() => troubles.length).toBe(2);
      for (const trouble of troubles) expect(trouble).toContain('sync.keyFile');
    }
    expect(own.link.isUp).toBe(false);
    expect(peer.receiver.table.size).toBe(0);
  });

  it('does not take its own words, sent back to it, for the peer’s', async () => {
    const port = await freePort();
    await listenIn(port, OWN);
    const own = makeEnd(OWN, BETWEEN, port, 'a key of sixteen bytes');
    await own.link.open();
    own.link.sender.open(session(1));
    await expect.poll(() => own.troubles.length).toBe(2);
    expect(own.receiver.table.size).toBe(0);
    expect(own.link.isUp).toBe(false);
  });

  it('ends also where somebody has called and says nothing', async () => {
    const port = await freePort();
    const { link } = makeEnd(OWN, PEER, port, 'a key of sixteen bytes');
    await link.open();
    const mute = connect(port, OWN);
    mute.on('error', () => {});
    await new Promise((resolve) => mute.once('connect', resolve));
    await new Promise((resolve) => setImmediate(resolve)); // so that it is accepted
    await link.close();
    mute.destroy();
  });

  it('is not made with a key that others can read', () => {
    const keyFile = makeKey('a key of sixteen bytes', 0o640);
    const config = testConfig({ sync: { ...testConfig().sync, keyFile } });
    const events = { received: () => {}, trouble: () => {} };
    expect(() => createSyncLink(config, new SyncReceiver(), events)).toThrow(
      `sync.keyFile: others can read ${keyFile}`,
    );
  });

  it('is not made with a key that is short or missing', () => {
    expect(() => makeEnd(OWN, PEER, 7879, 'too short')).toThrow(GatewayError);
    const config = testConfig();
    const events = { received: () => {}, trouble: () => {} };
    expect(() => createSyncLink(config, new SyncReceiver(), events)).toThrow('cannot be read');
  });
});
