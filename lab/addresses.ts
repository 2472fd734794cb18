/**
 * The addresses of the lab, the same in every run: each run has namespaces of its own, so that they never meet.
 * Client and server are on two bridges; the gateway has the first address of each.
 */
import type { HostName } from './scenario.ts';

export type Family = 4 | 6;
export type NodeName = Extract<HostName, 'node-a' | 'node-b'>;

export const SYNC = { 'node-a': '10.255.0.1', 'node-b': '10.255.0.2' } as const;

const NETS = {
  4: { in: '10.0.1.', out: '10.0.2.', length: 24 },
  6: { in: 'fd00:0:0:1::', out: 'fd00:0:0:2::', length: 64 },
} as const;
export type Side = 'in' | 'out';

export const prefixLength = (family: Family): number => NETS[family].length;

/** `host`: 1 the gateway, 2 and 3 the nodes' own, 10 client or server. Not bracketed, without its length. */
export const addressOf = (family: Family, side: Side, host: 1 | 2 | 3 | 10): string =>
  `${NETS[family][side]}${host}`;

export const clientAddress = (family: Family): string => addressOf(family, 'in', 10);
export const serverAddress = (family: Family): string => addressOf(family, 'out', 10);

/** As it stands in a URL. */
export const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** Locally administered; the last byte is the host, the one before it the side. */
export const macOf = (side: Side, host: 1 | 2 | 3 | 10): string =>
  `02:00:00:00:0${side === 'in' ? 1 : 2}:${String(host).padStart(2, '0')}`;
