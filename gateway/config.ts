/**
 * The file that describes one node of the pair: types, defaults and checks in one schema.
 * A node reads only its own file; what both must agree on (key, addresses) stands in both.
 * The trap: a default that differs between the nodes is a split brain, so every default is here.
 */
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';

/** Node's timers overflow at 2^31 ms, and then fire at once. */
const LONGEST_MS = 86_400_000;

/** Timers of 0 would do nothing else. VRRP counts in this (RFC 5798, 5.2.7). */
const SHORTEST_MS = 10;

/** `15s`, `500ms`, `2m` to ms; a plain number is seconds. */
export const duration = z
  .union([
    z.number().nonnegative(),
    z.string().regex(/^\d+(?:\.\d+)?(?:ms|s|m)$/, 'a duration such as 500ms, 15s or 2m'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value * 1000;
    const number = Number.parseFloat(value);
    return value.endsWith('ms') ? number : value.endsWith('m') ? number * 60_000 : number * 1000;
  })
  .refine((ms) => ms <= LONGEST_MS, 'a day at most');

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'lower-case letters, digits and hyphens');
/** As the kernel allows, and nothing that a shell or nft could read as more than a name. */
const device = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, 'the name of an interface');
const address = z.union([z.ipv4(), z.ipv6()]);
const prefix = z.union([z.cidrv4(), z.cidrv6()]);
const file = z.string().min(1);

const side = z.strictObject({
  interface: device,
  /** With their prefix lengths. They are up only at the node that forwards. */
  addresses: z.array(prefix).min(1),
  /** Own addresses of this node, up always: where the pair moves an address instead of an adapter. */
  ownAddresses: z.array(prefix).default([]),
  /** Default gateways and other routes over this side, raised with the addresses. */
  routes: z.array(z.strictObject({ to: prefix, via: address })).default([]),
});

const adapterMove = z.strictObject({
  by: z.literal('adapter'),
  /** Names of the network namespaces (as in `ip netns`) that hold this node and its peer. */
  namespace: name,
  peerNamespace: name,
  /** From detaching at the peer to attaching here: what the cloud takes. */
  attachDelay: duration.default(0),
  /** From the link's coming up at the new node to its addresses: the lab begins its captures in it. */
  settle: duration.default(0),
  /**
   * Links of this node into the same switches, down, that stand in for the adapters where `faults.splitBrain` leaves
   * those at the peer: they are given the adapters' names and MACs.
   */
  spare: z.strictObject({ inside: device, outside: device }).optional(),
});

const addressMove = z.strictObject({
  by: z.literal('address'),
  /** VRRP, by keepalived. */
  routerId: z.number().int().min(1).max(255).default(51),
  priority: z.number().int().min(1).max(254),
  advertiseEvery: duration.default(1000),
  /** Takes the role back as soon as it can, where its priority is the higher one. */
  preempt: z.boolean().default(false),
});

const routed = z.strictObject({
  forwarder: z.literal('routed'),
  /**
   * What the node does with packets of connections that it does not know. `strict`: dropped, whatever they are; new
   * connections only by a SYN from inside (`tcp_loose` off). `loose`: new connections from inside by any segment that
   * conntrack takes as one. `reject`: as strict, but answered by a reset. `permissive`: forwarded from both sides.
   */
  rules: z.enum(['strict', 'loose', 'reject', 'permissive']).default('strict'),
  /** Source address translation to the outside address. */
  nat: z.boolean().default(false),
  /** Who shares the connection table with the peer. */
  sync: z.enum(['conntrackd', 'none']).default('conntrackd'),
  /** conntrackd's TCPWindowTracking, with `nf_conntrack_tcp_be_liberal` off; off: both liberal. */
  windowTracking: z.boolean().default(false),
  /**
   * More rules, in nft's words, in the chain that forwards, before all others: policies in which the nodes differ.
   * `counter name extra drop` is counted in the status.
   */
  extraRules: z.array(z.string()).default([]),
});

const proxy = z.strictObject({
  forwarder: z.literal('proxy'),
  /** Where the relay listens; TPROXY steers to it. */
  port: z.number().int().min(1).max(65_535).default(15_001),
  /** Source address of the connections to servers. */
  source: z.enum(['client', 'node']).default('node'),
  /** Ports whose TLS is ended here, with certificates of this CA (PEM files). */
  intercept: z
    .strictObject({
      ports: z.array(z.number().int().min(1).max(65_535)).min(1).default([443]),
      caCertificate: file,
      caKey: file,
      /** CAs that servers are checked against; without it the system's. */
      trust: file.optional(),
    })
    .optional(),
  /** Whether connections are shared with the peer, over the sync link. */
  sync: z.boolean().default(true),
  /** What a node that hands over does with its connections: nothing (as a crash), or close them with a reset. */
  onRelease: z.enum(['silent', 'reset']).default('silent'),
});

const fields = z.strictObject({
  node: name,
  peer: name,
  /** What it is when it starts and hears of nobody. */
  start: z.enum(['active', 'standby']),
  inside: side,
  outside: side,
  forwarding: z.discriminatedUnion('forwarder', [routed, proxy]),
  move: z.discriminatedUnion('by', [adapterMove, addressMove]),
  sync: z.strictObject({
    interface: device,
    address,
    peerAddress: address,
    /** Of heartbeats and sessions; conntrackd takes the next one. */
    port: z.number().int().min(1).max(65_534).default(7879),
    /** A file of at least 16 bytes, the same on both nodes: heartbeats and sessions are authenticated by it. */
    keyFile: file,
  }),
  heartbeat: z
    .strictObject({
      every: duration.default(500),
      /** So long without one: the peer is taken for dead. */
      deadAfter: duration.default(2000),
      /** Whether a dead peer is enough to take over. */
      takeOver: z.boolean().default(true),
    })
    .prefault({}),
  /** At takeover, resets the connections that are known from the sync and cannot go on, toward both ends. */
  failFast: z.boolean().default(false),
  /** Journal of this node, JSON lines, appended. */
  journal: file,
  /** Sockets, pids and rendered files. It is made, and emptied when the node ends. */
  stateFolder: file,
  /** Faults to put in; nothing of this is for production. */
  faults: z
    .strictObject({
      /** When the shared state enters the kernel: before the address is up, never, or so long after forwarding began. */
      commit: z.union([z.enum(['before', 'never']), z.strictObject({ after: duration })]).default('before'),
      /** Whether a node that was replaced forgets its own connections, which are the peer's from then on. */
      flush: z.boolean().default(true),
      /** Sides on which a takeover is announced (gratuitous ARP, unsolicited neighbour advertisement). */
      announce: z.enum(['both', 'inside', 'outside', 'none']).default('both'),
      /** Takes the role without detaching the peer, and without a word to it: two nodes forward. */
      splitBrain: z.boolean().default(false),
    })
    .prefault({}),
});

/** What contradicts itself: the key, and what is wrong with it. */
function contradictions(config: z.infer<typeof fields>): [readonly PropertyKey[], string][] {
  const { node, peer, inside, outside, move, sync, heartbeat } = config;
  const found: [readonly PropertyKey[], string][] = [];
  if (peer === node) found.push([['peer'], 'is this node itself']);
  if (outside.interface === inside.interface) found.push([['outside', 'interface'], 'is that of inside']);
  if ([inside.interface, outside.interface].includes(sync.interface))
    found.push([['sync', 'interface'], 'carries packets of clients; a takeover would cut it']);
  if (isV6(sync.address) !== isV6(sync.peerAddress))
    found.push([['sync', 'peerAddress'], 'is of another family than sync.address']);
  else if (sync.address === sync.peerAddress) found.push([['sync', 'peerAddress'], 'is this node’s own']);
  if (heartbeat.every < SHORTEST_MS) found.push([['heartbeat', 'every'], `${SHORTEST_MS}ms at least`]);
  if (move.by === 'address' && (move.advertiseEvery < SHORTEST_MS || move.advertiseEvery > 40_950))
    found.push([['move', 'advertiseEvery'], `from ${SHORTEST_MS}ms to 40.95s (RFC 5798, 5.2.7)`]);
  for (const [side, { routes }] of Object.entries({ inside, outside }))
    for (const [i, { to, via }] of routes.entries())
      if (isV6(to) !== isV6(via))
        found.push([[side, 'routes', i, 'via'], 'is of another family than the route']);
  for (const [key, file] of filesOf(config))
    if (!path.relative(path.resolve(config.stateFolder), path.resolve(file)).startsWith('..'))
      found.push([key, 'is in stateFolder, which is emptied']);
  if (heartbeat.deadAfter < 2 * heartbeat.every)
    found.push([
      ['heartbeat', 'deadAfter'],
      'one lost heartbeat is no dead peer: at least twice heartbeat.every',
    ]);
  if (move.by === 'adapter' && move.namespace === move.peerNamespace)
    found.push([['move', 'peerNamespace'], 'is the namespace of this node']);
  return found;
}

/** All that a node keeps beyond its end. */
function filesOf({ journal, sync, forwarding }: z.infer<typeof fields>): [readonly string[], string][] {
  const intercept = forwarding.forwarder === 'proxy' ? forwarding.intercept : undefined;
  return [
    [['journal'], journal],
    [['sync', 'keyFile'], sync.keyFile],
    ...(['caCertificate', 'caKey', 'trust'] as const).flatMap((key): [readonly string[], string][] => {
      const file = intercept?.[key];
      return file === undefined ? [] : [[['forwarding', 'intercept', key], file]];
    }),
  ];
}

const isV6 = (text: string): boolean => text.includes(':');

export const nodeConfigSchema = fields.superRefine((config, context) => {
  for (const [path, message] of contradictions(config))
    context.addIssue({ code: 'custom', path: [...path], message });
});

export type NodeConfig = z.infer<typeof nodeConfigSchema>;
export type NodeConfigInput = z.input<typeof nodeConfigSchema>;
export type RoutedConfig = z.infer<typeof routed>;
export type ProxyConfig = z.infer<typeof proxy>;

/** A configuration that cannot be used; each problem names its key, as `inside.addresses[0]: …`. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The configuration of a YAML (or JSON) text. Paths are taken as they stand. @throws ConfigError */
export function parseNodeConfig(text: string): NodeConfig {
  return parseYaml(text, nodeConfigSchema);
}

/** A YAML text as what a schema says. @throws ConfigError with every problem by its key, or where it is no YAML */
export function parseYaml<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  const document = parseDocument(text, { prettyErrors: false });
  // After the first, the others follow from it.
  const [error] = document.errors;
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw new ConfigError([`line ${line}: ${error.message.replace(/: ".*/s, '')}`]);
  }
  const result = schema.safeParse(document.toJS());
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${keyPath(path)}: ${message}`,
    ),
  );
}

const keyPath = (path: readonly PropertyKey[]): string =>
  path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
