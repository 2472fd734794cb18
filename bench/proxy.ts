/**
 * What the gateway's proxy costs, beside no gateway at all and the kernel's own forwarding, on one path of network namespaces
 * with offload on: bulk data by iperf3, 2,000 connections held at once, and its sync when its link breaks under load.
 * The trap: the generator runs on the same cores. Its share is printed, and a core that it takes is one less to relay.
 */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import {
  canMakeNetworks,
  createProxyNetwork,
  type ProxyNetwork,
  type ProxyNode,
} from '../test/proxy-network.ts';
import { median } from './measure.ts';
import { type Bulk, runBulk } from './proxy-bulk.ts';
import { type Held, holdConnections } from './proxy-connections.ts';
import { breakSync } from './proxy-sync.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});
const rounds = Math.max(1, Number(values.rounds) || 1);
const seconds = Math.max(1, Number(values.seconds) || 1);

const WAYS = ['direct', 'routed by the kernel', 'proxied'] as const;
type Way = (typeof WAYS)[number];
const KINDS = { upload: [], download: ['-R'], 'four uploads': ['-P', '4'] } as const;
type Kind = keyof typeof KINDS;
const HELD = 2000;
/** Of the server, by the gateway and beside it. */
const SERVER = '10.0.2.10';
const SERVER_DIRECT = '10.0.3.2';

async function measureProxy(): Promise<void> {
  const missing = whatIsMissing();
  if (missing !== null) return fail(missing);
  const network = await createProxyNetwork({ offload: true });
  const onSignal = (): void => void network.remove().finally(() => process.exit(130));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    addDirectPath(network);
    print(`${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, Node ${process.version}, ${iperfVersion()}`);
    print(
      `load before: ${loadavg()[0]!.toFixed(1)} (what others use is missing below); ${rounds} rounds, medians`,
    );
    const held = await compareWays(network);
    const { lines, lost } = await breakSync(network, HELD);
    for (const line of lines) print(line);
    if (held + lost > 0) fail(`lost: ${held} connections, ${lost} sessions at the peer`);
  } finally {
    await network.remove();
  }
}

function whatIsMissing(): string | null {
  if (!canMakeNetworks())
    return 'network namespaces: run it as root, with nftables, iproute2 and ethtool installed';
  if (iperfVersion() === null) return 'the generator iperf3 is not installed: apt-get install iperf3';
  return null;
}

const iperfVersion = (): string | null =>
  spawnSync('iperf3', ['--version'], { encoding: 'utf8' }).stdout?.split(' (')[0] ?? null;

function addDirectPath({ ip, namespaceOf }: ProxyNetwork): void {
  ip('client', `link add direct type veth peer name direct netns ${namespaceOf('server')}`);
  for (const [host, address] of [
    ['client', '10.0.3.1/30'],
    ['server', `${SERVER_DIRECT}/30`],
  ] as const) {
    ip(host, `addr add ${address} dev direct`);
    ip(host, 'link set direct up');
  }
}

/** Every way once a round, in turn, so that a machine that is busy for a while is busy for all. @returns connections lost */
async function compareWays(network: ProxyNetwork): Promise<number> {
  const bulk = new Map<Kind, Map<Way, Bulk[]>>();
  const held = new Map<Way, Held[]>();
  for (let round = 0; round < rounds; round++) {
    for (const way of WAYS) {
      const server = way === 'direct' ? SERVER_DIRECT : SERVER;
      const node = await openWay(network, way);
      for (const [kind, args] of Object.entries(KINDS) as [Kind, readonly string[]][]) {
        const runs = bulk.get(kind) ?? new Map<Way, Bulk[]>();
        bulk.set(kind, runs);
        append(runs, way, await runBulk(network, node, { server, seconds, args }));
      }
      append(held, way, await holdConnections(network, node, { server, count: HELD, seconds }));
      await node?.call('close');
      await node?.kill();
    }
  }
  printBulk(bulk);
  printHeld(held);
  return [...held.values()].flat().reduce((sum, { lost }) => sum + lost, 0);
}

/** The node that relays, where one does. */
async function openWay(network: ProxyNetwork, way: Way): Promise<ProxyNode | null> {
  network.exec('node', 'sysctl', '-qw', `net.ipv4.ip_forward=${way === 'routed by the kernel' ? 1 : 0}`);
  if (way !== 'proxied') return null;
  const node = await network.startNode('node', { sync: false });
  await node.call('prepare');
  await node.call('startForwarding');
  return node;
}

function append<K, V>(all: Map<K, V[]>, key: K, value: V): void {
  all.set(key, [...(all.get(key) ?? []), value]);
}

function printBulk(bulk: ReadonlyMap<Kind, ReadonlyMap<Way, readonly Bulk[]>>): void {
  print('\n| bulk data | way | Gbit/s | of direct | cores: generator | proxy | whole machine |');
  print('|---|---|---:|---:|---:|---:|---:|');
  for (const [kind, ways] of bulk) {
    const direct = median(ways.get('direct')!.map(({ gigabits }) => gigabits));
    for (const [way, runs] of ways) {
      const of = (key: keyof Bulk): number => median(runs.map((run) => run[key]));
      const cells = [of('gigabits'), of('gigabits') / direct, of('generator'), of('proxy'), of('machine')];
      print(`| ${[kind, way, ...cells.map((cell) => cell.toFixed(2))].join(' | ')} |`);
    }
  }
}

function printHeld(held: ReadonlyMap<Way, readonly Held[]>): void {
  print(
    `\n| ${HELD} connections | opened in | of direct | each answered once in | lost | Gbit/s meanwhile | generator's cores | memory of the proxy |`,
  );
  print('|---|---:|---:|---:|---:|---:|---:|---:|');
  const direct = median(held.get('direct')!.map(({ opening }) => opening));
  for (const [way, runs] of held) {
    const of = (key: keyof Held): number => median(runs.map((run) => run[key]));
    const cells = [
      `${of('opening').toFixed(2)} s`,
      (of('opening') / direct).toFixed(1),
      `${of('answering').toFixed(2)} s`,
      runs.reduce((sum, { lost }) => sum + lost, 0),
      of('gigabits').toFixed(2),
      of('generator').toFixed(2),
      way === 'proxied' ? `${of('memory').toFixed(0)} MiB` : '',
    ];
    print(`| ${[way, ...cells].join(' | ')} |`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(why: string): void {
  process.stderr.write(`bench: ${why}\n`);
  process.exitCode = 1;
}

await measureProxy();
