/**
 * A host's TCP: its sockets, who takes a new connection, and the RST of a
 * kernel that has no socket for what came (RFC 9293, section 3.5.2).
 */
import { seqAdd } from '../../../packet/seq.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import type { Chance, Clockwork } from './clockwork.ts';
import { has, isSyn, lengthOf, type TcpPacket } from './packet.ts';
import type { Handlers, Talk } from './talk.ts';
import { TcpEnd, type Tuple } from './tcp-end.ts';

export interface MachineOptions {
  readonly clock: Clockwork;
  readonly chance: Chance;
  readonly ttl: number;
  send(packet: TcpPacket): void;
  /** The application behind a new connection. Default: the server's side of the talk. */
  accept?(end: TcpEnd): Handlers;
  /** False: what meets no socket is dropped in silence. Default true. */
  readonly resets?: boolean;
}

export class Machine {
  readonly sockets = new Map<string, TcpEnd>();
  private readonly o: MachineOptions;

  constructor(options: MachineOptions) {
    this.o = options;
  }

  /** Opens a connection; the handlers are set before the SYN leaves. */
  connect(tuple: Tuple, talk: Talk, handlers: (end: TcpEnd) => Handlers): TcpEnd {
    const end = this.socket(tuple, talk, 'client');
    end.handlers = handlers(end);
    end.connect();
    return end;
  }

  receive(p: TcpPacket): void {
    const tuple: Tuple = {
      address: p.destination,
      port: p.destinationPort,
      peerAddress: p.source,
      peerPort: p.sourcePort,
    };
    const end = this.sockets.get(keyOf(tuple));
    if (end !== undefined && !(end.state === 'time-wait' && isSyn(p))) {
      end.receive(p);
      return;
    }
    if (isSyn(p)) {
      this.take(p, tuple, p.talk);
      return;
    }
    if (!has(p, TcpFlag.Rst) && this.o.resets !== false) this.o.send(resetFor(p, this.o.ttl));
  }

  private take(syn: TcpPacket, tuple: Tuple, talk: Talk): void {
    const end = this.socket(tuple, talk, 'server');
    end.handlers = this.o.accept?.(end) ?? talk.server(end, this.o.clock);
    end.accept(syn);
  }

  private socket(tuple: Tuple, talk: Talk, side: 'client' | 'server'): TcpEnd {
    const { clock, chance, ttl } = this.o;
    const key = keyOf(tuple);
    const end: TcpEnd = new TcpEnd({
      clock,
      chance,
      talk,
      tuple,
      tuning: talk.ends?.[side] ?? {},
      ttl,
      send: (p) => this.o.send(p),
      forget: () => {
        if (this.sockets.get(key) === end) this.sockets.delete(key);
      },
    });
    this.sockets.set(key, end);
    return end;
  }
}

const keyOf = (t: Tuple): string => `${t.address} ${t.port} ${t.peerAddress} ${t.peerPort}`;

/** The RST that refuses a packet, in the name of whom it was sent to. */
export function resetFor(p: TcpPacket, ttl: number): TcpPacket {
  const answersAck = has(p, TcpFlag.Ack);
  return {
    kind: 'tcp',
    source: p.destination,
    sourcePort: p.destinationPort,
    destination: p.source,
    destinationPort: p.sourcePort,
    seq: answersAck ? p.ack : 0,
    ack: answersAck ? 0 : seqAdd(p.seq, lengthOf(p)),
    bits: answersAck ? TcpFlag.Rst : TcpFlag.Rst | TcpFlag.Ack,
    window: 0,
    windowBytes: 0,
    options: {},
    payload: new Uint8Array(0),
    ttl,
    ipId: 0,
    dontFragment: true,
    talk: p.talk,
  };
}
