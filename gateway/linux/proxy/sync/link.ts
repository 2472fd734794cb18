/**
 * The link between the nodes that sessions cross: TLS with a pre-shared key (RFC 5489), one JSON message a line. Each node
 * calls the other to tell its own sessions, and is called to hear the other's, so that there are two connections.
 * TLS rather than frames with a checksum of our own: it also keeps others from reading, replaying and reordering.
 * The trap: a cable that is pulled says nothing. Whoever calls hangs up on silence and calls again; whoever is
 * called takes a new call in place of an old one.
 */
import { hkdfSync, randomUUID } from 'node:crypto';
import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { NodeConfig } from '../../../config.ts';
import { GatewayError } from '../../forwarder.ts';
import { readKey } from '../../sync-key.ts';
import type { Message } from './messages.ts';
import type { SyncReceiver } from './receiver.ts';
import { DEAD_MS, SyncSender } from './sender.ts';

const TICK_MS = 100;
const CALL_AGAIN_MS = 500;
/** A call unanswered for so long is made anew: the kernel asks a second time after 1 s, and then ever later. */
const GIVE_UP_MS = 2000;
/** What is called hears at least every second. */
const DEAF_MS = 2 * DEAD_MS;
/** Of TLS 1.2: Node offers pre-shared keys only there. A new key for each connection, by elliptic curves. */
const CIPHER = 'ECDHE-PSK-CHACHA20-POLY1305';
const PURPOSE = 'stallscope-sessions';
/** With the name of who calls: a call that somebody sends back to its caller is not the peer's. */
const identityOf = (node: string): string => `${PURPOSE} ${node}`;
const OTHER_KEY = 'it has another key or name; sync.keyFile must be the same file on both nodes';
const TLS = { ciphers: CIPHER, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

export interface SyncLink {
  readonly sender: SyncSender;
  readonly isUp: boolean;
  /** Resolves when the peer has acknowledged all that there is, or after so many ms. Never throws. */
  settle(most: number): Promise<void>;
  /** Listens and begins to call. @throws GatewayError */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface SyncLinkEvents {
  /** The peer's table may have changed. */
  readonly received: () => void;
  readonly trouble: (what: string) => void;
}

/** @throws GatewayError where the key cannot be used */
export function createSyncLink(config: NodeConfig, receiver: SyncReceiver, events: SyncLinkEvents): SyncLink {
  // A key of its own, so that nothing that is said by heartbeats is of use here.
  const key = Buffer.from(hkdfSync('sha256', readKey(config), '', PURPOSE, 32));
  const server = createServer({
    ...TLS,
    handshakeTimeout: GIVE_UP_MS,
    pskCallback: (_, identity) => (identity === identityOf(config.peer) ? key : null),
  });
  hear(server, receiver, events);
  const caller = new Caller(config, key, events);
  return {
    sender: caller.sender,
    get isUp() {
      return caller.isUp;
    },
    settle: (most) => caller.settle(most),
    open: async () => {
      await listen(server, config);
      caller.start();
    },
    close: async () => {
      caller.stop();
      server.emit('hang-up');
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tells this node's sessions. */
class Caller {
  readonly sender = new SyncSender(randomUUID());
  isUp = false;
  readonly #config: NodeConfig;
  readonly #key: Buffer;
  readonly #events: SyncLinkEvents;
  #socket: TLSSocket | null = null;
  #ticks: NodeJS.Timeout | null = null;
  #again: NodeJS.Timeout | null = null;
  /** Trouble is told once, and so is its end. */
  #isTroubled = false;

  constructor(config: NodeConfig, key: Buffer, events: SyncLinkEvents) {
    this.#config = config;
    this.#key = key;
    this.#events = events;
  }

  start(): void {
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
    this.#call();
  }

  stop(): void {
    if (this.#ticks !== null) clearInterval(this.#ticks);
    if (this.#again !== null) clearTimeout(this.#again);
    this.#ticks = null;
    this.#socket?.destroy();
  }

  async settle(most: number): Promise<void> {
    const until = performance.now() + most;
    while (this.isUp && this.sender.lag > 0 && performance.now() < until) {
      this.#tick();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #call(): void {
    const { address, peerAddress, port } = this.#config.sync;
    const options: ConnectionOptions & TcpSocketConnectOpts = {
      ...TLS,
      host: peerAddress,
      port,
      localAddress: address,
      pskCallback: () => ({ psk: this.#key, identity: identityOf(this.#config.node) }),
      checkServerIdentity: () => undefined, // who has the key is the peer; nobody has a certificate
    };
    const socket = connect(options);
    this.#socket = socket;
    let why = 'it hung up';
    let isWorthTelling = false;
    const giveUp = setTimeout(() => socket.destroy(new Error('no answer')), GIVE_UP_MS);
    socket.once('secureConnect', () => {
      clearTimeout(giveUp);
      this.isUp = true;
      isWorthTelling = true;
      if (this.#isTroubled) this.#events.trouble('the peer can be told of sessions again');
      this.#isTroubled = false;
      send(socket, this.sender.linkUp(performance.now()));
    });
    readMessages(socket, (message) => {
      this.sender.receive(message, performance.now());
      this.#tick();
    });
    socket.on('error', (error) => {
      why = isRefusal(error) ? OTHER_KEY : error.message;
      isWorthTelling ||= isRefusal(error);
    });
    socket.once('close', () => {
      clearTimeout(giveUp);
      this.#ended(why, isWorthTelling);
    });
  }

  /** A peer that is not there yet is no trouble. */
  #ended(why: string, isWorthTelling: boolean): void {
    this.isUp = false;
    this.sender.linkDown();
    if (this.#ticks === null) return;
    if (isWorthTelling && !this.#isTroubled) {
      this.#isTroubled = true;
      this.#events.trouble(`the peer cannot be told of sessions: ${why}`);
    }
    this.#again = setTimeout(() => this.#call(), CALL_AGAIN_MS);
  }

  #tick(): void {
    const socket = this.#socket;
    if (socket === null || !this.isUp) return;
    const now = performance.now();
    if (this.sender.isDead(now)) socket.destroy(new Error('no answer'));
    else if (socket.writableLength === 0) send(socket, this.sender.tick(now));
  }
}

/** Hears of the peer's sessions, from one caller at a time. */
function hear(server: Server, receiver: SyncReceiver, events: SyncLinkEvents): void {
  let current: TLSSocket | null = null;
  let isRefusing = false; // told once: it calls twice a second
  server.on('secureConnection', (socket) => {
    isRefusing = false;
    current?.destroy();
    current = socket;
    socket.on('error', () => {}); // it will call again
    socket.setTimeout(DEAF_MS, () => socket.destroy());
    readMessages(socket, (message) => {
      send(socket, receiver.receive(message));
      events.received();
    });
  });
  server.on('tlsClientError', (error) => {
    if (isRefusing || !isRefusal(error)) return;
    isRefusing = true;
    events.trouble(`a call for the sessions was refused: ${OTHER_KEY}`);
  });
  // Those as well that have not said who they are: the server ends when all have gone.
  const callers = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    callers.add(socket);
    socket.once('close', () => callers.delete(socket));
  });
  server.on('hang-up', () => {
    for (const socket of callers) socket.destroy();
  });
}

function listen(server: Server, { sync }: NodeConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => {
      const hint = `is ${sync.address} an address of ${sync.interface}, and nothing else on that port?`;
      reject(
        new GatewayError(`cannot listen for sessions of the peer: ${error.message}`, hint, { cause: error }),
      );
    });
    server.listen(sync.port, sync.address, resolve);
  });
}

function readMessages(socket: TLSSocket, take: (message: Message) => void): void {
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    if (socket.destroyed) return;
    try {
      take(JSON.parse(line) as Message); // whoever has the key is trusted to write what this file writes
    } catch (error) {
      socket.destroy(new Error('it said what is no message', { cause: error }));
    }
  });
  lines.on('error', () => {});
}

/** By TLS, and not that the call broke. */
const isRefusal = (error: Error): boolean => 'code' in error && String(error.code).startsWith('ERR_SSL');

function send(socket: TLSSocket, message: Message | null): void {
  if (message !== null) socket.write(`${JSON.stringify(message)}\n`);
}
