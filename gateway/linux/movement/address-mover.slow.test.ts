import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeConfigInput } from '../../config.ts';
import type { JournalLine } from '../journal-writer.ts';
import type { Mover } from '../mover.ts';
import { isInstalled } from '../program.ts';
import { testConfig } from '../test-config.ts';
import { isRoot, makeNetwork, type TestNetwork } from '../test-network.ts';
import { createAddressMover } from './address-mover.ts';

const NODES = ['node-a', 'node-b'] as const;
type NodeName = (typeof NODES)[number];
const never = new AbortController().signal;

interface Node {
  readonly name: NodeName;
  readonly mover: Mover;
  readonly folder: string;
  readonly heard: string[];
  readonly journal: JournalLine[];
  readonly troubles: string[];
}

describe.skipIf(!isRoot || !isInstalled('keepalived') || !isInstalled('nft'))(
  'the move of addresses, as root with keepalived and nft',
  () => {
    let network: TestNetwork;
    const nodes: Node[] = [];

    const start = async (
      name: NodeName,
      faults: NodeConfigInput['faults'] = {},
      move: object = {},
    ): Promise<Node> => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'stallscope-move-'));
      const own = name === 'node-a' ? 2 : 3;
      const side = (i: 1 | 2) => ({
        interface: i === 1 ? 'in' : 'out',
        addresses: [`10.0.${i}.1/24`, `fd00:0:0:${i}::1/64`],
        ownAddresses: [`10.0.${i}.${own}/24`, `fd00:0:0:${i}::${own}/64`],
      });
      const config = testConfig({
        node: name,
        faults,
        inside: side(1),
        outside: { ...side(2), routes: [{ to: '10.9.0.0/16', via: '10.0.2.10' }] },
        move: { by: 'address', priority: name === 'node-a' ? 110 : 100, advertiseEvery: '200ms', ...move },
        stateFolder: folder,
      });
      const [heard, journal, troubles]: [string[], JournalLine[], string[]] = [[], [], []];
      const mover = createAddressMover(
        {
          config,
          journal: { write: (line) => journal.push(line), close: () => {} },
          onTrouble: (what) => troubles.push(what),
        },
        (state) => heard.push(state),
      );
      const node = { name, mover, folder, heard, journal, troubles };
      nodes.push(node);
      await network.within(name, () => mover.prepare());
      return node;
    };
    const within = <T>(node: Node, work: () => Promise<T>) => network.within(node.name, work);
    const until = async (holds: () => boolean, what: string) => {
      for (const limit = Date.now() + 15_000; !holds(); await sleep(10))
        if (Date.now() > limit) throw new Error(`never: ${what}, of ${JSON.stringify(nodes)}`);
    };
    const isMaster = (node: Node) => until(() => node.heard.at(-1) === 'master', `${node.name} master`);
    const isBackup = (node: Node) => until(() => node.heard.at(-1) === 'backup', `${node.name} backup`);
    const addresses = (node: Node) => network.ip(node.name, 'address');
    const macOf = (name: NodeName, device: string): string =>
      JSON.parse(network.ip(name, '-j', 'link', 'show', 'dev', device))[0].address;
    const neighbour = (host: string, address: string) => network.ip(host, 'neigh', 'show', address);
    const ask = (host: string, address: string) =>
      network.exec(host, 'bash', '-c', `echo > /dev/udp/${address}/9`);
    const pids = (node: Node): number[] =>
      ['keepalived.pid', 'keepalived-vrrp.pid'].map((file) =>
        Number(readFileSync(path.join(node.folder, file), 'utf8')),
      );

    beforeEach(() => {
      network = makeNetwork(NODES);
    });
    afterEach(async () => {
      // One that does not end must not keep the rest from being removed.
      for (const node of nodes) await Promise.race([within(node, () => node.mover.close()), sleep(10_000)]);
      for (const node of nodes.splice(0)) rmSync(node.folder, { recursive: true });
      network.close();
    });

    it('a claim takes the role, a release gives it back at once, and the end leaves nothing', async () => {
      const a = await start('node-a');
      const b = await start('node-b');
      await within(a, () => a.mover.raise());
      expect(a.heard.at(-1)).toBe('master');
      expect(addresses(a)).toMatch(/10\.0\.1\.2\/24[\s\S]*10\.0\.1\.1\/24[\s\S]*fd00:0:0:2::1\/64/);
      expect(network.ip('node-a', 'route')).toContain('10.9.0.0/16 via 10.0.2.10');
      expect(a.journal.map(({ event }) => event)).toEqual(Array(4).fill('address-up'));
      await within(a, () => a.mover.raise()); // done already
      expect(a.journal).toHaveLength(4);

      await within(b, () => b.mover.raise()); // against the holder's will
      await isBackup(a);
      expect(addresses(a)).not.toContain('10.0.1.1/24');
      expect(network.ip('node-a', 'route')).not.toContain('10.9.0.0');

      await within(b, async () => {
        await b.mover.lower();
        await b.mover.lower();
      });
      expect(addresses(b)).not.toMatch(/10\.0\.[12]\.1\/24|:[12]::1\/64/);
      await isMaster(a);
      await isBackup(b);
      const processes = [...pids(a), ...pids(b)];
      for (const node of [a, b]) await within(node, () => node.mover.close());
      for (const pid of processes) expect(existsSync(`/proc/${pid}`)).toBe(false);
      for (const node of [a, b]) {
        expect(readdirSync(node.folder)).toEqual([]);
        expect(addresses(node)).not.toContain('10.0.');
        expect(network.exec(node.name, 'nft', 'list', 'tables')).toBe('');
        expect(node.troubles).toEqual([]);
      }
    });

    it.each(['both', 'inside', 'none'] as const)(
      'the other takes over from one that was killed, and tells its neighbours: %s',
      async (announce) => {
        const a = await start('node-a');
        await within(a, () => a.mover.raise());
        const b = await start('node-b', { announce });
        for (const [host, side] of [
          ['client', 1],
          ['server', 2],
        ] as const)
          for (const address of [`10.0.${side}.1`, `fd00:0:0:${side}::1`]) ask(host, address);
        await sleep(1200); // ARP heeds no other within a second (locktime)
        expect(neighbour('client', '10.0.1.1')).toContain(macOf('node-a', 'in'));
        // Its supervisor is to start the next one in the namespace of the node.
        await within(a, async () => {
          for (const side of ['in', 'out']) network.ip('node-a', 'link', 'set', side, 'down');
          for (const pid of pids(a).toReversed()) process.kill(pid, 'SIGKILL');
          await isMaster(b);
          await until(() => a.troubles.some((what) => what.includes('keepalived ended by SIGKILL')), 'told');
        });
        expect(addresses(b)).toContain('10.0.2.1/24');
        for (const host of ['client', 'server'])
          expect(neighbour(host, host === 'client' ? '10.0.1.1' : '10.0.2.1')).toContain(
            macOf('node-a', host === 'client' ? 'in' : 'out'),
          ); // keepalived has announced nothing
        await within(b, async () => {
          await b.mover.raise();
          await b.mover.announce();
          await sleep(300);
        });
        const inside = macOf(announce === 'none' ? 'node-a' : 'node-b', 'in');
        const outside = macOf(announce === 'both' ? 'node-b' : 'node-a', 'out');
        expect(neighbour('client', '10.0.1.1')).toContain(inside);
        expect(neighbour('client', 'fd00:0:0:1::1')).toContain(inside);
        expect(neighbour('server', '10.0.2.1')).toContain(outside);
        expect(neighbour('server', 'fd00:0:0:2::1')).toContain(outside);
      },
    );

    it.each([false, true])('the better one takes the role back only where it may: %s', async (preempt) => {
      const b = await start('node-b', {}, { preempt });
      await isMaster(b);
      const a = await start('node-a', {}, { preempt });
      if (preempt) {
        await isMaster(a);
        await isBackup(b);
      } else {
        await sleep(1500); // seven intervals
        expect([a.heard.at(-1), b.heard.at(-1)]).toEqual(['backup', 'master']);
      }
    });

    it('says what is missing', async () => {
      network.ip('node-a', 'link', 'delete', 'out');
      await expect(start('node-a')).rejects.toThrow('there is no interface out');
      expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).toContain(network.name('node-a'));
      await within(nodes[0]!, () => nodes[0]!.mover.attach(never).catch(() => {}));
    });
  },
);
