/** One connection that the relay carries, or that it knows of its peer. IPv6 addresses are not bracketed. */
import type { Tuple } from '../forwarder.ts';

export interface End {
  readonly address: string;
  readonly port: number;
}

export interface Session {
  /** Of its node, since that was started. */
  readonly id: number;
  readonly client: End;
  readonly server: End;
  /** The leg to the server; null until it is up. */
  outside: { readonly client: End; readonly server: End } | null;
  /** Bytes from the client, and to it. */
  up: number;
  down: number;
  /** ms since the epoch, by the clock of its node. */
  readonly opened: number;
}

export const tupleOf = ({ client, server, outside }: Session): Tuple =>
  outside === null ? { client, server } : { client, server, outside };

/** `10.0.1.10:40000-10.0.2.10:80`, as journals write it; IPv6 addresses in brackets. */
export const tupleText = ({ client, server }: Session): string => `${endText(client)}-${endText(server)}`;

const endText = ({ address, port }: End): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
