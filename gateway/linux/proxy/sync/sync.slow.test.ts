/** Two proxy nodes in namespaces, connections through one of them, and a cable between them that is cut without a word. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  canMakeNetworks,
  createProxyNetwork,
  type ProxyNetwork,
  type ProxyNode,
} from '../../../../test/proxy-network.ts';
import type { Tuple } from '../../forwarder.ts';
import type { Session } from '../session.ts';

const SERVER = '10.0.2.10';
const BREAK_MS = 5000;

interface Sessions {
  readonly own: readonly Session[];
  readonly peer: readonly Session[];
}

describe.skipIf(!canMakeNetworks())('the sessions of a proxy at its peer (needs root, nft, ethtool)', () => {
  let network: ProxyNetwork;
  let node: ProxyNode;
  let peer: ProxyNode;
  const open = new Set<Socket>();
  beforeAll(async () => {
    network = await createProxyNetwork();
    node = await network.startNode('node', { onRelease: 'silent' });
    peer = await network.startNode('peer', {});
    for (const each of [node, peer]) await each.call('prepare');
    await node.call('startForwarding');
    await network.listen('server', 4, 80, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
  });
  afterAll(() => network?.remove());

  async function connect(): Promise<void> {
    const socket = network.connect('client', SERVER, 80);
    socket.on('error', () => {}).resume();
    await once(socket, 'connect');
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  }

  const byId = (sessions: readonly Session[]): Session[] => sessions.toSorted((a, b) => a.id - b.id);

  /** What both say, once the bytes that are on their way are in. */
  async function expectSame(): Promise<readonly Session[]> {
    let own: Session[] = [];
    await expect
      .poll(
        async () => {
          own = byId((await node.call<Sessions>('sessions')).own);
          const known = byId((await peer.call<Sessions>('sessions')).peer);
          return JSON.stringify(known) === JSON.stringify(own);
        },
        { timeout: 15_000, interval: 300 },
      )
      .toBe(true);
    return own;
  }

  /** Opens, closes and talks, until it is told to stop. */
  function load(): { stop(): Promise<{ opened: number; closed: number }> } {
    const counts = { opened: 0, closed: 0 };
    let isOn = true;
    const done = (async () => {
      while (isOn) {
        for (let i = 0; i < 10; i++) {
          await connect();
          counts.opened++;
        }
        for (const socket of open) if (Math.random() < 0.3) socket.write('x'.repeat(5000));
        for (const socket of [...open].slice(0, 8)) {
          socket.end();
          open.delete(socket);
          counts.closed++;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return counts;
    })();
    return {
      stop: () => {
        isOn = false;
        return done;
      },
    };
  }

  it('are the same after the link was silent for 5 s under load: those opened, closed and their bytes', async () => {
    const running = load();
    await expect.poll(async () => (await peer.call<{ known: number }>('status')).known).toBeGreaterThan(0);
    await expect.poll(() => open.size).toBeGreaterThan(20);
    network.exec(
      'peer',
      'nft',
      'add table inet cut; add chain inet cut silence { type filter hook input priority -300; policy drop; }',
    );
    const before = await node.call<Sessions>('sessions');
    await new Promise((resolve) => setTimeout(resolve, BREAK_MS));
    const during = await node.call<{ counters: Record<string, number> }>('status');
    expect(during.counters['sync-lag']).toBeGreaterThan(50);
    network.exec('peer', 'nft', 'delete table inet cut');
    const { opened, closed } = await running.stop();
    expect(opened).toBeGreaterThan(200);
    expect(closed).toBeGreaterThan(200);
    const own = await expectSame();
    expect(own).toHaveLength(open.size);
    expect(own.some(({ id }) => before.own.some((old) => old.id === id))).toBe(false);
    expect(own.some(({ up, down }) => up > 0 && down === up)).toBe(true);
    expect(own.every(({ outside }) => outside !== null)).toBe(true);
    const { counters, connections } = await node.call<{
      counters: Record<string, number>;
      connections: number;
    }>('status');
    expect(counters).toMatchObject({ 'sync-link-up': 1, 'sync-lag': 0 });
    expect((await peer.call<{ known: number }>('status')).known).toBe(connections);
    const notes = node.journal().flatMap(({ event, text }) => (event === 'note' ? [text] : []));
    expect(notes).toEqual([
      'the peer cannot be told of sessions: no answer',
      'the peer can be told of sessions again',
    ]);
  }, 60_000);

  it('are what is lost when the peer takes over, after the node forgot them without a word', async () => {
    const own = await expectSame();
    await node.call('stopForwarding');
    await node.call('flushState');
    const commit = await peer.call('commitState');
    expect(commit).toMatchObject({ entries: own.length, failed: own.length });
    const lost = await peer.call<Tuple[]>('lostConnections');
    const ports = (tuples: readonly Tuple[]) => tuples.map(({ client }) => client.port).toSorted();
    expect(ports(lost)).toEqual(ports(own as readonly Tuple[]));
    expect(lost.every(({ outside }) => outside?.server.address === SERVER)).toBe(true);
    expect(peer.journal().some(({ event }) => event === 'state-received')).toBe(true);
  });

  it('are told anew by a node that started again, and to a peer that did', async () => {
    await node.call('startForwarding');
    await node.call('close');
    await node.kill();
    node = await network.startNode('node', { onRelease: 'reset' });
    await node.call('prepare');
    await node.call('startForwarding');
    await connect();
    expect(await expectSame()).toHaveLength(1);
    await peer.call('close');
    await peer.kill();
    peer = await network.startNode('peer', {});
    await peer.call('prepare');
    expect(await expectSame()).toHaveLength(1);
  });

  it('are none after a node handed over that resets them', async () => {
    await node.call('stopForwarding');
    expect(await peer.call('commitState')).toMatchObject({ entries: 0 });
    expect(await peer.call('lostConnections')).toEqual([]);
  });
});
