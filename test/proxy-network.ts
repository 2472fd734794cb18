/**
 * Client, one or two proxy nodes and a server in network namespaces of their own, with sockets of this process in any of
 * them. For tests and the benchmark; needs root, nft, ip and koffi.
 * The trap: a namespace is the thread's, so that it may only be entered for calls that make their socket at once.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import koffi from 'koffi';
import type { NodeConfigInput } from '../gateway/config.ts';
import { loadSocketCalls } from '../gateway/linux/proxy/transparent-socket.ts';
import { bundleOptions } from '../scripts/build.mjs';

const CLONE_NEWNET = 0x4000_0000;
export type Host = 'client' | 'node' | 'peer' | 'server';

export interface ProxyNode {
  /** Calls a method of its forwarder. @throws Error with what it said */
  call<T = unknown>(method: string): Promise<T>;
  journal(): readonly Record<string, unknown>[];
  kill(): Promise<void>;
}

export interface ProxyNetwork {
  readonly folder: string;
  readonly namespaceOf: (host: Host) => string;
  /** `ip -n NAMESPACE …` */
  ip(host: Host, args: string): string;
  exec(host: Host, ...command: string[]): string;
  spawn(host: Host, ...command: string[]): ChildProcess;
  /** Half open when the other end is done, as are accepted sockets. */
  connect(host: Host, address: string, port: number): Socket;
  /** On any address. */
  listen(host: Host, family: 4 | 6, port: number, accept: (socket: Socket) => void): Promise<Server>;
  startNode(host: 'node' | 'peer', forwarding: Record<string, unknown>): Promise<ProxyNode>;
  remove(): Promise<void>;
}

const ADDRESSES = {
  client: ['10.0.1.10/24', 'fd00:0:0:1::10/64'],
  inside: ['10.0.1.1/24', 'fd00:0:0:1::1/64'],
  outside: ['10.0.2.1/24', 'fd00:0:0:2::1/64'],
  server: ['10.0.2.10/24', 'fd00:0:0:2::10/64'],
};

/** @param offload as interfaces have it, or off as in the lab */
export async function createProxyNetwork({ offload = false } = {}): Promise<ProxyNetwork> {
  const id = randomBytes(3).toString('hex');
  const namespaceOf = (host: Host): string => `stallscope-t${id}-${host}`;
  const hosts: Host[] = ['client', 'node', 'peer', 'server'];
  const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-proxy-'));
  const children = new Set<ChildProcess>();
  const ip = (host: Host, args: string): string =>
    command('ip', ['-n', namespaceOf(host), ...args.split(' ')]);
  const sockets = await loadSocketCalls();
  const exec = (host: Host, ...args: string[]): string =>
    command('ip', ['netns', 'exec', namespaceOf(host), ...args]);
  const start = (host: Host, ...args: string[]): ChildProcess => {
    const child = spawn('ip', ['netns', 'exec', namespaceOf(host), ...args], { stdio: 'pipe' });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const network: ProxyNetwork = {
    folder,
    namespaceOf,
    ip,
    exec,
    spawn: start,
    connect: (host, address, port) => {
      const [family, any] = address.includes(':') ? ([6, '::'] as const) : ([4, '0.0.0.0'] as const);
      return enter(namespaceOf(host), () => sockets.outgoing(family, any, false)).connect(port, address);
    },
    listen: async (host, family, port, accept) => {
      const server = createServer({ allowHalfOpen: true }, accept);
      const fd = enter(namespaceOf(host), () => sockets.listener(family, port));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ fd }, 4096, resolve);
      });
      return server;
    },
    startNode: (host, forwarding) => startNode(network, host, forwarding),
    remove: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([...children].map((child) => new Promise((resolve) => child.once('exit', resolve))));
      for (const host of hosts) command('ip', ['netns', 'del', namespaceOf(host)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const host of hosts) command('ip', ['netns', 'add', namespaceOf(host)]);
  try {
    wire(network, offload);
  } catch (error) {
    await network.remove();
    throw error;
  }
  return network;
}

function wire({ ip, namespaceOf, exec }: ProxyNetwork, offload: boolean): void {
  ip('client', `link add eth0 type veth peer name in netns ${namespaceOf('node')}`);
  ip('server', `link add eth0 type veth peer name out netns ${namespaceOf('node')}`);
  ip('node', `link add sync type veth peer name sync netns ${namespaceOf('peer')}`);
  const ends: [Host, string, readonly string[]][] = [
    ['client', 'eth0', ADDRESSES.client],
    ['node', 'in', ADDRESSES.inside],
    ['node', 'out', ADDRESSES.outside],
    ['server', 'eth0', ADDRESSES.server],
    ['node', 'sync', ['10.255.0.1/30']],
    ['peer', 'sync', ['10.255.0.2/30']],
  ];
  for (const [host, device, addresses] of ends) {
    ip(host, 'link set lo up');
    ip(host, `link set ${device} up`);
    for (const address of addresses)
      ip(host, `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`);
    if (!offload) exec(host, 'ethtool', '-K', device, 'tso', 'off', 'gso', 'off', 'gro', 'off');
  }
  for (const [host, net] of [
    ['client', 1],
    ['server', 2],
  ] as const) {
    ip(host, `route add default via 10.0.${net}.1`);
    ip(host, `-6 route add default via fd00:0:0:${net}::1`);
  }
}

async function startNode(
  { spawn: start, folder }: ProxyNetwork,
  host: 'node' | 'peer',
  forwarding: Record<string, unknown>,
): Promise<ProxyNode> {
  const own = path.join(folder, host);
  mkdirSync(own, { recursive: true });
  writeFileSync(path.join(folder, 'key'), 'a key of the tests, long enough', { mode: 0o600 });
  const config = nodeConfig(host, own, path.join(folder, 'key'), forwarding);
  const file = path.join(own, 'node.json');
  writeFileSync(file, JSON.stringify(config));
  const child = start(host, process.execPath, await bundledNode(), file);
  const waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text;
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { result, error } = JSON.parse(line) as { result?: unknown; error?: string };
    const { resolve, reject } = waiting.shift()!;
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the node ended (${code}): ${said}`));
  });
  return {
    call: <T>(method: string) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ resolve: resolve as (value: unknown) => void, reject });
        child.stdin?.write(`${method}\n`);
      }),
    journal: () => {
      const lines = readFileSync(config.journal, 'utf8').trim().split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

function nodeConfig(host: string, folder: string, keyFile: string, forwarding: Record<string, unknown>) {
  const [own, peer] = host === 'node' ? [1, 2] : [2, 1];
  return {
    node: host,
    peer: host === 'node' ? 'peer' : 'node',
    start: host === 'node' ? 'active' : 'standby',
    inside: { interface: 'in', addresses: ADDRESSES.inside },
    outside: { interface: 'out', addresses: ADDRESSES.outside },
    forwarding: { forwarder: 'proxy', ...forwarding } as NodeConfigInput['forwarding'],
    move: { by: 'adapter', namespace: 'a', peerNamespace: 'b' },
    sync: { interface: 'sync', address: `10.255.0.${own}`, peerAddress: `10.255.0.${peer}`, keyFile },
    journal: path.join(folder, 'journal.jsonl'),
    stateFolder: path.join(folder, 'state'),
  } satisfies NodeConfigInput;
}

let bundle: Promise<string> | null = null;

/** The program `proxy-node.ts` as Node 20 runs it. */
function bundledNode(): Promise<string> {
  bundle ??= (async () => {
    const root = path.dirname(import.meta.dirname);
    const outfile = path.join(root, '.cache', `proxy-node-${process.pid}.mjs`);
    const { build } = await import('esbuild');
    await build({
      ...bundleOptions(),
      entryPoints: ['test/proxy-node.ts'],
      outfile,
      external: ['koffi'],
    });
    process.once('exit', () => rmSync(outfile, { force: true }));
    return outfile;
  })();
  return bundle;
}

const setns = koffi.load('libc.so.6').func('int setns(int, int)');

/** What `make` makes is made in that namespace. */
function enter<T>(namespace: string, make: () => T): T {
  const home = openSync('/proc/self/ns/net', 'r');
  const there = openSync(`/run/netns/${namespace}`, 'r');
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${namespace}`);
    return make();
  } finally {
    setns(home, CLONE_NEWNET);
    closeSync(there);
    closeSync(home);
  }
}

const command = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', timeout: 20_000 });

/** Whether this machine and user can. */
export function canMakeNetworks(): boolean {
  const hasPrograms = ['nft', 'ip', 'ethtool'].every(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
  );
  return process.getuid?.() === 0 && hasPrograms;
}
