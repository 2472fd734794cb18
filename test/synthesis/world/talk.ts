/**
 * A conversation of the world: what both applications do, whoever carries it.
 * The trap: the server's side runs on whichever machine accepts the SYN, which
 * may be a proxy that then talks to the server on another connection.
 */
import type { Nanos } from '../../../packet/time.ts';
import type { Clockwork } from './clockwork.ts';
import type { TcpEnd } from './tcp-end.ts';

export interface Talk {
  readonly clientPort: number;
  readonly serverPort: number;
  client(end: TcpEnd, clock: Clockwork): Handlers;
  server(end: TcpEnd, clock: Clockwork): Handlers;
  /** What the systems of the ends set differently. */
  readonly ends?: { readonly client?: Tuning; readonly server?: Tuning };
}

/** How an end was left: the peer or a node reset it, its timer ran out, or both sides had closed. */
export type Ending = 'reset' | 'timeout' | 'done';

/** What an application hears of its socket. */
export interface Handlers {
  connected?(): void;
  received?(payload: Uint8Array): void;
  /** The peer's FIN. */
  finished?(): void;
  ended?(how: Ending): void;
}

export interface Keepalive {
  readonly idle: Nanos;
  readonly interval: Nanos;
  readonly count: number;
}

export interface Tuning {
  readonly timestamps?: boolean;
  /** -1: no window scaling. */
  readonly windowScale?: number;
  /** Bytes that the receiver takes before its application reads. */
  readonly buffer?: number;
  readonly keepalive?: Keepalive;
  /** tcp_retries2. */
  readonly retries?: number;
  /** SYN retransmissions 1 s apart before they double: tcp_syn_linear_timeouts. */
  readonly linearSyns?: number;
}
