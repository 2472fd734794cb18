/** Connections that are opened all at once, held, and asked whether they are still there: both ends in this process. */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import type { ProxyNetwork, ProxyNode } from '../test/proxy-network.ts';
import { runBulk } from './proxy-bulk.ts';

export interface Held {
  /** s, until the server had accepted all and said so to each. */
  readonly opening: number;
  /** s, until each was answered one message. */
  readonly answering: number;
  /** Failed, or unanswered after bulk data passed beside them. */
  readonly lost: number;
  readonly gigabits: number;
  /** Cores of this process while it opened and asked. */
  readonly generator: number;
  /** MiB that the proxy held with all of them open. */
  readonly memory: number;
}

export interface HoldPlan {
  readonly server: string;
  readonly count: number;
  /** Of bulk data meanwhile. */
  readonly seconds: number;
}

const PORT = 7000;
const PATIENCE_MS = 20_000;

export async function holdConnections(
  network: ProxyNetwork,
  node: ProxyNode | null,
  { server: address, count, seconds }: HoldPlan,
): Promise<Held> {
  const echo = await listenForEcho(network, PORT);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sockets = Array.from({ length: count }, () => openConnection(network, address, PORT));
  const opened = await answeredBy(sockets);
  const opening = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { gigabits } = await runBulk(network, node, { server: address, seconds, args: [] });
  const memory = node === null ? 0 : (await node.call<{ rss: number }>('cpu')).rss / 2 ** 20;
  const asked = performance.now();
  const answered = await answeredBy(sockets);
  const answering = (performance.now() - asked) / 1000;
  for (const socket of sockets) socket.destroy();
  await echo.close();
  const generator = (user + system) / 1e6 / opening;
  return { opening, answering, lost: count - Math.min(opened, answered), gigabits, generator, memory };
}

export interface EchoServer {
  readonly server: Server;
  close(): Promise<void>;
}

export async function listenForEcho(network: ProxyNetwork, port: number): Promise<EchoServer> {
  const open = new Set<Socket>();
  const server = await network.listen('server', 4, port, (socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.pipe(socket);
  });
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { server, close };
}

export function openConnection(network: ProxyNetwork, address: string, port: number): Socket {
  return network.connect('client', address, port).on('error', () => {});
}

/** How many echo a message, within `PATIENCE_MS`. */
async function answeredBy(sockets: readonly Socket[]): Promise<number> {
  let answered = 0;
  const all = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        if (socket.destroyed) return resolve();
        socket.once('close', resolve);
        socket.once('data', () => {
          answered++;
          resolve();
        });
        socket.write('there?');
      }),
  );
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([Promise.all(all), tooLong]);
  clearTimeout(timer);
  return answered;
}
