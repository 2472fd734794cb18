/**
 * For tests: a client, nodes and a server in network namespaces of their own, each node with the
 * interfaces `in` and `out`, on two bridges in a namespace that is the switch.
 * The trap: `within` moves the one thread that runs the test; what it starts meanwhile starts there, but
 * asynchronous file access runs in other threads, so nothing may read /proc/sys that way.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

export const isRoot = process.getuid?.() === 0;

export interface TestNetwork {
  /** The name of a namespace, by its role: `client`, `server`, `switch`, or a node's. */
  name(role: string): string;
  /** Runs a program to its end in a namespace. Returns what it printed. @throws where it fails */
  exec(role: string, ...command: string[]): string;
  /** `ip -n NAMESPACE …` */
  ip(role: string, ...words: string[]): string;
  /** Everything that `work` starts and opens is in that namespace. Not to be nested, nor overlapped. */
  within<T>(role: string, work: () => Promise<T>): Promise<T>;
  /** Removes all. */
  close(): void;
}

const CLONE_NEWNET = 0x40000000;

/**
 * Nodes have no addresses yet; client and server have .10 and ::10, and their gateways are .1 and ::1.
 * `plugs`: what a node's links are called after `in` and `out`; null: it has none.
 */
export function makeNetwork(
  nodes: readonly string[],
  plugs: Readonly<Record<string, string | null>> = {},
): TestNetwork {
  const id = `stallscope-t${randomBytes(3).toString('hex')}`;
  const name = (role: string) => `${id}-${role}`;
  const made: string[] = [];
  const sh = (program: string, ...args: string[]) =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const ip = (role: string, ...words: string[]) => sh('ip', '-n', name(role), ...words);
  const network: TestNetwork = {
    name,
    exec: (role, ...command) => sh('ip', 'netns', 'exec', name(role), ...command),
    ip,
    within: (role, work) => inNamespace(name(role), work),
    close: () => {
      for (const role of made.splice(0)) sh('ip', 'netns', 'delete', name(role));
    },
  };
  try {
    for (const role of ['switch', 'client', 'server', ...nodes]) {
      sh('ip', 'netns', 'add', name(role));
      made.push(role);
      ip(role, 'link', 'set', 'lo', 'up');
      // A link-local address that is still tentative sends no solicitations, for about 2 s.
      network.exec(role, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
    }
    build(network, nodes, plugs);
  } catch (error) {
    network.close();
    throw error;
  }
  return network;
}

function build(
  network: TestNetwork,
  nodes: readonly string[],
  plugs: Readonly<Record<string, string | null>>,
): void {
  const { ip, name } = network;
  for (const [i, side] of (['in', 'out'] as const).entries()) {
    ip('switch', 'link', 'add', `br-${side}`, 'type', 'bridge', 'mcast_snooping', '0');
    ip('switch', 'link', 'set', `br-${side}`, 'up');
    const plug = (role: string, device: string) => {
      const port = `${role}-${side}`;
      ip('switch', 'link', 'add', port, 'type', 'veth', 'peer', 'name', device, 'netns', name(role));
      ip('switch', 'link', 'set', port, 'master', `br-${side}`, 'up');
    };
    for (const node of nodes) {
      const suffix = plugs[node] === undefined ? '' : plugs[node];
      if (suffix !== null) plug(node, `${side}${suffix}`);
    }
    const host = side === 'in' ? 'client' : 'server';
    plug(host, 'eth0');
    ip(host, 'address', 'add', `10.0.${i + 1}.10/24`, 'dev', 'eth0');
    ip(host, 'address', 'add', `fd00:0:0:${i + 1}::10/64`, 'dev', 'eth0', 'nodad');
    ip(host, 'link', 'set', 'eth0', 'up');
    ip(host, 'route', 'add', 'default', 'via', `10.0.${i + 1}.1`);
    ip(host, '-6', 'route', 'add', 'default', 'via', `fd00:0:0:${i + 1}::1`);
  }
}

/** The gateway's addresses at a node, up, and whether it forwards. May be asked for again. */
export function raiseGateway(network: TestNetwork, node: string, forwards: boolean): void {
  for (const [i, side] of ['in', 'out'].entries()) {
    network.ip(node, 'link', 'set', side, 'up');
    network.ip(node, 'address', 'replace', `10.0.${i + 1}.1/24`, 'dev', side);
    network.ip(node, 'address', 'replace', `fd00:0:0:${i + 1}::1/64`, 'dev', side, 'nodad');
  }
  const on = forwards ? 1 : 0;
  network.exec(node, 'sysctl', '-qw', `net.ipv4.ip_forward=${on}`, `net.ipv6.conf.all.forwarding=${on}`);
}

async function inNamespace<T>(namespace: string, work: () => Promise<T>): Promise<T> {
  const setns = koffi.load('libc.so.6').func('int setns(int, int)');
  const home = openSync('/proc/self/ns/net', 'r');
  const there = openSync(`/run/netns/${namespace}`, 'r');
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${namespace}`);
    return await work();
  } finally {
    setns(home, CLONE_NEWNET);
    closeSync(there);
    closeSync(home);
  }
}
