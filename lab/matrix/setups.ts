/**
 * What the matrix varies: gateways, what they share, and clients. Each gateway and outage is one run, with all
 * clients in it at once, so that they meet the very same failover.
 * The trap: a client must be called as people call it. curl probes an idle connection after 60 s without being
 * asked to, and Node's pool after 1 s; a matrix that left that out would say that they hang.
 */
import { type Scenario, scenarioSchema } from '../scenario.ts';

/** ms. The question's own range. */
export const OUTAGES: readonly number[] = [15_000, 30_000, 60_000];

export interface Setup {
  readonly id: string;
  readonly title: string;
  readonly gateway: object;
}

const ROUTED = { forwarder: 'routed' } as const;
const PROXIED = { forwarder: 'proxy' } as const;

export const SETUPS: readonly Setup[] = [
  { id: 'routed-synced', title: 'a router that shares its state', gateway: { ...ROUTED, sync: true } },
  {
    id: 'routed-drops',
    title: 'a router that shares nothing, and drops what it does not know',
    gateway: { ...ROUTED, sync: false, rules: 'strict' },
  },
  {
    id: 'routed-rejects',
    title: 'a router that shares nothing, and answers what it does not know with a reset',
    gateway: { ...ROUTED, sync: false, rules: 'reject' },
  },
  {
    id: 'routed-loose',
    title: 'a router that shares nothing, and takes up what it sees in mid-stream',
    gateway: { ...ROUTED, sync: false, rules: 'loose' },
  },
  {
    id: 'proxied-alone',
    title: 'a proxy that shares nothing',
    gateway: { ...PROXIED, sync: false },
  },
  {
    id: 'proxied-synced',
    title: 'a proxy that shares its sessions',
    gateway: { ...PROXIED, sync: true },
  },
  {
    id: 'proxied-fail-fast',
    title: 'a proxy that shares its sessions, and resets at takeover what it cannot continue',
    gateway: { ...PROXIED, sync: true, failFast: true },
  },
];

export interface Client {
  readonly id: string;
  readonly title: string;
  /** As a scenario file has it. */
  readonly traffic: object;
}

/**
 * Long enough for the takeover at 3 s, short enough for the rest of the download. Each has its own, so that two legs
 * of a proxy can be told to be one download by what is asked for.
 */
const SIZES = [4_000_000, 4_100_000, 4_200_000, 4_300_000, 4_400_000] as const;
/** Each API client asks for something of its own as well: how many ms the server is to think. */
const API = { run: 'api', count: 20, every: '500ms' } as const;

export const CLIENTS: readonly Client[] = [
  client('wget', 'wget --tries=1', { run: 'wget', size: SIZES[0] }),
  client('wget-timeout', 'wget --read-timeout=20 --tries=20', {
    run: 'wget',
    size: SIZES[1],
    readTimeout: '20s',
    tries: 20,
  }),
  client('curl', 'curl', { run: 'curl', size: SIZES[2], keepalive: 60 }),
  client('curl-timeout', 'curl --speed-time 20 --retry 5', {
    run: 'curl',
    size: SIZES[3],
    keepalive: 60,
    speedTime: '20s',
    retry: 5,
  }),
  client('curl-retry-all', 'curl --speed-time 20 --retry 5 --retry-all-errors', {
    run: 'curl',
    size: SIZES[4],
    keepalive: 60,
    speedTime: '20s',
    retry: 5,
    options: ['--retry-all-errors'],
  }),
  client('api', 'pooled API client of Node, which probes every second', {
    ...API,
    think: '1ms',
    keepalive: true,
  }),
  client('api-no-probes', 'pooled API client without probes and without a timeout', {
    ...API,
    think: '2ms',
  }),
  client('api-timeout', 'pooled API client with a timeout of 10 s for each request', {
    ...API,
    timeout: '10s',
  }),
  client('api-waiting', 'as api-no-probes, and each answer takes 2 s', { ...API, count: 5, think: '2s' }),
];

/** One run: a gateway, an outage in ms, all clients. */
export function matrixScenario({ title, gateway }: Setup, outage: number): Scenario {
  return scenarioSchema.parse({
    title,
    gateway,
    outage: `${outage}ms`,
    // Until curl's first probe (60 s after the last byte) and the server's try after that, at 105 s, have come; and
    // for an outage's length, in which a timer that was set within the outage ends.
    watch: `${Math.max(125_000 - outage, outage + 15_000)}ms`,
    traffic: CLIENTS.map(({ traffic }) => traffic),
    expect: {},
  });
}

function client(id: string, title: string, traffic: object): Client {
  return { id, title, traffic: { name: id, ...traffic } };
}
