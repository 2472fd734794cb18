/**
 * What both forwarders, the kernel's and the proxy, can do for a takeover. The machine in `core/`
 * decides the order; a forwarder never changes roles by itself.
 */

import type { NodeConfig } from '../config.ts';
import type { Journal } from './journal-writer.ts';

/** What every part of a node is given. */
export interface NodeContext {
  readonly config: NodeConfig;
  readonly journal: Journal;
  /** A daemon or a link that ended by itself, or came back: one sentence. */
  readonly onTrouble: (what: string) => void;
}

/** One end-to-end connection as the client opened it. IPv6 addresses are not bracketed. */
export interface Tuple {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
  /** The connection toward the server where it differs: address translation, or the second leg of a proxy. */
  readonly outside?: {
    readonly client: { readonly address: string; readonly port: number };
    readonly server: { readonly address: string; readonly port: number };
  };
}

export interface Commit {
  readonly entries: number;
  readonly failed: number;
  /** Seconds. */
  readonly took: number;
}

export interface ForwarderStatus {
  readonly forwarding: boolean;
  /** Connections that it carries itself. */
  readonly connections: number;
  /** Connections that it knows from the peer. */
  readonly known: number;
  /** Whatever it counts: packets dropped by each rule, bytes relayed, daemons' counters. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Forwarder {
  /** Rules, settings and daemons are in place when it resolves; nothing is forwarded yet. @throws GatewayError */
  prepare(): Promise<void>;
  startForwarding(): Promise<void>;
  stopForwarding(): Promise<void>;
  /** Puts what is known from the peer into use. */
  commitState(): Promise<Commit>;
  /** Forgets its own connections, as a node that was replaced must. */
  flushState(): Promise<void>;
  /** Known from the peer, and cannot go on here. */
  lostConnections(): Promise<readonly Tuple[]>;
  status(): Promise<ForwarderStatus>;
  /** Ends daemons and sockets, and takes back rules. Never throws. */
  close(): Promise<void>;
}

/** What could not be done on this machine, in a sentence, with the next step. */
export class GatewayError extends Error {
  readonly hint: string;

  constructor(message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'GatewayError';
    this.hint = hint;
  }
}
