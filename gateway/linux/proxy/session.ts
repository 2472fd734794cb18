/** One connection that the relay carries, or that it knows of its peer. IPv6 addresses are not bracketed. */
import type { Tuple } from '../forwarder.ts';
import type { Endpoint } from '../tuple-text.ts';

export interface Session {
  /** Of its node, since that was started. */
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** The leg to the server; null until it is up. */
  outside: { readonly client: Endpoint; readonly server: Endpoint } | null;
  /** Bytes from the client, and to it. */
  up: number;
  down: number;
  /** ms since the epoch, by the clock of its node. */
  readonly opened: number;
}

export const tupleOf = ({ client, server, outside }: Session): Tuple =>
  outside === null ? { client, server } : { client, server, outside };
