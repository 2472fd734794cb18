/**
 * The relay: each connection that is steered here is ended, and a second one is opened to where it was bound.
 * As a transparent proxy does, the client is answered before the server is known to answer (the kernel completes the
 * handshake); if the server then cannot be reached, the client is reset.
 * The trap: each end of each leg closes by itself. A FIN passes as a FIN and the other direction goes on; whatever
 * is no FIN (a reset, a timeout, no route) resets the other leg.
 */
import { readFileSync } from 'node:fs';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { NodeConfig, ProxyConfig } from '../../config.ts';
import type { Endpoint } from '../tuple-text.ts';
import { pump } from './pump.ts';
import { type Family, familiesOf, withoutPrefix } from './rules.ts';
import type { Session } from './session.ts';
import type { SocketCalls } from './transparent-socket.ts';

/** As many as the kernel lets wait (`net.core.somaxconn`). */
const BACKLOG = 4096;
/** Idle so long, an end is asked whether it is there; ten questions, 1 s apart. */
const KEEPALIVE_MS = 600_000;
/** Descriptors for all that is no connection: without one, no program runs that gives the role up. */
const RESERVED_DESCRIPTORS = 100;

export interface RelayEvents {
  opened(session: Session): void;
  /** Its second leg is up: `outside` is known. */
  connected(session: Session): void;
  closed(session: Session): void;
}

/** Both legs as sockets, and what is relayed between them. */
export interface Legs {
  readonly client: Socket;
  readonly server: Socket;
}

/** Takes over a connection that is not relayed as it is, and calls `start` when bytes may pass. */
export type Interceptor = (session: Session, legs: Legs, relay: RelayPart) => void;

export interface RelayPart {
  /** Relays, and counts, between the legs or what was put around them. */
  readonly start: (client: Duplex, server: Duplex) => void;
  /** Ends both legs by resets. */
  readonly abort: () => void;
}

export interface Relay {
  readonly sessions: ReadonlyMap<number, Session>;
  /** Ended and open. */
  readonly total: number;
  /** Connections to servers that could not be opened, or were more than there are descriptors for. */
  readonly refused: number;
  /** @throws GatewayError where a port is taken */
  listen(): Promise<void>;
  /** Resolves when all that were open are closed. */
  resetAll(): Promise<void>;
  close(): Promise<void>;
}

export interface RelayOptions {
  readonly config: NodeConfig;
  readonly proxy: ProxyConfig;
  readonly sockets: SocketCalls;
  readonly events: RelayEvents;
  readonly intercept?: Interceptor;
}

export function createRelay({ config, proxy, sockets, events, intercept }: RelayOptions): Relay {
  const sessions = new Map<number, Session>();
  const legsOf = new Map<number, Legs>();
  const servers: Server[] = [];
  const most = mostConnections(readFileSync('/proc/self/limits', 'utf8'));
  let total = 0;
  let refused = 0;

  const accept = (client: Socket): void => {
    const session = sessionOf(client, total + 1);
    if (session === null || isOwn(session, proxy.port)) {
      client.destroy();
      return;
    }
    total++;
    const server = openServerLeg(session, client);
    if (server === null) return;
    sessions.set(session.id, session);
    legsOf.set(session.id, { client, server });
    client.setKeepAlive(true, KEEPALIVE_MS);
    follow(session, { client, server });
    events.opened(session);
  };

  const openServerLeg = (session: Session, client: Socket): Socket | null => {
    const family = isIPv6(session.server.address) ? 6 : 4;
    try {
      if (sessions.size >= most) throw new Error('too many connections');
      const source = proxy.source === 'client' ? session.client.address : outsideAddress(config, family);
      const server = sockets.outgoing(family, source, proxy.source === 'client');
      server.connect(session.server.port, session.server.address);
      return server;
    } catch {
      refused++;
      client.on('error', () => {});
      sockets.reset(client);
      return null;
    }
  };

  /** Until both legs are closed. */
  const follow = (session: Session, legs: Legs): void => {
    const { client, server } = legs;
    let open = 2;
    const abort = (): void => {
      sockets.reset(client);
      sockets.reset(server);
    };
    for (const leg of [client, server]) {
      leg.setNoDelay(true);
      leg.on('error', abort);
      leg.on('close', () => {
        if (--open > 0) return;
        sessions.delete(session.id);
        legsOf.delete(session.id);
        events.closed(session);
      });
    }
    server.once('connect', () => {
      session.outside = { client: localEnd(server), server: session.server };
      server.setKeepAlive(true, KEEPALIVE_MS);
      events.connected(session);
    });
    server.once('error', () => {
      if (session.outside === null) refused++;
    });
    const start: RelayPart['start'] = (...ends) => relayBetween(session, ...ends);
    if (intercept !== undefined && proxy.intercept?.ports.includes(session.server.port))
      intercept(session, legs, { start, abort });
    else start(client, server);
  };

  const listenOn = (family: Family): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, accept);
      servers.push(server);
      server.once('error', reject);
      // Beside a descriptor in the options, Node does not look at `backlog` there.
      server.listen({ fd: sockets.listener(family, proxy.port) }, BACKLOG, resolve);
    });

  const resetAll = async (): Promise<void> => {
    const all = [...legsOf.values()].flatMap(({ client, server }) => [client, server]);
    await Promise.all(
      all.map((leg) => {
        const closed = leg.closed || new Promise((resolve) => leg.once('close', resolve));
        sockets.reset(leg);
        return closed;
      }),
    );
  };

  return {
    sessions,
    get total() {
      return total;
    },
    get refused() {
      return refused;
    },
    listen: async () => {
      for (const family of familiesOf(config)) await listenOn(family);
    },
    resetAll,
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      await resetAll();
      await Promise.all(closed);
    },
  };
}

function relayBetween(session: Session, client: Duplex, server: Duplex): void {
  pump(client, server, (bytes) => {
    session.up += bytes;
  });
  pump(server, client, (bytes) => {
    session.down += bytes;
  });
}

/** Of two descriptors each, in a text of the form of /proc/self/limits. */
function mostConnections(limits: string): number {
  const descriptors = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (descriptors === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor((Number(descriptors) - RESERVED_DESCRIPTORS) / 2);
}

/** Null where the client is gone already. */
function sessionOf(client: Socket, id: number): Session | null {
  const { remoteAddress, remotePort, localAddress, localPort } = client;
  if (remoteAddress === undefined || remotePort === undefined) return null;
  if (localAddress === undefined || localPort === undefined) return null;
  return {
    id,
    client: { address: remoteAddress, port: remotePort },
    server: { address: localAddress, port: localPort },
    outside: null,
    up: 0,
    down: 0,
    opened: Date.now(),
  };
}

/** Called by its own port, and not steered: it would connect to itself for ever. */
function isOwn({ server }: Session, port: number): boolean {
  if (server.port !== port) return false;
  return Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === server.address),
  );
}

function outsideAddress({ outside }: NodeConfig, family: Family): string {
  const own = outside.addresses.map(withoutPrefix).find((address) => isIPv6(address) === (family === 6));
  if (own === undefined) throw new Error(`no outside address of IPv${family}`);
  return own;
}

const localEnd = ({ localAddress, localPort }: Socket): Endpoint => ({
  address: localAddress ?? '',
  port: localPort ?? 0,
});
