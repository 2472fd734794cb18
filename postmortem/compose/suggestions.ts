/**
 * What the pages of the causes suggest, a sentence or two each, for the table of action items. The words are those of
 * "What to do" in `docs/causes/<id>.md`, which a test compares: the page has the reasons and the prices.
 */
import type { CauseId } from '../../analyzer/index.ts';

export const SUGGESTIONS: Record<CauseId, readonly string[]> = {
  'rto-backoff': [
    'Gateway: shorten the outage; each second saved counts up to twice.',
    'Client: read timeout of at least twice the longest outage plus 5 s, or a short one with retries.',
  ],
  outage: ['Gateway: the length of the outage is what is left to improve.'],
  'no-state-drop': [
    'Gateway: sync the state and commit it before the addresses move.',
    'Client: a read timeout and a retry, or keepalive with idle + interval x count of about 2 to 3 outages.',
  ],
  'no-state-reject': ['Gateway: sync and commit state and the question goes away.'],
  'out-of-window': ['Gateway: leave TCPWindowTracking off, or set be_liberal=1 with it.'],
  'nat-mapping-lost': [
    'Gateway: use the same translation addresses on both nodes and let them move with the failover.',
  ],
  'terminated-proxy': [
    'Gateway: drain before planned failovers. On takeover, reset both sides of intercepted flows so that clients fail at once.',
    'Client: read timeout of a few times the slowest normal answer, connect timeout of 3 to 5 s, retries with back-off over at least the length of the failover.',
  ],
  'not-yet-synced': [
    'conntrackd: FTFW mode, a dedicated link, and receive buffers large enough that the counters of lost events stay at zero.',
  ],
  'state-not-committed': ['Gateway, order: commit, then addresses and gratuitous ARP, then forwarding.'],
  'stale-path': ['Gateway: let address and MAC move together (a virtual MAC), then nobody needs to learn.'],
  'one-way-path': [
    'Gateway: move both adapters or routes in one step and check both before calling the takeover done.',
  ],
  'peer-gave-up': [
    'Server: every timer that watches a send must exceed twice the longest outage plus 5 s.',
    'Client: check Content-Length; treat a short body as a retryable error.',
  ],
  'client-timeout': ['Choose one of two policies, not the middle.'],
  'keepalive-expired': [
    'Client: idle + interval x count of at least twice the longest outage plus 5 s; about three outages is a good bound for a hang.',
  ],
  'pmtu-black-hole': ['Gateway: the same MTU on both nodes and on everything behind them, tunnels included.'],
  'split-brain': [
    'Gateway: a second heartbeat over another path; fencing, or a witness that must agree, before taking over; tracking of the data links, not just of the heartbeat.',
    'Alert when both report active.',
  ],
  'snat-port-clash': [
    'Gateway: a standby must not translate with the shared address before it has committed.',
  ],
  'cloud-flow-pinned': [
    'Client and server: keepalive below the shortest of these idle times keeps flows known.',
  ],
  'syn-backoff': [
    'Client: a connect timeout of 3 to 5 s with retries beats the ladder, because each attempt starts with close repeats.',
  ],
  'delayed-victim': [
    'Client: keepalive on pooled connections finds dead ones before a request does.',
    'Gateway: answer with RST in place of silence; a pool then replaces the connection at once.',
  ],
  'udp-mapping': ['Gateway: sync UDP as well, at least streams and long-lived tunnels.'],
  'stale-failback': ['Gateway: commit on every change to active, also on the way back.'],
  'midstream-pickup': [
    'Gateway, if state is synced: find why it was missing, and treat this as the failure that it almost was.',
  ],
  'sequence-offset-lost': ['Gateway: switch randomization off for the flows that must survive.'],
  'policy-mismatch': [
    'Gateway: one source for the configuration of both nodes, and a comparison of the running state by machine, every hour.',
  ],
  'node-capacity': [
    'Gateway: standby of the same size. Alarm at 70 % of table, ports and allowance, on the node that is active and for the sum of both if both carry traffic.',
  ],
  'torn-down-by-old-node': [
    'Gateway: no conntrack -F in stop scripts of a pair with sync; or stop the sync daemon first.',
  ],
  'reverse-path-check': [
    'Gateway: routes before forwarding. Bring addresses, routes and rules up, then open the path.',
  ],
  'offload-blind-spot': [
    'Gateway: check with the vendor what is synced for offloaded sessions and how often; test the failover with offload on and with flows that are minutes old.',
  ],
  'tuple-reuse': ['Client: no fixed source ports; a connect timeout of 3 to 5 s with a retry.'],
  'path-not-restored': ['Gateway: measure each step in tests and alarm on each, not on the sum.'],
  'zero-window': ['Client: consume, or close what is not wanted.'],
  'application-idle': [
    'Client: a read timeout that fits the slowest honest answer, with room for a failover: twice the outage plus 5 s.',
  ],
  loss: [
    "Gateway: if loss began with the failover, compare the new node's links, duplex, queues and limits with the old one's.",
  ],
  'capture-gap': ['Use another vantage, or ask for the capture again.'],
};
