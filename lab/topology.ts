/**
 * Client, two gateway nodes, server and a switch with two bridges, each in a namespace of its own; every cable is
 * made inside them, so that the machine's own network is never touched.
 * The trap: where the adapter moves, only node A has one; and a cloud's network answers ARP for it whether
 * it lives or not, so there the gateway's address is pinned at both ends.
 */
import { run as runProgram } from '../gateway/linux/program.ts';
import { addressOf, type Family, macOf, type NodeName, prefixLength, type Side, SYNC } from './addresses.ts';
import { namespaceOf } from './run-folder.ts';
import { HOSTS, type HostName } from './scenario.ts';

export interface Topology {
  readonly id: string;
  readonly family: Family;
  readonly move: 'adapter' | 'address';
  /** Node B has links of its own that stand in for the adapters, down: two nodes are to forward at once. */
  readonly spare: boolean;
}

export const NODES: readonly NodeName[] = ['node-a', 'node-b'];
const SIDES: readonly Side[] = ['in', 'out'];

/** @throws GatewayError */
export async function buildTopology(topology: Topology): Promise<void> {
  const ns = (host: HostName): string => namespaceOf(topology.id, host);
  await ip(
    ['-batch', '-'],
    HOSTS.map((host) => `netns add ${ns(host)}`),
  );
  await Promise.all(HOSTS.map((host) => setSysctls(ns(host), hostSysctls(host, topology.family))));
  await ip(['-n', ns('switch'), '-batch', '-'], switchLines(topology));
  await ip(
    ['-n', ns('node-a'), '-batch', '-'],
    [
      `link add sync type veth peer name sync netns ${ns('node-b')}`,
      `address add ${SYNC['node-a']}/30 dev sync`,
      'link set sync up',
    ],
  );
  await ip(
    ['-n', ns('node-b'), '-batch', '-'],
    [`address add ${SYNC['node-b']}/30 dev sync`, 'link set sync up'],
  );
  await Promise.all(HOSTS.map((host) => disableOffloads(ns(host), devicesOf(host, topology))));
  for (const node of NODES)
    await ip(
      ['-n', ns(node), '-batch', '-'],
      adaptersOf(node, topology).map((side) => `link set ${side} up`),
    );
  await ip(['-n', ns('client'), '-batch', '-'], endLines(topology, 'in'));
  await ip(['-n', ns('server'), '-batch', '-'], endLines(topology, 'out'));
}

const adaptersOf = (node: NodeName, { move }: Topology): readonly Side[] =>
  node === 'node-a' || move === 'address' ? SIDES : [];

/** Node B's own links, where the adapters stay at node A. */
export const SPARE = { in: 'spare-in', out: 'spare-out' } as const;

const sparesOf = ({ move, spare }: Topology): readonly Side[] => (spare && move === 'adapter' ? SIDES : []);

/** The port of a node's adapter on its bridge. An adapter that moves keeps its port, that of node A. */
export const portOf = (node: NodeName, side: Side): string => `${node.slice(-1)}-${side}`;

const bridgeLines = (side: Side): string[] => [
  `link add br-${side} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
  `link set br-${side} up`,
];

function switchLines(topology: Topology): string[] {
  const cable = (port: string, side: Side, host: HostName, name: string, mac: string): string[] => [
    `link add ${port} type veth peer name ${name} address ${mac} netns ${namespaceOf(topology.id, host)}`,
    `link set ${port} master br-${side} up`,
  ];
  const hostOf = (node: NodeName): 1 | 2 | 3 => (topology.move === 'adapter' ? 1 : node === 'node-a' ? 2 : 3);
  return [
    ...SIDES.flatMap(bridgeLines),
    ...cable('client', 'in', 'client', 'eth0', macOf('in', 10)),
    ...cable('server', 'out', 'server', 'eth0', macOf('out', 10)),
    ...NODES.flatMap((node) =>
      adaptersOf(node, topology).flatMap((side) =>
        cable(portOf(node, side), side, node, side, macOf(side, hostOf(node))),
      ),
    ),
    ...sparesOf(topology).flatMap((side) =>
      cable(portOf('node-b', side), side, 'node-b', SPARE[side], macOf(side, 3)),
    ),
  ];
}

function endLines({ family, move }: Topology, side: Side): string[] {
  const gateway = addressOf(family, side, 1);
  return [
    'link set lo up',
    `address add ${addressOf(family, side, 10)}/${prefixLength(family)} dev eth0${family === 6 ? ' nodad' : ''}`,
    'link set eth0 up',
    `route add default via ${gateway} dev eth0`,
    ...(move === 'adapter'
      ? [`neighbour replace ${gateway} lladdr ${macOf(side, 1)} dev eth0 nud permanent`]
      : []),
  ];
}

function devicesOf(host: HostName, topology: Topology): string[] {
  if (host === 'client' || host === 'server') return ['eth0'];
  const spares = sparesOf(topology);
  if (host === 'switch')
    return [
      'client',
      'server',
      ...spares.map((side) => portOf('node-b', side)),
      ...NODES.flatMap((node) => adaptersOf(node, topology).map((s) => portOf(node, s))),
    ];
  return [
    'sync',
    ...adaptersOf(host, topology),
    ...(host === 'node-b' ? spares.map((side) => SPARE[side]) : []),
  ];
}

/** A namespace takes some of them from the machine, which may have any. */
function hostSysctls(host: HostName, family: Family): string[] {
  const each = (name: string): string[] => [`net.ipv4.conf.all.${name}`, `net.ipv4.conf.default.${name}`];
  const quiet = host === 'switch' || family === 4 ? 1 : 0;
  return [
    ...each('rp_filter').map((name) => `${name}=0`),
    ...each('send_redirects').map((name) => `${name}=0`),
    'net.ipv4.ip_forward=0',
    `net.ipv6.conf.all.disable_ipv6=${quiet}`,
    `net.ipv6.conf.default.disable_ipv6=${quiet}`,
    'net.ipv6.conf.default.accept_dad=0',
    'net.ipv6.conf.default.accept_ra=0',
    'net.ipv6.conf.default.router_solicitations=0',
  ];
}

/** In words of sysctl(8), from inside: a namespace's own settings cannot be written from elsewhere. */
export async function setSysctls(namespace: string, settings: readonly string[]): Promise<void> {
  await runProgram('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', ...settings]);
}

/** Frames as a wire has them: none is longer than the MTU, and checksums are right in captures. */
async function disableOffloads(namespace: string, devices: readonly string[]): Promise<void> {
  const each = devices.map((device) => `ethtool -K ${device} tso off gso off gro off tx off`);
  await runProgram('ip', ['netns', 'exec', namespace, 'sh', '-c', each.join(' && ')]);
}

const ip = (args: readonly string[], lines: readonly string[]): Promise<string> =>
  lines.length === 0 ? Promise.resolve('') : runProgram('ip', args, { input: `${lines.join('\n')}\n` });
