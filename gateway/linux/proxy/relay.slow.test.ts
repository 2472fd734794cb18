/** The relay between a client and a server in namespaces of their own: what one end does, the other must see. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  canMakeNetworks,
  createProxyNetwork,
  type ProxyNetwork,
  type ProxyNode,
} from '../../../test/proxy-network.ts';

const MIB = 1 << 20;
const SERVER = { 4: '10.0.2.10', 6: 'fd00:0:0:2::10' } as const;
const CLIENT = { 4: '10.0.1.10', 6: 'fd00:0:0:1::10' } as const;
const OUTSIDE = { 4: '10.0.2.1', 6: 'fd00:0:0:2::1' } as const;

describe.skipIf(!canMakeNetworks()).each(['node', 'client'] as const)(
  'a relay with the address of the %s (needs root, nft, ethtool)',
  (source) => {
    let network: ProxyNetwork;
    let node: ProxyNode;
    let port = 8000;
    beforeAll(async () => {
      network = await createProxyNetwork();
      node = await network.startNode('node', { source, sync: false });
      await node.call('prepare');
      await node.call('startForwarding');
    });
    afterAll(() => network?.remove());
    afterEach(async () => {
      await expect.poll(() => connectionsOf(node), { timeout: 10_000 }).toBe(0);
    });

    /** A connection through the node, both ends in hand. */
    async function pair(family: 4 | 6 = 4): Promise<{ client: Socket; server: Socket; port: number }> {
      const at = ++port;
      const accepted = new Promise<Socket>((resolve) => {
        void network.listen('server', family, at, resolve).then((listener) => {
          const socket = network.connect('client', SERVER[family], at);
          socket.once('connect', () => listener.unref());
          opened.push(socket);
        });
      });
      const server = await accepted;
      const client = opened.pop()!;
      for (const socket of [client, server]) socket.on('error', () => {});
      return { client, server, port: at };
    }
    const opened: Socket[] = [];

    it.each([4, 6] as const)('passes bytes both ways over IPv%i, from the right address', async (family) => {
      const { client, server } = await pair(family);
      expect(server.remoteAddress).toBe(source === 'client' ? CLIENT[family] : OUTSIDE[family]);
      client.write('question');
      expect(String(await once(server, 'data'))).toBe('question');
      server.write('answer');
      expect(String(await once(client, 'data'))).toBe('answer');
      client.destroy();
      server.destroy();
    });

    it.each(['client', 'server'] as const)(
      'passes on that the %s is done, and goes on the other way',
      async (first) => {
        const both = await pair();
        const [done, going] = first === 'client' ? [both.client, both.server] : [both.server, both.client];
        done.end('last words');
        let heard = '';
        going.on('data', (data) => {
          heard += data;
        });
        await once(going, 'end');
        expect(heard).toBe('last words');
        going.write('still here');
        expect(String(await once(done, 'data'))).toBe('still here');
        done.resume();
        going.end();
        await once(done, 'end');
      },
    );

    it.each(['client', 'server'] as const)(
      'passes on a reset by the %s, with bytes on their way',
      async (first) => {
        const both = await pair();
        const [resets, other] = first === 'client' ? [both.client, both.server] : [both.server, both.client];
        other.write(Buffer.alloc(4 * MIB)); // nobody reads it
        await once(resets, 'readable');
        const failed = once(other, 'error');
        resets.resetAndDestroy();
        expect(await failed).toMatchObject([{ code: expect.stringMatching(/ECONNRESET|EPIPE/) }]);
      },
    );

    it('resets a client whose server refuses', async () => {
      const client = network.connect('client', SERVER[4], 9);
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNRESET');
    });

    it('answers a segment of a connection that it has no socket for by a reset, to both sides', async () => {
      const { client, server } = await pair();
      const ends = [client, server].map((socket) => once(socket, 'error'));
      await node.call('stopForwarding'); // behind the guard the sockets go without a word
      await node.call('flushState');
      await node.call('startForwarding');
      for (const socket of [client, server]) socket.resume();
      client.write('are you there?');
      server.write('are you?');
      for (const [error] of await Promise.all(ends)) expect(error).toMatchObject({ code: 'ECONNRESET' });
    });

    it('carries 20 MB both ways at once to a slow reader, whole, in little memory', async () => {
      const { client, server } = await pair();
      const data = randomBytes(20 * MIB);
      const wanted = createHash('sha256').update(data).digest('hex');
      await node.call('cpu');
      const got = Promise.all([slowHash(server), slowHash(client)]);
      client.end(data);
      server.end(data);
      let peak = 0;
      const watch = setInterval(() => {
        void node.call<{ rss: number }>('cpu').then(({ rss }) => {
          peak = Math.max(peak, rss);
        });
      }, 50);
      expect(await got).toEqual([wanted, wanted]);
      clearInterval(watch);
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(160 * MIB);
    });

    it('says nothing while the guard is closed, and forgets without a word', async () => {
      const { client, server } = await pair();
      let said = '';
      for (const socket of [client, server]) {
        socket.on('error', ({ message }) => {
          said += message;
        });
      }
      await node.call('stopForwarding');
      await node.call('flushState');
      client.write('are you there?');
      server.write('are you?');
      const { counters } = await node.call<{ counters: Record<string, number> }>('status');
      expect(counters['guard-output']).toBeGreaterThan(0); // the resets of what was flushed
      await expect
        .poll(async () => (await node.call<{ counters: Record<string, number> }>('status')).counters.guard)
        .toBeGreaterThan(0);
      expect(said).toBe('');
      client.destroy();
      server.destroy();
      await node.call('startForwarding');
    });

    it('leaves nothing behind when it is closed', async () => {
      await node.call('close');
      expect(network.exec('node', 'nft', 'list', 'ruleset')).toBe('');
      for (const family of ['-4', '-6']) expect(network.ip('node', `${family} rule`)).not.toContain('0x5374');
      await node.kill();
      node = await network.startNode('node', { source, sync: false });
      await node.call('status'); // it runs
      const pids = execFileSync('ip', ['netns', 'pids', network.namespaceOf('node')], { encoding: 'utf8' });
      execFileSync('prlimit', ['--pid', pids.trim(), '--nofile=200:200']);
      await node.call('prepare');
      await node.call('startForwarding');
    });

    it('refuses what it has no descriptors for, and can still give the role up', async () => {
      const sockets: Socket[] = [];
      const keep = (socket: Socket) => sockets.push(socket.on('error', () => {}));
      const server = await network.listen('server', 4, 9000, keep);
      server.unref();
      for (let i = 0; i < 150; i++) keep(network.connect('client', SERVER[4], 9000));
      const count = async (name: string): Promise<number> =>
        (await node.call<{ counters: Record<string, number> }>('status')).counters[name] ?? 0;
      await expect.poll(() => count('connections-refused'), { timeout: 10_000 }).toBe(100);
      await node.call('stopForwarding');
      await node.call('startForwarding');
      for (const socket of sockets) socket.destroy();
    });
  },
);

const connectionsOf = async (node: ProxyNode): Promise<number> =>
  (await node.call<{ connections: number }>('status')).connections;

/** Pauses for 5 ms after each 256 KiB. */
async function slowHash(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  let since = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    hash.update(chunk);
    since += chunk.length;
    if (since < MIB / 4) continue;
    since = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return hash.digest('hex');
}
