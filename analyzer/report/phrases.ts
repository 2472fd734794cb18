/**
 * The words for outcomes, causes and missing evidence. A dictionary, no
 * judgement: which of them applies stands in the report. The long form of a
 * cause is `docs/causes/<id>.md`.
 */
import type { CauseId, Endpoint, Outcome, PathKind } from './report.ts';

/** Follows "3 flows"; verbs in the past, so that one and many read alike. */
export const OUTCOME_PHRASES: Record<Outcome, string> = {
  unaffected: 'stalled, but not because of a failover',
  resumed: 'stalled, then went on',
  hung: 'stalled and never went on',
  reset: 'ended by a reset',
  'gave-up': 'closed by the side that waited',
  'cut-short': 'went on, but ended with bytes missing',
  'connect-delayed': 'connected late',
  'not-connected': 'never connected',
  undecided: 'could not be decided from these captures',
};

/** Worst first: the order of the blocks. */
export const OUTCOME_ORDER: readonly Outcome[] = [
  'hung',
  'reset',
  'cut-short',
  'gave-up',
  'not-connected',
  'undecided',
  'resumed',
  'connect-delayed',
  'unaffected',
];

/** One line a cause, also what `diagnose explain` lists. */
export const CAUSE_PHRASES: Record<CauseId, string> = {
  'rto-backoff': 'the path was back, the sender still waited for its retransmission timer',
  outage: 'the path was gone; the first retry after it was back went through',
  'no-state-drop': 'the new node did not know the connection and dropped it in silence',
  'no-state-reject': 'the new node did not know the connection and answered with a reset or ICMP',
  'out-of-window': 'the new node held state, but took the segments for out of window and dropped them',
  'nat-mapping-lost': 'the address translation of the connection was lost or changed',
  'terminated-proxy': 'a proxy on the old node ended the connection itself and took it along',
  'not-yet-synced': 'the state of this connection had not reached the new node yet',
  'state-not-committed': 'the new node had received the state but not put it to use',
  'stale-path': 'frames still went to the old node: ARP, MAC table or route was late',
  'one-way-path': 'only one direction worked after the failover',
  'peer-gave-up': 'the other side gave up first, and the notice of it was lost or late',
  'client-timeout': "the client's own timeout closed the connection",
  'keepalive-expired': 'unanswered keepalive probes ended the connection',
  'pmtu-black-hole': 'small packets passed, full-sized ones did not: the new path has a smaller MTU',
  'split-brain': 'both nodes forwarded at the same time',
  'snat-port-clash': 'the translated port was already in use on the new node',
  'cloud-flow-pinned': 'the cloud kept sending this flow to the old target',
  'syn-backoff': 'the path was back, the client still waited to send its SYN again',
  'delayed-victim': 'idle during the failover, damaged at its next use',
  'udp-mapping': 'a UDP mapping or QUIC path was lost',
  'stale-failback': 'the flow came back to a node that still held its old state',
  'midstream-pickup': 'the new node held no state and took the connection up in mid-stream',
  'sequence-offset-lost': 'a rewritten sequence or timestamp offset was lost',
  'policy-mismatch': 'the new node has other rules, routes or NAT pools',
  'node-capacity': 'the new node was at a limit of sessions, packets or bandwidth',
  'torn-down-by-old-node': 'the old node closed the connection as it stepped down',
  'reverse-path-check': 'a return-path or source check dropped the packets',
  'offload-blind-spot': 'a hardware or kernel fast path held stale or missing state',
  'tuple-reuse': 'a retry met the leftovers of the old connection on the same ports',
  'path-not-restored': 'the path did not come back while the captures ran',
  'zero-window': 'the receiver had closed its window: it was not reading',
  'application-idle': 'nothing was owed: an application had nothing to send',
  loss: 'plain packet loss, no failover',
  'capture-gap': 'the capture missed packets, the connection did not',
};

/** "Is it a router or a proxy?" */
export const PATH_PHRASES: Record<PathKind, string> = {
  forwarded: 'a router: connections pass through unchanged',
  translated: 'a router that translates addresses or ports',
  'sequence-shifted': 'a router that shifts sequence numbers',
  terminated: "a proxy: it ends the client's connection and opens its own to the server",
  unknown: 'router or proxy: these captures do not show it',
};

/** `Flow.splitBy` in words: what to capture or fetch, and its name in the report. */
export function describeEvidence(id: string): string {
  const [kind, rest] = id.includes(':') ? splitAt(id, ':') : ['capture', id];
  switch (kind) {
    case 'capture':
      return `a capture ${vantagePlace(rest)} (${rest})`;
    case 'journal':
      return `the gateway journal of ${hostName(rest)} (${id})`;
    case 'state':
      return `the session table of ${hostName(rest)} (${id}; on Linux: conntrack -L)`;
    case 'longer':
      return `a longer capture ${vantagePlace(rest)} (${id})`;
    default:
      return id;
  }
}

function vantagePlace(vantage: string): string {
  const [host, side] = splitAt(vantage, '.');
  if (side === 'in') return `on ${hostName(host)}'s inner interface, towards the client`;
  if (side === 'out') return `on ${hostName(host)}'s outer interface, towards the server`;
  return host.startsWith('node-') ? `on ${hostName(vantage)}` : `at ${hostName(vantage)}`;
}

function hostName(host: string): string {
  const node = /^node-([a-z])$/.exec(host);
  if (node) return `node ${node[1]!.toUpperCase()}`;
  return host === 'client' || host === 'server' ? `the ${host}` : host;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** `10.0.0.1:80`, `[2001:db8::1]:443`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
