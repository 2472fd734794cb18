/**
 * Heartbeats over the sync link, by UDP: what a node says of itself, and what it believes of the peer.
 * The trap: a link that is down makes `send` fail, which is no news: the silence at the other end is.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { NodeConfig } from '../config.ts';
import type { Claim } from '../core/words.ts';
import { GatewayError } from './forwarder.ts';
import { type Frame, parseFrame, writeFrame } from './heartbeat-frame.ts';

export interface LinkEvents {
  heartbeat(claim: Claim): void;
  releaseAsked(term: number): void;
}

/** Counts of datagrams. `refused`: not by the peer, or not new. */
export interface LinkCounters {
  readonly sent: number;
  readonly received: number;
  readonly refused: number;
}

/** Two starts of a peer in one of this node is usual, a thousand is an attack or a loop. */
const MOST_BOOTS = 1000;

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'does another node run in this network namespace?',
  EADDRNOTAVAIL: 'it must be an address of sync.interface',
};

/** Decides which frames are the peer's and new. Knows no socket. */
export class Correspondence {
  readonly boot: bigint;
  private readonly config: Pick<NodeConfig, 'node' | 'peer'>;
  private readonly key: Buffer;
  private number = 0n;
  private peerBoot = 0n;
  private peerNumber = 0n;
  private readonly oldBoots = new Set<bigint>();

  constructor(config: Pick<NodeConfig, 'node' | 'peer'>, key: Buffer, boot = newBoot()) {
    this.config = config;
    this.key = key;
    this.boot = boot;
  }

  write(kind: Frame['kind'], { role, term }: Claim): Buffer {
    this.number += 1n;
    return this.frame(kind, { role, term }, this.peerBoot);
  }

  /** `answer`: to be sent at once, so that the peer learns of this start. */
  read(bytes: Buffer, own: Claim): { readonly frame?: Frame; readonly answer?: Buffer } {
    const frame = parseFrame(bytes, this.config.peer, this.key);
    if (frame === null || this.oldBoots.has(frame.boot)) return {};
    if (frame.heard !== this.boot) {
      this.number += 1n;
      return { answer: this.frame('heartbeat', own, frame.boot) };
    }
    if (frame.boot !== this.peerBoot) {
      if (this.oldBoots.size >= MOST_BOOTS) return {};
      if (this.peerBoot !== 0n) this.oldBoots.add(this.peerBoot);
      this.peerBoot = frame.boot;
    } else if (frame.number <= this.peerNumber) return {};
    this.peerNumber = frame.number;
    return { frame };
  }

  private frame(kind: Frame['kind'], claim: Claim, heard: bigint): Buffer {
    const { boot, number } = this;
    return writeFrame({ kind, ...claim, boot, heard, number }, this.config.node, this.key);
  }
}

const newBoot = (): bigint => randomBytes(8).readBigUInt64BE() | 1n;

export class HeartbeatLink {
  private readonly socket: Socket;
  private readonly config: NodeConfig;
  private readonly correspondence: Correspondence;
  private readonly counts = { sent: 0, received: 0, refused: 0 };
  private closed = false;

  private constructor(config: NodeConfig, key: Buffer) {
    this.config = config;
    this.correspondence = new Correspondence(config, key);
    this.socket = createSocket({ type: config.sync.address.includes(':') ? 'udp6' : 'udp4' });
  }

  /** `own`: what this node is now; null: it listens to nobody yet. @throws GatewayError where the address cannot be used */
  static async open(
    config: NodeConfig,
    key: Buffer,
    own: () => Claim | null,
    events: LinkEvents,
  ): Promise<HeartbeatLink> {
    const link = new HeartbeatLink(config, key);
    const { address, port } = config.sync;
    await new Promise<void>((resolve, reject) => {
      link.socket.once('error', (error) => {
        const code = 'code' in error ? String(error.code) : error.message;
        const hint = HINTS[code] ?? '';
        reject(new GatewayError(`sync.address: ${address}, UDP port ${port} cannot be used (${code})`, hint));
      });
      link.socket.bind(port, address, resolve);
    });
    link.socket.removeAllListeners('error');
    link.socket.on('error', () => {});
    link.socket.on('message', (bytes) => link.take(bytes, own(), events));
    return link;
  }

  get counters(): LinkCounters {
    return { ...this.counts };
  }

  send(kind: Frame['kind'], claim: Claim): void {
    this.sendBytes(this.correspondence.write(kind, claim));
  }

  close(): void {
    if (!this.closed) this.socket.close();
    this.closed = true;
  }

  private take(bytes: Buffer, own: Claim | null, events: LinkEvents): void {
    if (own === null) return;
    const { frame, answer } = this.correspondence.read(bytes, own);
    if (answer !== undefined) this.sendBytes(answer);
    if (frame === undefined) {
      this.counts.refused += 1;
      return;
    }
    this.counts.received += 1;
    if (frame.kind === 'release-asked') events.releaseAsked(frame.term);
    else events.heartbeat(frame);
  }

  private sendBytes(bytes: Buffer): void {
    if (this.closed) return;
    this.socket.send(bytes, this.config.sync.port, this.config.sync.peerAddress, (error) => {
      if (error === null) this.counts.sent += 1;
    });
  }
}
