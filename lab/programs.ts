/**
 * What stands between the lab and the programs that it starts at client and server: ports, the plan that
 * a program is given (one JSON argument), the words that it prints (JSON lines on standard output).
 * The trap: the flow that is judged is named by its port, so a client says its port when it is
 * connected, not when it ends: one that hangs never ends.
 */
import type { Traffic } from './scenario.ts';

/** At the server. nginx serves `/<bytes>.bin` from its web root on `http` and `https`; the app server has the others. */
export const SERVER_PORTS = { http: 80, https: 443, api: 8080, udp: 53 } as const;

/** Of the server: nginx's configuration is rendered from it, and `lab-server.js` is given it. */
export interface ServerPlan {
  /** What the server may write to; the web root is `www` in it. It is there, and the files in `www` too. */
  readonly folder: string;
  /** Not bracketed. */
  readonly address: string;
  /** Bytes a second of each download. */
  readonly rate: number;
  /** ms. */
  readonly sendTimeout?: number;
  readonly resetTimedOut: boolean;
  /** ms. */
  readonly dnsDelay?: number;
  /** PEM files; without it there is no `https`. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** What `lab-client.js` is given; it ends with 0 where all went well, else 1. */
export interface ClientPlan {
  readonly traffic: Extract<Traffic, { run: 'node' | 'api' | 'udp' | 'mixed' }>;
  /** Of the server, not bracketed. */
  readonly address: string;
}

/** What a client program prints; `time` is seconds since the epoch. Other lines are kept as they are. */
export type ClientWord = { readonly time: number } & (
  | {
      /** Once it is bound, if it can be known, else once it is connected. `of` numbers the connections of `mixed`, from 0. */
      readonly event: 'connection';
      readonly localPort: number;
      readonly remotePort: number;
      readonly of?: number;
    }
  /** A request, a question or a transfer is over; `took` in seconds. */
  | {
      readonly event: 'done' | 'failed';
      readonly what: string;
      readonly took: number;
      readonly why?: string;
      readonly of?: number;
    }
  | { readonly event: 'note'; readonly text: string }
);
