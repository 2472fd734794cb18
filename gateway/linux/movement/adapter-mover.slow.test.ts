import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeConfigInput } from '../../config.ts';
import type { NodeContext } from '../forwarder.ts';
import type { JournalLine } from '../journal-writer.ts';
import type { Mover } from '../mover.ts';
import { testConfig } from '../test-config.ts';
import { isRoot, makeNetwork, type TestNetwork } from '../test-network.ts';
import { createAdapterMover } from './adapter-mover.ts';

const never = new AbortController().signal;

describe.skipIf(!isRoot)('the move of adapters, as root', () => {
  let network: TestNetwork;
  let journal: JournalLine[] = [];
  const troubles: string[] = [];

  const mover = (
    node: 'node-a' | 'node-b',
    move: object = {},
    faults: NodeConfigInput['faults'] = {},
  ): Mover => {
    const peer = node === 'node-a' ? 'node-b' : 'node-a';
    const config = testConfig({
      node,
      peer,
      faults,
      move: { by: 'adapter', namespace: network.name(node), peerNamespace: network.name(peer), ...move },
    });
    const context: NodeContext = {
      config,
      journal: { write: (line) => journal.push(line), close: () => {} },
      onTrouble: (what) => troubles.push(what),
    };
    return createAdapterMover(context);
  };
  const within = <T>(node: string, work: () => Promise<T>) => network.within(node, work);
  const takeOver = async (one: Mover) => {
    await one.detach();
    await one.attach(never);
    await one.raise();
    await one.announce();
  };
  const events = () =>
    journal.map((line) => ('adapter' in line ? `${line.event} ${line.adapter}` : line.event));
  const macOf = (node: string, device: string): string =>
    JSON.parse(network.ip(node, '-j', 'link', 'show', 'dev', device))[0].address;
  /** Both families, both sides: one ICMP-less question, by neighbour resolution. */
  const neighbour = (host: string, address: string): string => {
    network.exec(host, 'bash', '-c', `echo > /dev/udp/${address}/9`);
    return network.ip(host, 'neigh', 'show', address);
  };
  const isThere = (node: string): boolean => network.ip(node, '-j', 'link').includes('"ifname":"in"');

  beforeEach(() => {
    journal = [];
    troubles.length = 0;
  });
  afterEach(() => network.close());

  it('goes there and back, MAC and all, after the delay of the cloud', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': null });
    const macs = ['in', 'out'].map((device) => macOf('node-a', device));
    const a = mover('node-a', { attachDelay: '1s' });
    const b = mover('node-b', { attachDelay: '1s' });
    await within('node-a', async () => {
      await a.prepare();
      await takeOver(a); // they are here: at once, and nothing is detached
    });
    expect(events()).toEqual([
      'adapter-attached in',
      'adapter-attached out',
      ...Array(4).fill('address-up'),
      ...Array(4).fill('address-announced'),
    ]);
    for (const [node, one, other] of [
      ['node-b', b, a],
      ['node-a', a, b],
    ] as const) {
      journal = [];
      await within(node, async () => {
        await one.detach();
        const from = performance.now();
        await one.attach(never);
        expect(performance.now() - from).toBeGreaterThan(900); // the delay runs from the detaching
        await one.raise();
      });
      expect(events().slice(0, 4)).toEqual([
        'adapter-detached in',
        'adapter-detached out',
        'adapter-attached in',
        'adapter-attached out',
      ]);
      expect(['in', 'out'].map((device) => macOf(node, device))).toEqual(macs);
      await within(node === 'node-a' ? 'node-b' : 'node-a', () => other.lower()); // finds nothing to do
      expect(neighbour('client', '10.0.1.1')).toContain(macs[0]);
      expect(neighbour('server', '10.0.2.1')).toContain(macs[1]);
    }
    await within('node-a', () => a.close());
    await within('node-b', () => b.close());
    expect(network.ip('node-a', 'address')).not.toContain('10.0.');
    expect(troubles).toEqual([]);
  });

  it('a node that died after any step is followed by one that begins at the first', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': null });
    await within('node-a', () => takeOver(mover('node-a')));
    const steps: ((one: Mover) => Promise<void>)[] = [
      (one) => one.detach(),
      (one) => one.attach(never),
      (one) => one.raise(),
      (one) => one.announce(),
    ];
    for (let died = 1; died <= steps.length; died++) {
      const node = died % 2 === 1 ? 'node-b' : 'node-a';
      await within(node, async () => {
        const first = mover(node);
        for (const step of steps.slice(0, died)) await step(first);
        const second = mover(node);
        await takeOver(second);
        await takeOver(second);
        await first.close(); // ends its repeats
        await takeOver(second);
        await second.announce();
      });
      expect(neighbour('client', '10.0.1.1')).toContain(macOf(node, 'in'));
      expect(isThere(node === 'node-a' ? 'node-b' : 'node-a')).toBe(false);
    }
  });

  it('one adapter moved and the other not: the rest follows', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': null });
    network.ip('node-a', 'link', 'set', 'in', 'netns', network.name('node-b'));
    const b = mover('node-b');
    await within('node-b', () => takeOver(b));
    expect(events().filter((event) => event.startsWith('adapter-detached'))).toEqual([
      'adapter-detached out',
    ]);
    expect(isThere('node-b')).toBe(true);
    await within('node-b', () => b.close());
  });

  it('says where it looked for an adapter that is lost, and which namespace is not there', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': null });
    network.ip('node-a', 'link', 'delete', 'out');
    const b = mover('node-b');
    await within('node-b', async () => {
      await expect(b.detach()).rejects.toMatchObject({
        message: `the adapter out is neither in ${network.name('node-b')} nor in ${network.name('node-a')}`,
        hint: expect.stringContaining('make it anew'),
      });
      const strayed = mover('node-b', { peerNamespace: 'stallscope-none' });
      network.ip('node-b', 'link', 'delete', 'in');
      await expect(strayed.detach()).rejects.toThrow('there is no network namespace stallscope-none');
    });
  });

  it('the wait can be broken off, and is taken up where it was', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': null });
    const b = mover('node-b', { attachDelay: '1s' });
    const stop = new AbortController();
    await within('node-b', async () => {
      await b.detach();
      setTimeout(() => stop.abort(), 100);
      await expect(b.attach(stop.signal)).rejects.toThrow('broken off');
      expect(events()).not.toContain('adapter-attached in');
      await b.attach(never);
      await b.close();
    });
    expect(events()).toContain('adapter-attached out');
  });

  it('announces on the sides on which it may, and neighbours change their mind only there', async () => {
    network = makeNetwork(['node-a', 'node-b']);
    for (const announce of ['inside', 'none'] as const) {
      await within('node-a', () => takeOver(mover('node-a')));
      for (const [host, address] of [
        ['client', '10.0.1.1'],
        ['server', '10.0.2.1'],
      ] as const)
        expect(neighbour(host, address)).toContain(macOf('node-a', host === 'client' ? 'in' : 'out'));
      await sleep(1100); // locktime of ARP, 1 s
      const b = mover('node-b', {}, { announce });
      await within('node-a', () => mover('node-a').lower());
      await within('node-b', async () => {
        await takeOver(b);
        await sleep(300);
      });
      const told = announce === 'inside' ? 'node-b' : 'node-a';
      expect(network.ip('client', 'neigh', 'show', '10.0.1.1')).toContain(macOf(told, 'in'));
      expect(network.ip('server', 'neigh', 'show', '10.0.2.1')).toContain(macOf('node-a', 'out'));
      await within('node-b', () => b.close());
    }
  });

  it('split brain: links of its own, under the names and MACs of the adapters that stay', async () => {
    network = makeNetwork(['node-a', 'node-b'], { 'node-b': '.spare' });
    await within('node-a', () => takeOver(mover('node-a')));
    const split = { splitBrain: true };
    await within('node-b', async () => {
      await expect(mover('node-b', {}, split).prepare()).rejects.toMatchObject({
        hint: expect.stringContaining('move.spare'),
      });
      const b = mover('node-b', { spare: { inside: 'in.spare', outside: 'out.spare' } }, split);
      await b.prepare();
      await takeOver(b);
      await takeOver(mover('node-b', { spare: { inside: 'in.spare', outside: 'out.spare' } }, split));
      for (const device of ['in', 'out']) expect(macOf('node-b', device)).toBe(macOf('node-a', device));
      for (const node of ['node-a', 'node-b'])
        expect(network.ip(node, 'address', 'show', 'dev', 'in')).toContain('10.0.1.1/24');
      await b.close();
    });
  });
});
