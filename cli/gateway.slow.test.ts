/**
 * A pair of nodes as users run it: two processes in network namespaces, a transfer through them, the active one killed,
 * the role back by hand, and everything taken down.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { NodeConfigInput } from '../gateway/config.ts';
import type { Answer, Status } from '../gateway/linux/control-words.ts';
import type { JournalLine } from '../gateway/linux/journal-writer.ts';
import { isInstalled } from '../gateway/linux/program.ts';
import { isRoot, makeNetwork, type TestNetwork } from '../gateway/linux/test-network.ts';
import { bundleCli, removeBundle, runCli } from './run-cli.ts';

type NodeName = 'node-a' | 'node-b';
type Line = JournalLine & { readonly time: string; readonly node: string };

const PROGRAMS = ['ip', 'nft', 'conntrack', 'conntrackd'];
const NODES: readonly NodeName[] = ['node-a', 'node-b'];
const LONGEST_MS = 60_000;

describe.skipIf(!isRoot || !PROGRAMS.every(isInstalled))(
  `a pair of gateway nodes (needs root, ${PROGRAMS.join(', ')})`,
  () => {
    let network: TestNetwork;
    let folder = '';
    let bundle = '';
    let transfer: Transfer;
    const running = new Map<NodeName, { child: ChildProcess; said: string; code: Promise<number | null> }>();

    const fileOf = (node: NodeName): string => path.join(folder, `${node}.yaml`);
    const journalOf = (node: NodeName): Line[] =>
      readFileSync(path.join(folder, `${node}.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
    const ask = (node: NodeName, ...words: string[]) =>
      runCli(bundle, ['gateway', ...words, '--config', fileOf(node)]);

    const processesOf = (node: NodeName): string =>
      network.exec('switch', 'ip', 'netns', 'pids', network.name(node));

    const start = (node: NodeName): void => {
      const words = ['netns', 'exec', network.name(node), process.execPath, bundle];
      const child = spawn('ip', [...words, 'gateway', 'run', '--config', fileOf(node)]);
      const code = new Promise<number | null>((resolve) => child.once('close', resolve));
      const one = { child, said: '', code };
      child.stderr.on('data', (bytes: Buffer) => {
        one.said += bytes.toString();
      });
      running.set(node, one);
    };
    const end = async (node: NodeName, signal: NodeJS.Signals): Promise<number | null> => {
      const one = running.get(node)!;
      one.child.kill(signal);
      return one.code;
    };
    const status = async (node: NodeName): Promise<Status | null> => {
      const { code, stdout } = await ask(node, 'status', '--json');
      return code === 0 ? (JSON.parse(stdout) as Status) : null;
    };
    const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
      for (const limit = Date.now() + LONGEST_MS; !(await holds()); await sleep(100))
        if (Date.now() > limit)
          throw new Error(
            `never: ${what}\n${[...running].map(([node, { said }]) => `${node}\n${said}`).join('\n')}`,
          );
    };
    const untilIs = (node: NodeName, role: Status['role']) =>
      until(`${node} is ${role}`, async () => (await status(node))?.role === role);
    const untilFlows = () => {
      const before = transfer.received;
      return until('the transfer goes on', () => transfer.received > before + 200_000);
    };

    beforeAll(async () => {
      bundle = await bundleCli();
      folder = mkdtempSync(path.join(tmpdir(), 'stallscope-gateway-'));
      network = makeNetwork(NODES, { 'node-b': null });
      network.ip(
        'node-a',
        'link',
        'add',
        'sync',
        'type',
        'veth',
        'peer',
        'name',
        'sync',
        'netns',
        network.name('node-b'),
      );
      writeFileSync(path.join(folder, 'key'), Buffer.alloc(32, 5), { mode: 0o600 });
      for (const [i, node] of NODES.entries()) {
        network.ip(node, 'address', 'add', `10.255.0.${i + 1}/30`, 'dev', 'sync');
        network.ip(node, 'link', 'set', 'sync', 'up');
        writeFileSync(fileOf(node), stringify(configOf(node, network, folder)));
        start(node);
      }
      await untilIs('node-a', 'active');
      await untilIs('node-b', 'standby');
      transfer = await startTransfer(network);
    }, 2 * LONGEST_MS);

    afterAll(async () => {
      transfer?.close();
      for (const node of running.keys()) await end(node, 'SIGTERM');
      network?.close();
      if (folder !== '') rmSync(folder, { recursive: true, force: true });
      if (bundle !== '') removeBundle(bundle);
    }, LONGEST_MS);

    it(
      'carries a transfer through the active node, and tells the peer',
      async () => {
        await untilFlows();
        await until('node-b knows the connection', async () => ((await status('node-b'))?.known ?? 0) > 0);
        const { stdout } = await ask('node-a', 'status');
        expect(stdout).toMatch(/^node +node-a \(pid \d+\)\nrole +active, term 1\npeer +node-b: standby/);
      },
      LONGEST_MS,
    );

    it('lets no second process run one node', async () => {
      const { code, stderr } = await ask('node-a', 'run');
      expect(code).toBe(2);
      expect(stderr).toContain(`is in use by a node that runs (pid ${running.get('node-a')?.child.pid})`);
    });

    it(
      'goes over when the active node is killed: state first, then addresses, and the transfer goes on',
      async () => {
        await end('node-a', 'SIGKILL');
        await untilIs('node-b', 'active');
        await untilFlows();
        const lines = journalOf('node-b').filter(
          ({ event }) => !['note', 'counter', 'state-received'].includes(event),
        );
        expect(lines.map(({ event }) => event)).toEqual([
          'role',
          'role',
          'adapter-detached',
          'adapter-detached',
          'adapter-attached',
          'adapter-attached',
          'state-committed',
          'address-up',
          'address-up',
          'address-announced',
          'address-announced',
          'forwarding-on',
          'role',
        ]);
        expect(lines.find(({ event }) => event === 'state-committed')).toMatchObject({ failed: 0 });
        expect(lines.at(-1)).toMatchObject({ from: 'taking-over', to: 'active', node: 'node-b' });
        const times = lines.map(({ time }) => BigInt(time));
        expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
        const committed = lines.find(({ event }) => event === 'state-committed');
        expect((committed as { entries?: number }).entries).toBeGreaterThan(0);
      },
      2 * LONGEST_MS,
    );

    it(
      'puts away what the killed node left when it is started again, and stands by',
      async () => {
        const before = journalOf('node-a').length;
        // The kernel ended its daemons with it: they would go on telling the peer of connections.
        await until('nothing runs at node-a', () => processesOf('node-a') === '');
        const killed = running.get('node-a')?.child.pid;
        start('node-a');
        await untilIs('node-a', 'standby');
        const notes = journalOf('node-a')
          .slice(before)
          .flatMap((line) => (line.event === 'note' ? [line.text] : []));
        expect(notes).toContain(`an earlier process (${killed}) did not end by itself`);
        expect(notes).toContain(`left in ${path.join(folder, 'node-a')}: control.sock`);
        await until('the peer is heard', async () => (await status('node-a'))?.peer.role === 'active');
        await untilFlows();
      },
      LONGEST_MS,
    );

    it(
      'goes back by hand, step by step, and the transfer goes on',
      async () => {
        const { code, stdout, stderr } = await ask('node-a', 'takeover', '--json');
        expect([code, stderr]).toEqual([0, '']);
        const answers = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Answer);
        const steps = answers.flatMap((answer) =>
          answer.kind === 'step' && answer.state === 'done' ? [answer.step] : [],
        );
        expect(steps).toEqual([
          'detach-adapters',
          'attach-adapters',
          'commit-state',
          'raise-addresses',
          'announce',
          'start-forwarding',
        ]);
        expect(answers.at(-1)).toEqual({ kind: 'end', ok: true, role: 'active' });
        await untilIs('node-b', 'standby');
        await untilFlows();
        expect(network.ip('node-b', '-br', 'link')).not.toMatch(/^(in|out)\b/m);
        expect(transfer.wrong).toBe(0);
      },
      2 * LONGEST_MS,
    );

    it(
      'is taken down by SIGTERM: role, daemons, rules, addresses, folder',
      async () => {
        for (const node of NODES) {
          expect(await end(node, 'SIGTERM')).toBe(0);
          expect(existsSync(path.join(folder, node))).toBe(false);
          expect(network.exec(node, 'nft', 'list', 'tables')).toBe('');
          expect(processesOf(node)).toBe('');
        }
        expect(network.ip('node-a', '-br', 'address', 'show', 'dev', 'in')).not.toContain('10.0.1.1');
        expect(journalOf('node-a').findLast(({ event }) => event === 'role')).toMatchObject({
          to: 'standby',
        });
        const { code, stderr } = await ask('node-a', 'status');
        expect(code).toBe(2);
        expect(stderr).toContain('node-a does not run');
      },
      LONGEST_MS,
    );

    it(
      'is taken down by SIGTERM while it is being set up',
      async () => {
        start('node-a');
        while (!existsSync(path.join(folder, 'node-a'))) await sleep(1);
        expect(await end('node-a', 'SIGTERM')).toBe(0);
        expect(existsSync(path.join(folder, 'node-a'))).toBe(false);
        expect(network.exec('node-a', 'nft', 'list', 'tables')).toBe('');
      },
      LONGEST_MS,
    );
  },
);

const configOf = (node: NodeName, network: TestNetwork, folder: string): NodeConfigInput => {
  const peer = node === 'node-a' ? 'node-b' : 'node-a';
  return {
    node,
    peer,
    start: node === 'node-a' ? 'active' : 'standby',
    inside: { interface: 'in', addresses: ['10.0.1.1/24'] },
    outside: { interface: 'out', addresses: ['10.0.2.1/24'] },
    forwarding: { forwarder: 'routed' },
    move: {
      by: 'adapter',
      namespace: network.name(node),
      peerNamespace: network.name(peer),
      attachDelay: '300ms',
    },
    sync: {
      interface: 'sync',
      address: node === 'node-a' ? '10.255.0.1' : '10.255.0.2',
      peerAddress: node === 'node-a' ? '10.255.0.2' : '10.255.0.1',
      keyFile: path.join(folder, 'key'),
    },
    heartbeat: { every: '200ms', deadAfter: '1500ms' },
    journal: path.join(folder, `${node}.jsonl`),
    stateFolder: path.join(folder, node),
  };
};

interface Transfer {
  received: number;
  /** Bytes that are not those that were sent. */
  wrong: number;
  close(): void;
}

const PORT = 8080;
/** A prime, so that a piece that is lost or doubled is seen. */
const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, i) => i));

/** About 1 MB/s from the server to the client, until it is closed. */
async function startTransfer(network: TestNetwork): Promise<Transfer> {
  const sockets: Socket[] = [];
  const server = await network.within(
    'server',
    () =>
      new Promise<Server>((resolve) => {
        const made = createServer((socket) => {
          sockets.push(socket);
          const timer = setInterval(
            () => socket.writableNeedDrain || socket.write(Buffer.concat(Array(80).fill(PATTERN))),
            20,
          );
          socket.on('error', () => {}).on('close', () => clearInterval(timer));
        }).listen(PORT, '10.0.2.10', () => resolve(made));
      }),
  );
  const client = await network.within(
    'client',
    () =>
      new Promise<Socket>((resolve, reject) => {
        const made = connect(PORT, '10.0.2.10', () => resolve(made)).on('error', reject);
      }),
  );
  sockets.push(client);
  const transfer: Transfer = {
    received: 0,
    wrong: 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  client.on('data', (bytes) => {
    for (const byte of bytes) {
      if (byte !== PATTERN[transfer.received % PATTERN.length]) transfer.wrong += 1;
      transfer.received += 1;
    }
  });
  return transfer;
}
