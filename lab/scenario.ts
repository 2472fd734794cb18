/**
 * A scenario as people write it (`scenarios/*.yaml`): what stands between client and server, what
 * traffic runs, what is done to it and when, and, before it ever runs, what the truth will be.
 * The trap: `expect` is checked twice. What the clients say (`says`) shows that the scenario
 * happened as written; only then is the diagnosis measured against `outcome` and `cause`.
 */
import { z } from 'zod';
import { CAUSE_IDS, OUTCOMES } from '../analyzer/index.ts';
import { duration, parseYaml } from '../gateway/config.ts';
import { contradictions } from './contradictions.ts';

export const HOSTS = ['client', 'node-a', 'node-b', 'server', 'switch'] as const;
export type HostName = (typeof HOSTS)[number];

const host = z.enum(HOSTS);
const node = z.enum(['node-a', 'node-b']);
const count = z.number().int().positive();
/** `400k`, `3M`: bytes, or bytes a second; powers of ten. */
export const bytes = z
  .union([count, z.string().regex(/^\d+(?:\.\d+)?[kMG]$/, 'a number of bytes such as 400k or 3M')])
  .transform((value) =>
    typeof value === 'number'
      ? value
      : Number.parseFloat(value) * { k: 1e3, M: 1e6, G: 1e9 }[value.at(-1) as 'k' | 'M' | 'G'],
  );
const oneOrMore = <T extends z.ZodType>(one: T, wanted: string) =>
  z
    .union([one, z.array(one).min(1)], wanted)
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** When: so long after the traffic began, after the path was lost, or after it was back. */
const moment = z.union([
  duration.transform((after) => ({ of: 'begin' as const, after })),
  z
    .strictObject({ afterLost: duration })
    .transform(({ afterLost }) => ({ of: 'lost' as const, after: afterLost })),
  z
    .strictObject({ afterRestored: duration })
    .transform(({ afterRestored }) => ({ of: 'restored' as const, after: afterRestored })),
]);
export type Moment = z.output<typeof moment>;

const gateway = z
  .strictObject({
    forwarder: z.enum(['routed', 'proxy']).default('routed'),
    rules: z.enum(['strict', 'loose', 'reject', 'permissive']).default('strict'),
    nat: z.boolean().default(false),
    /** conntrackd where it routes, the relay's own sync where it is a proxy. */
    sync: z.boolean().default(true),
    windowTracking: z.boolean().default(false),
    /** `once`: node B puts the state to use, and node A does not when it comes back. */
    commit: z
      .union([z.enum(['before', 'once', 'never']), z.strictObject({ after: duration })])
      .default('before'),
    /** Whether a node that was replaced forgets its own connections. */
    flush: z.boolean().default(true),
    move: z.enum(['adapter', 'address']).default('adapter'),
    announce: z.enum(['both', 'inside', 'outside', 'none']).default('both'),
    failFast: z.boolean().default(false),
    splitBrain: z.boolean().default(false),
    /** Of a proxy. */
    source: z.enum(['client', 'node']).default('node'),
    intercept: z.boolean().default(false),
    onRelease: z.enum(['silent', 'reset']).default('silent'),
    /** More nft rules in the chain that forwards, of one node: policies in which they differ. */
    extraRules: z.partialRecord(node, z.array(z.string())).default({}),
  })
  .prefault({});

const sysctlName = z.string().regex(/^[a-z0-9_.-]+$/i);

const server = z
  .strictObject({
    /** Bytes a second of each download (nginx `limit_rate`). */
    rate: bytes.default(400_000),
    /** nginx `send_timeout`. */
    sendTimeout: duration.optional(),
    /** nginx `reset_timedout_connection`. */
    resetTimedOut: z.boolean().default(false),
    /** How long the server takes over the answer to a DNS question. */
    dnsDelay: duration.default(0),
    /** Set before its programs start: a socket that listens hands on what held when it was made. */
    sysctl: z.record(sysctlName, z.union([z.number(), z.string()])).default({}),
  })
  .prefault({});

const common = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  start: moment.default({ of: 'begin', after: 0 }),
};

/** What a client does. All but `mixed` make one connection first, which is the flow that is judged. */
export const trafficSchema = z.discriminatedUnion('run', [
  /** GNU wget; without options it waits for ever. */
  z.strictObject({
    ...common,
    run: z.literal('wget'),
    size: bytes,
    https: z.boolean().default(false),
    readTimeout: duration.optional(),
    tries: count.default(1),
  }),
  /** A download by curl. `keepalive`: seconds until the first probe and between probes; false: none. */
  z.strictObject({
    ...common,
    run: z.literal('curl'),
    size: bytes,
    https: z.boolean().default(false),
    keepalive: z.union([z.number().positive(), z.literal(false)]).default(false),
    /** `--speed-time`: gives up after so long below 1 byte/s. */
    speedTime: duration.optional(),
    maxTime: duration.optional(),
    connectTimeout: duration.optional(),
    retry: z.number().int().nonnegative().default(0),
    /** A fixed source port, for connections that use a tuple again. */
    localPort: z.number().int().min(1024).max(65_535).optional(),
    /** Reads no faster than this, so that the window closes. */
    readRate: bytes.optional(),
    /** The server says nothing for so long in the middle of the download. */
    pause: duration.optional(),
    /** More of curl's own options. */
    options: z.array(z.string()).default([]),
  }),
  /** An upload by curl, `rate` bytes a second. */
  z.strictObject({
    ...common,
    run: z.literal('upload'),
    size: bytes,
    rate: bytes.default(400_000),
    https: z.boolean().default(false),
    keepalive: z.union([z.number().positive(), z.literal(false)]).default(false),
    maxTime: duration.optional(),
    localPort: z.number().int().min(1024).max(65_535).optional(),
  }),
  /** A download by Python's requests; `readTimeout` as its `timeout`. */
  z.strictObject({ ...common, run: z.literal('requests'), size: bytes, readTimeout: duration.optional() }),
  /** An upload by a Python program of our own, for what no other client can set on its socket. */
  z.strictObject({
    ...common,
    run: z.literal('sender'),
    size: bytes,
    rate: bytes.default(400_000),
    /** TCP_USER_TIMEOUT. */
    userTimeout: duration.optional(),
  }),
  /** A download by Node: `http` (an agent that keeps alive, as axios) or `fetch`. */
  z.strictObject({ ...common, run: z.literal('node'), api: z.enum(['http', 'fetch']), size: bytes }),
  /** Requests on one pooled connection: `count` of them, `every` so often, idle from `pauseAfter` requests on for `pause`. */
  z.strictObject({
    ...common,
    run: z.literal('api'),
    count: count.default(20),
    every: duration.default(500),
    pauseAfter: count.optional(),
    pause: duration.default(0),
    /** How long the server thinks about each. */
    think: duration.default(0),
    keepalive: z.boolean().default(false),
    /** A request without an answer for so long is given up. */
    timeout: duration.optional(),
  }),
  /** DNS questions from one socket; one without an answer is asked `again` so often, `tries` times in all. */
  z.strictObject({
    ...common,
    run: z.literal('udp'),
    count: count.default(20),
    every: duration.default(500),
    again: duration.default(1000),
    tries: count.default(10),
  }),
  /** Many at once: downloads, uploads and API calls of several sizes, as one program. */
  z.strictObject({ ...common, run: z.literal('mixed'), connections: count.default(50), size: bytes }),
]);
export type Traffic = z.output<typeof trafficSchema>;

/** What is done. */
const action = z.union([
  z.strictObject({ takeOver: node }),
  z.strictObject({ release: node }),
  /** Pulls a node's plug: its links go down and its programs end by SIGKILL. */
  z.strictObject({ powerOff: node }),
  /** The link between the nodes. */
  z.strictObject({ syncLink: z.enum(['down', 'up']) }),
  /** Every so many-th packet toward a host is lost, by chance; 0 ends it. Percent. */
  z.strictObject({
    loss: z.strictObject({ toward: z.enum(['client', 'server']), percent: z.number().min(0).max(100) }),
  }),
  z.strictObject({ mtu: z.strictObject({ host, interface: z.string(), bytes: count }) }),
  z.strictObject({
    sysctl: z.strictObject({
      host,
      name: sysctlName,
      value: z.union([z.number(), z.string()]),
    }),
  }),
  /** A program in a host's namespace, for what has no word of its own. */
  z.strictObject({ exec: z.strictObject({ host, command: z.array(z.string()).min(1) }) }),
]);
export type LabAction = z.output<typeof action>;

const CAUSES = "causes of the catalogue ('diagnose explain' lists them), or null";

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}

const expectation = z.strictObject({
  /** Accepted values, the best first, all captures given. */
  outcome: oneOrMore(z.enum(OUTCOMES), OUTCOMES.join(', ')),
  cause: oneOrMore(z.enum(CAUSE_IDS).nullable(), CAUSES),
  contributing: z.array(z.enum(CAUSE_IDS, CAUSES)).default([]),
  /** How the client ends: still `running` when the lab stops, or with one of these exit codes. */
  says: z.strictObject({
    running: z.literal(true).optional(),
    exit: oneOrMore(z.number().int(), 'an exit code, or a list of them').optional(),
    /** A regular expression that its output matches. */
    output: z.string().refine(isPattern, 'no regular expression').optional(),
    /** Seconds that it ran, at least and at most. */
    tookFrom: duration.optional(),
    tookTo: duration.optional(),
    /** It ends at most so long after the path was back. */
    endsAfterRestored: duration.optional(),
  }),
});

export const scenarioSchema = z.strictObject({
  title: z.string().min(1),
  family: z.union([z.literal(4), z.literal(6)]).default(4),
  gateway,
  server,
  /** From the loss of the path to when it is back, as `--outage` sets it. */
  outage: duration.default(5000),
  /** Before the traffic begins. */
  setup: z.array(action).default([]),
  traffic: z.array(trafficSchema).min(1),
  /** Without any, and unless `control`: node B takes over 3 s after the traffic began. */
  steps: z.array(z.strictObject({ at: moment, do: action })).optional(),
  /** No failover happens. */
  control: z.boolean().default(false),
  /** The path never comes back. */
  restored: z.boolean().default(true),
  /** How long it is watched after the path is back (or lost, where it does not come back), unless all clients end before. */
  watch: duration.default(40_000),
  /** By the name of the traffic. Of `mixed`, of each of its connections. */
  expect: z.record(z.string(), expectation),
});
export type Scenario = z.output<typeof scenarioSchema>;
export type Expectation = z.output<typeof expectation>;

/** @throws ConfigError */
export const parseScenario = (text: string): Scenario =>
  parseYaml(
    text,
    scenarioSchema.superRefine((scenario, found) => {
      for (const one of contradictions(scenario)) found.addIssue({ code: 'custom', ...one });
    }),
  );
