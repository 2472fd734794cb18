/**
 * A node that terminates connections: one toward the client in the server's
 * name, one toward the server, and bytes copied between them.
 * The trap: neither connection is known to anybody but this node, so what comes
 * for them at another node meets no socket.
 */
import type { Chance, Clockwork } from './clockwork.ts';
import { Machine } from './machine.ts';
import type { Side } from './node.ts';
import type { TcpPacket } from './packet.ts';
import type { Place } from './state.ts';
import type { Handlers, Talk } from './talk.ts';
import type { TcpEnd } from './tcp-end.ts';

export interface ProxyOptions {
  /** Only these ports of servers; all others are forwarded. */
  readonly ports: readonly number[];
  /** Who the server sees. Default: the client itself (transparent in both directions). */
  outsideOf?(client: Place): Place;
  /** What belongs to no socket of its own is refused with RST, or dropped. */
  readonly resets: boolean;
}

export class NodeProxy {
  private readonly machines: Record<Side, Machine>;
  private readonly options: ProxyOptions;
  private readonly clock: Clockwork;

  constructor(
    options: ProxyOptions,
    clock: Clockwork,
    chance: Chance,
    ttl: number,
    emit: (side: Side, packet: TcpPacket) => void,
  ) {
    this.options = options;
    this.clock = clock;
    const { resets } = options;
    this.machines = {
      in: new Machine({
        clock,
        chance,
        ttl,
        resets,
        send: (p) => emit('in', p),
        accept: (end) => this.relay(end),
      }),
      out: new Machine({ clock, chance, ttl, resets, send: (p) => emit('out', p) }),
    };
  }

  serves(p: TcpPacket, side: Side): boolean {
    return this.options.ports.includes(side === 'in' ? p.destinationPort : p.sourcePort);
  }

  receive(p: TcpPacket, side: Side): void {
    this.machines[side].receive(p);
  }

  /** Ends all connections in order: FIN to both sides. */
  closeAll(): void {
    for (const machine of Object.values(this.machines)) {
      for (const end of [...machine.sockets.values()]) end.close();
    }
  }

  /** The other leg, and what is copied to it. */
  private relay(inner: TcpEnd): Handlers {
    const { address, port, peerAddress, peerPort } = inner.tuple;
    const client: Place = { address: peerAddress, port: peerPort };
    const source = this.options.outsideOf?.(client) ?? client;
    const talk = withoutClient(inner.talk);
    const early: Uint8Array[] = [];
    let isOpen = false;
    const tuple = { address: source.address, port: source.port, peerAddress: address, peerPort: port };
    const outer = this.machines.out.connect(tuple, talk, () => ({
      connected: () => {
        isOpen = true;
        for (const bytes of early) outer.write(bytes);
      },
      received: (bytes) => inner.write(bytes),
      finished: () => {
        inner.close();
        this.clock.after(1_000_000, () => outer.close());
      },
      ended: (how) => {
        if (how !== 'done') inner.abort();
      },
    }));
    return {
      received: (bytes) => {
        if (isOpen) outer.write(bytes);
        else early.push(bytes);
      },
      finished: () => {
        outer.close();
        this.clock.after(1_000_000, () => inner.close());
      },
      ended: (how) => {
        if (how !== 'done') outer.abort();
      },
    };
  }
}

/** A proxy's own connection is set up as its own system does it. */
function withoutClient(talk: Talk): Talk {
  const { server } = talk.ends ?? {};
  return { ...talk, ends: server === undefined ? {} : { server } };
}
