/**
 * The sync of two proxies whose link breaks for 5 s while connections open, talk and close: what the peer knows in the end is
 * compared with what the owner has, session by session.
 */
import type { Socket } from 'node:net';
import type { Session } from '../gateway/linux/proxy/session.ts';
import type { ProxyNetwork, ProxyNode } from '../test/proxy-network.ts';
import { runBulk } from './proxy-bulk.ts';
import { type EchoServer, listenForEcho, openConnection } from './proxy-connections.ts';

const SERVER = '10.0.2.10';
const PORT = 7001;
const BREAK_S = 5;
/** Of load before the break, and after it. */
const BEFORE_S = 2;
const AFTER_S = 1;
const PATIENCE_S = 30;

interface Sessions {
  readonly own: readonly Session[];
  readonly peer: readonly Session[];
}

interface Status {
  readonly connections: number;
  readonly known: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Broken {
  /** To print. */
  readonly lines: readonly string[];
  /** Sessions that differ in the end. */
  readonly lost: number;
}

/** @param held connections all the time, beside those that come and go */
export async function breakSync(network: ProxyNetwork, held: number): Promise<Broken> {
  const node = await network.startNode('node', {});
  const peer = await network.startNode('peer', {});
  for (const each of [node, peer]) await each.call('prepare');
  await node.call('startForwarding');
  const echo = await listenForEcho(network, PORT);
  const load = new Load(network);
  try {
    await load.start(held);
    await waitFor(async () => (await peer.call<Status>('status')).known >= held);
    return await breakUnderLoad(network, { node, peer, load });
  } finally {
    await stopAll(load, echo, [node, peer]);
  }
}

async function stopAll(load: Load, echo: EchoServer, nodes: readonly ProxyNode[]): Promise<void> {
  load.closeAll();
  await echo.close();
  for (const each of nodes) {
    await each.call('close');
    await each.kill();
  }
}

interface World {
  readonly node: ProxyNode;
  readonly peer: ProxyNode;
  readonly load: Load;
}

async function breakUnderLoad(network: ProxyNetwork, { node, peer, load }: World): Promise<Broken> {
  const seconds = BEFORE_S + BREAK_S + AFTER_S;
  const bulk = runBulk(network, node, { server: SERVER, seconds, args: [] });
  await sleep(BEFORE_S);
  const [before, memory] = [load.counts(), await memoryOf(node)];
  network.ip('peer', 'link set sync down');
  await sleep(BREAK_S);
  const [during, after] = [await node.call<Status>('status'), load.counts()];
  const memoryAfter = await memoryOf(node);
  network.ip('peer', 'link set sync up');
  await sleep(AFTER_S);
  load.stop();
  const { gigabits } = await bulk;
  const stopped = performance.now();
  let difference = await compare(node, peer);
  while (difference.total > 0 && performance.now() - stopped < PATIENCE_S * 1000) {
    await sleep(0.1);
    difference = await compare(node, peer);
  }
  const took = (performance.now() - stopped) / 1000;
  const { counters, connections } = await node.call<Status>('status');
  const rows = {
    'opened and closed in the break': `${after.opened - before.opened} and ${after.closed - before.closed}`,
    'bulk data meanwhile': `${gigabits.toFixed(2)} Gbit/s`,
    'sessions untold at its end': during.counters['sync-lag'],
    'memory of the proxy before and at its end': `${memory} and ${memoryAfter} MiB`,
    'told in full again, and whole tables': `${counters['sync-resent']}, ${counters['sync-whole-tables']}`,
    'tables equal': `${took.toFixed(2)} s after the load had stopped`,
    'sessions of the owner then': connections,
    'missing at the peer': difference.missing,
    'at the peer, and closed': difference.stale,
    'with other legs, bytes or age': difference.other,
  };
  const lines = [
    `\n| sync link down for ${BREAK_S} s under load | |`,
    '|---|---:|',
    ...Object.entries(rows).map(([name, value]) => `| ${name} | ${value} |`),
  ];
  return { lines, lost: difference.total };
}

/** Session by session. */
async function compare(node: ProxyNode, peer: ProxyNode) {
  const { own } = await node.call<Sessions>('sessions');
  const known = new Map((await peer.call<Sessions>('sessions')).peer.map((session) => [session.id, session]));
  const missing = own.filter(({ id }) => !known.has(id)).length;
  const stale = known.size - (own.length - missing);
  const isOther = (session: Session): boolean =>
    known.has(session.id) && JSON.stringify(known.get(session.id)) !== JSON.stringify(session);
  const other = own.filter(isOther).length;
  return { missing, stale, other, total: missing + stale + other };
}

/** Connections that stay, and others that come, talk and go. */
class Load {
  readonly #network: ProxyNetwork;
  readonly #held: Socket[] = [];
  readonly #passing: Socket[] = [];
  #opened = 0;
  #closed = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(network: ProxyNetwork) {
    this.#network = network;
  }

  async start(held: number): Promise<void> {
    for (let i = 0; i < held; i++) {
      this.#held.push(this.#open());
      if (i % 100 === 99) await sleep(0.02);
    }
    this.#timer = setInterval(() => this.#step(), 20);
  }

  counts(): { opened: number; closed: number } {
    return { opened: this.#opened, closed: this.#closed };
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  closeAll(): void {
    this.stop();
    for (const socket of [...this.#held, ...this.#passing]) socket.destroy();
  }

  #open(): Socket {
    this.#opened++;
    return openConnection(this.#network, SERVER, PORT).resume();
  }

  /** Some 250 connections come each second, as many go, and 5,000 messages are echoed. */
  #step(): void {
    for (let i = 0; i < 5; i++) this.#passing.push(this.#open());
    for (const socket of this.#passing.length > 100 ? this.#passing.splice(0, 5) : []) {
      socket.end();
      this.#closed++;
    }
    for (let i = 0; i < 100; i++)
      this.#held[Math.floor(Math.random() * this.#held.length)]!.write('x'.repeat(1000));
  }
}

const memoryOf = async (node: ProxyNode): Promise<number> =>
  Math.round((await node.call<{ rss: number }>('cpu')).rss / 2 ** 20);

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** @throws where it takes longer than `PATIENCE_S` */
async function waitFor(isThere: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + PATIENCE_S * 1000;
  while (!(await isThere())) {
    if (performance.now() > until) throw new Error('the peer does not come to know the sessions');
    await sleep(0.1);
  }
}
