/**
 * Two routers, a client and a server in namespaces of their own, with real connections. The trap: a connection across a
 * takeover is only as good as its last segment, so each test says who speaks first afterwards.
 */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RouterNode, RouterPair, type Script, until } from '../../../test/gateway/router-pair.ts';
import { isInstalled } from '../program.ts';
import { isRoot } from '../test-network.ts';

const able = isRoot && ['ip', 'nft', 'conntrack', 'conntrackd', 'setpriv'].every(isInstalled);

/** ms: on a busy machine a takeover takes long, and a sender that has backed off as long again to try. */
const SLOW = 180_000;

/**
 * Answers `x` by `echo x`; says `push PORT x` to the connection from that port; sends 20 MB a second to who asks for `bulk`, as
 * many bytes as that says, or until `stop PORT`, after which it says how many; but nothing between `hold PORT` and `go PORT`.
 */
const SERVER = `
const sockets = new Map();
const stopped = new Set();
const held = new Set();
require('net').createServer((socket) => {
  const port = socket.remotePort;
  sockets.set(port, socket);
  socket.on('error', (error) => console.log(error.code + ' ' + port));
  socket.on('data', (data) => {
    const [word, bytes] = String(data).trim().split(' ');
    if (word === 'bulk') {
      const chunk = Buffer.alloc(100_000, 1);
      let sent = 0;
      const flow = setInterval(() => {
        // What cannot go out is not heaped up.
        if (socket.writableLength < 1e6 && !held.has(port)) {
          socket.write(chunk);
          sent += chunk.length;
        }
        if (sent < Number(bytes ?? Infinity) && !stopped.has(port)) return;
        clearInterval(flow);
        socket.end();
        console.log('sent ' + sent + ' to ' + port);
      }, 5);
    } else socket.write('echo ' + word + '\\n');
  });
}).listen(80, '::', () => console.log('listening'));
require('readline').createInterface(process.stdin).on('line', (line) => {
  const [order, port, word] = line.split(' ');
  if (order === 'stop') stopped.add(Number(port));
  else if (order === 'hold') held.add(Number(port));
  else if (order === 'go') held.delete(Number(port));
  else sockets.get(Number(port)).write(word + '\\n');
});`;

/** Says its port, whatever comes, and how many bytes at the end. */
const CLIENT = `
const socket = require('net').connect(80, process.argv[1], () => console.log('port ' + socket.localPort));
let bytes = 0;
socket.on('data', (data) => {
  bytes += data.length;
  if (data[0] !== 1) for (const line of String(data).trim().split('\\n')) console.log(line);
});
socket.on('error', (error) => console.log(error.code));
socket.on('end', () => console.log('end ' + bytes));
require('readline').createInterface(process.stdin).on('line', (line) => socket.write(line + '\\n'));`;

describe.skipIf(!able)('routers (as root, with nft, conntrack and conntrackd)', { timeout: SLOW }, () => {
  let pair: RouterPair;
  let server: Script;

  beforeEach(async () => {
    pair = new RouterPair();
    await pair.make();
    server = pair.script('server', SERVER);
    await until(() => server.lines.includes('listening'));
  });
  afterEach(async () => {
    await pair.remove();
  });

  type Rules = Parameters<RouterPair['node']>[1];
  const prepared = async (place: 'a' | 'b', rules: Rules): Promise<RouterNode> => {
    const node = await pair.node(place, rules);
    await node.prepare();
    return node;
  };
  /** Node A, forwarding. */
  const active = async (rules: Rules): Promise<RouterNode> => {
    const node = await prepared('a', rules);
    await pair.raise('a');
    await node.startForwarding();
    return node;
  };
  const connect = async (address = '10.0.2.10'): Promise<Script & { port: number }> => {
    const client = pair.script('client', CLIENT, address);
    await heard(client, /^port /);
    return { ...client, port: Number(client.lines[0]!.split(' ')[1]) };
  };
  const heard = (script: Script, what: RegExp) => until(() => script.lines.some((line) => what.test(line)));
  const counted = (node: RouterNode, name: string) =>
    until(async () => (await node.status()).counters[name]! > 0);
  /** Moves adapters and addresses to B, which forwards from then on. */
  const replace = async (node: RouterNode): Promise<void> => {
    await pair.move('a', 'b');
    await pair.raise('b');
    await node.startForwarding();
  };

  describe('without the state of a connection', () => {
    const families = ['10.0.2.10', 'fd00:0:0:2::10'];
    const takenOver = async (rules: Rules) => {
      await active({ sync: 'none' });
      const clients = await Promise.all([...families, ...families].map(connect));
      const b = await prepared('b', { ...rules, sync: 'none' });
      await replace(b);
      const [speaks, speaks6, listens, listens6] = clients;
      return { b, speaks: [speaks!, speaks6!], listens: [listens!, listens6!] };
    };
    const silent = (scripts: readonly Script[]) => scripts.every(({ lines }) => lines.length === 1);

    it('strict rules drop what either end sends', async () => {
      const { b, speaks, listens } = await takenOver({ rules: 'strict' });
      for (const client of speaks) client.input('one');
      for (const { port } of listens) server.input(`push ${port} two`);
      await until(async () => (await b.status()).counters['dropped-invalid']! >= 8);
      expect(silent([...speaks, ...listens])).toBe(true);
      expect(server.lines).toEqual(['listening']);
      expect((await b.status()).counters).toMatchObject({ forwarded: 0, 'dropped-new': 0, rejected: 0 });
      const fresh = await connect();
      fresh.input('three');
      await heard(fresh, /^echo three$/);
    });

    it('loose rules take it up where the client speaks first, and drop what the server sends', async () => {
      const { b, speaks, listens } = await takenOver({ rules: 'loose' });
      for (const { port } of listens) server.input(`push ${port} two`);
      await until(async () => (await b.status()).counters['dropped-new']! >= 4);
      expect(silent(listens)).toBe(true);
      for (const client of speaks) client.input('one');
      for (const client of speaks) await heard(client, /^echo one$/);
    });

    it('rejecting rules reset whoever speaks, and nobody else', async () => {
      const { b, speaks, listens } = await takenOver({ rules: 'reject' });
      for (const client of speaks) client.input('one');
      for (const { port } of listens) server.input(`push ${port} two`);
      for (const client of speaks) await heard(client, /^ECONNRESET$/);
      for (const { port } of listens) await heard(server, new RegExp(`^ECONNRESET ${port}$`));
      expect(silent(listens)).toBe(true);
      expect(server.lines).toHaveLength(3);
      expect((await b.status()).counters.rejected).toBeGreaterThanOrEqual(4);
    });

    it('permissive rules pass on what either end sends', async () => {
      const { speaks, listens } = await takenOver({ rules: 'permissive' });
      for (const { port } of listens) server.input(`push ${port} two`);
      for (const client of listens) await heard(client, /^two$/);
      for (const client of speaks) client.input('one');
      for (const client of speaks) await heard(client, /^echo one$/);
    });

    it('a translating node resets the server by itself once it forwards, and not before', async () => {
      await active({ nat: true, sync: 'none' });
      const clients = await Promise.all(families.map(connect));
      const b = await prepared('b', { nat: true, sync: 'none' });
      await pair.move('a', 'b');
      await pair.raise('b');
      for (const { port } of clients) server.input(`push ${port} two`);
      await until(async () => (await b.status()).counters.guarded! >= 4);
      expect(server.lines).toEqual(['listening']);
      await b.startForwarding();
      for (const { port } of clients) await heard(server, new RegExp(`^ECONNRESET ${port}$`));
      expect(silent(clients)).toBe(true);
    });

    it('rules of one node alone come first, and are counted', async () => {
      await active({ sync: 'none' });
      const b = await prepared('b', { sync: 'none', extraRules: ['tcp dport 80 counter name extra drop'] });
      await replace(b);
      pair.script('client', CLIENT, '10.0.2.10');
      await counted(b, 'extra');
      expect((await b.status()).counters.forwarded).toBe(0);
    });

    it('has nothing to commit and nothing that was lost', async () => {
      const { b } = await takenOver({ rules: 'strict' });
      expect(await b.commitState()).toEqual({ entries: 0, failed: 0, took: 0 });
      expect(await b.lostConnections()).toEqual([]);
    });
  });

  describe('with conntrackd', () => {
    it('connections of both families go on, translated, though the server spoke before their state was there', async () => {
      const a = await active({ nat: true });
      const b = await prepared('b', { nat: true });
      const clients = await Promise.all(['10.0.2.10', 'fd00:0:0:2::10'].map(connect));
      await until(async () => (await b.status()).known === 2);
      expect((await a.status()).connections).toBe(2);
      await pair.move('a', 'b');
      await pair.raise('b');
      for (const { port } of clients) server.input(`push ${port} one`);
      await counted(b, 'guarded');
      expect(await b.commitState()).toMatchObject({ entries: 2, failed: 0 });
      await b.startForwarding();
      for (const client of clients) await heard(client, /^one$/);
      for (const client of clients) client.input('two');
      for (const client of clients) await heard(client, /^echo two$/);
      expect(await b.lostConnections()).toEqual([]);
      expect(await b.status()).toMatchObject({ forwarding: true, connections: 2, known: 0 });
      // And the former node knows what the new one carries.
      await until(async () => (await a.status()).known === 2);
      expect([a.troubles, b.troubles]).toEqual([[], []]);
      expect(b.journal).toEqual([{ event: 'state-received', entries: 2 }]);
    });

    it('a download goes on with window tracking', async () => {
      await active({ windowTracking: true });
      const b = await prepared('b', { windowTracking: true });
      const client = await connect();
      const bytes = 60_000_000;
      client.input(`bulk ${bytes}`);
      await until(async () => (await b.status()).known === 1);
      await until(async () => (await bytesAt(client.port)) > 8_000_000);
      await held(client);
      await pair.move('a', 'b');
      expect(await b.commitState()).toMatchObject({ entries: 1, failed: 0 });
      await pair.raise('b');
      await b.startForwarding();
      server.input(`go ${client.port}`);
      await heard(client, new RegExp(`^end ${bytes}$`));
      expect((await b.status()).counters.forwarded).toBeGreaterThan(100);
      expect(await pair.run('b', 'sysctl', '-n', 'net.netfilter.nf_conntrack_tcp_be_liberal')).toBe('0\n');
    });

    it('what was never committed is known to be lost', async () => {
      await active({ nat: true });
      const b = await prepared('b', { nat: true });
      const client = await connect();
      const client6 = await connect('fd00:0:0:2::10');
      await until(async () => (await b.status()).known === 2);
      await replace(b);
      const ends = (client: string, port: number, server: string) => ({
        client: { address: client, port },
        server: { address: server, port: 80 },
      });
      expect(b.journal).toEqual([{ event: 'state-received', entries: 2 }]);
      const lost = await b.lostConnections();
      expect(lost).toHaveLength(2);
      expect(lost).toEqual(
        expect.arrayContaining([
          {
            ...ends('10.0.1.10', client.port, '10.0.2.10'),
            outside: ends('10.0.2.1', client.port, '10.0.2.10'),
          },
          {
            ...ends('fd00:0:0:1::10', client6.port, 'fd00:0:0:2::10'),
            outside: ends('fd00:0:0:2::1', client6.port, 'fd00:0:0:2::10'),
          },
        ]),
      );
    });

    it('a node that comes back has stale entries, which a commit replaces', async () => {
      const a = await active({ windowTracking: true });
      const b = await prepared('b', { windowTracking: true });
      const clients = [await connect(), await connect()];
      await until(async () => (await b.status()).known === 2);
      await pair.move('a', 'b');
      await b.commitState();
      await pair.raise('b');
      await b.startForwarding();
      for (const client of clients) client.input('bulk');
      // Further than any window that A has seen.
      for (const client of clients) await until(async () => (await bytesAt(client.port)) > 8_000_000);
      await until(async () => (await a.status()).known === 2);
      for (const client of clients) await held(client);
      await pair.move('b', 'a');
      await pair.raise('a');
      for (const { port } of clients) server.input(`go ${port}`);
      await counted(a, 'dropped-invalid');
      await a.stopForwarding();
      expect(await a.commitState()).toMatchObject({ entries: 2, failed: 0 });
      await a.startForwarding();
      for (const { port } of clients) server.input(`stop ${port}`);
      for (const client of clients) {
        const sent = new RegExp(`^sent (\\d+) to ${client.port}$`);
        await heard(server, sent);
        const [, bytes] = server.lines.map((line) => sent.exec(line)).find((match) => match !== null)!;
        await heard(client, new RegExp(`^end ${bytes}$`));
      }
    });
    const bytesAt = async (port: number): Promise<number> => {
      const text = await pair.run('client', 'ss', '-tniH', `sport = :${port}`);
      return Number(/bytes_received:(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
    };
    /**
     * The server waits, and has heard of all that came. Else a takeover may lose an acknowledgment: the server then repeats what the
     * client has, and a node that follows windows takes the client's answer, beyond what it saw, for invalid, for ever.
     */
    const held = async ({ port }: { port: number }): Promise<void> => {
      server.input(`hold ${port}`);
      await until(async () => {
        const [, , waiting] = (await pair.run('server', 'ss', '-tnH', `dport = :${port}`)).split(/\s+/);
        return waiting === '0';
      });
    };

    it('the peer is heard by the sync link alone: nobody else may make up connections', async () => {
      const a = await active({});
      const text = `const socket = require('dgram').createSocket('udp4');
        setInterval(() => socket.send('no message', 7880, '10.255.0.1'), 20);`;
      pair.script('client', text);
      await counted(a, 'sync-astray');
      expect((await a.status()).counters['sync-messages-malformed']).toBe(0);
    });

    it('a node that is replaced forgets its connections, without a word to the one that has them', async () => {
      const a = await active({});
      const b = await prepared('b', {});
      await connect();
      await until(async () => (await b.status()).known === 1);
      await a.stopForwarding();
      await a.flushState();
      expect(await a.status()).toMatchObject({ forwarding: false, connections: 0 });
      expect((await a.status()).counters['sync-internal-entries']).toBe(0);
      // A later message has come, and none of an end before it.
      const received = (await b.status()).counters['sync-packets-received']!;
      await until(async () => (await b.status()).counters['sync-packets-received']! > received);
      expect((await b.status()).known).toBe(1);
    });

    it.each(['a', 'b'] as const)(
      'a daemon that is killed at %s is started again, and knows all',
      async (at) => {
        const nodes = { a: await active({}), b: await prepared('b', {}) };
        await connect();
        await until(async () => (await nodes.b.status()).known === 1);
        process.kill(daemons(await pair.run(at, 'ip', 'netns', 'pids', pair.namespace(at)))[0]!, 'SIGKILL');
        await until(() => nodes[at].troubles.length === 2);
        expect(nodes[at].troubles).toEqual(['conntrackd ended by SIGKILL', 'conntrackd runs again']);
        await connect();
        await until(async () => (await nodes.b.status()).known === 2);
        await pair.move('a', 'b');
        expect(await nodes.b.commitState()).toMatchObject({ entries: 2, failed: 0 });
      },
    );
  });

  describe('at the end', () => {
    const SETTINGS = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding', 'net.ipv4.conf.in.rp_filter'];
    const settings = () => pair.run('a', 'sysctl', ...SETTINGS);

    it('takes back what it set, ends its daemon, and leaves no file', async () => {
      await pair.run('a', 'sysctl', '-qw', 'net.ipv4.conf.in.rp_filter=1');
      const before = await settings();
      const a = await active({ rules: 'loose', nat: true });
      expect(await settings()).not.toBe(before);
      await a.close();
      await a.close();
      expect(await settings()).toBe(before);
      expect(await pair.run('a', 'nft', 'list', 'ruleset')).toBe('');
      expect(daemons(await pair.run('a', 'ip', 'netns', 'pids', pair.namespace('a')))).toEqual([]);
      expect(readdirSync(pair.stateFolder('a'))).toEqual([]);
    });

    it('of a node by a kill, its daemon ends too, and the next one starts', async () => {
      const first = await active({});
      const [daemon] = daemons(await pair.run('a', 'ip', 'netns', 'pids', pair.namespace('a')));
      first.child.kill('SIGKILL');
      await until(() => !existsSync(`/proc/${daemon}`));
      const second = await prepared('a', {});
      expect((await second.status()).forwarding).toBe(false);
      const client = pair.script('client', CLIENT, '10.0.2.10');
      await counted(second, 'guarded');
      await second.startForwarding();
      await heard(client, /^port /);
    });

    it('of a node that could not start, nothing is left', async () => {
      const before = await settings();
      const a = await pair.node('a', { extraRules: ['tcp dport eighty drop'] });
      await expect(a.prepare()).rejects.toThrow(/Error: .*\(look at forwarding\.extraRules\)/);
      const b = await pair.node('b', {});
      await pair.ip('b', 'link delete sync');
      await expect(b.prepare()).rejects.toThrow(/conntrackd did not start: .+/);
      expect(await settings()).toBe(before);
      for (const place of ['a', 'b'] as const)
        expect(await pair.run(place, 'nft', 'list', 'ruleset')).toBe('');
      expect(readdirSync(pair.stateFolder('b'))).toEqual([]);
    });
  });
});

/** Of `ip netns pids`: those that are conntrackd. */
function daemons(pids: string): number[] {
  return pids
    .split('\n')
    .filter((pid) => pid !== '' && readlink(`/proc/${pid}/exe`).endsWith('/conntrackd'))
    .map(Number);
}

function readlink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
