/**
 * The file that describes a collector, and what flags say in its stead: types, defaults, units and checks in one schema.
 * The trap: a filter that forgets ARP, ICMP, VRRP or neighbour discovery leaves a failover that nobody can explain, so the
 * default keeps them, and what carries the nodes' state.
 */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { CollectorError } from './words.ts';

/** Node's timers overflow at 2^31 ms, and then fire at once. */
const LONGEST_MS = 86_400_000;

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `30s`, `500ms`, `2m`, `1h` to ms; a plain number is seconds. */
export const duration = z
  .union([
    z.number().nonnegative(),
    z.string().regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, 'a duration such as 500ms, 30s, 2m or 1h'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value * 1000;
    const unit = /[a-z]+$/.exec(value)?.[0] as keyof typeof UNITS_MS;
    return Number.parseFloat(value) * UNITS_MS[unit];
  })
  .refine((ms) => ms <= LONGEST_MS, 'a day at most');

const UNITS_BYTES = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 } as const;

/** `2GB`, `500MB`, `64KB` to bytes, decimal; a plain number is bytes. */
export const size = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d+(?:\.\d+)?\s*[kmgt]?b?$/i, 'a size such as 500MB or 2GB'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const unit = (/[kmgt]/i.exec(value)?.[0] ?? '').toLowerCase() as keyof typeof UNITS_BYTES;
    return Math.round(Number.parseFloat(value) * UNITS_BYTES[unit]);
  });

/** Files that are smaller, or younger, are more names than captures. */
const LEAST_FILE = 100_000;
const LEAST_AGE = 500;
const LEAST_RING = 1_000_000;

/** As the kernel allows. */
const device = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/, 'the name of an interface');
const vantage = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}(?:\.(?:in|out))?$/, 'a host, or host.in or host.out');
const file = z.string().min(1);

/**
 * TCP, and what explains it: questions (DNS), QUIC, ARP, ICMP, neighbour discovery, VRRP, the nodes' heartbeats and conntrackd's
 * state, fragments, IPv6 with extension headers, in which no filter looks for TCP; and all of that behind a VLAN tag.
 * The trap: the kernel takes one tag off before it filters, so the words above see what is behind it, and only what still has a
 * tag is kept by that. `vlan` would do it too, but is refused for `any` and for tunnels.
 */
export const DEFAULT_FILTER = [
  'tcp or icmp or icmp6 or arp or ip proto 112 or ip6 proto 112',
  'udp port 53 or udp port 443 or udp port 3780 or udp port 7879',
  'ip[6:2] & 0x1fff != 0',
  'ip6[6] == 0 or ip6[6] == 43 or ip6[6] == 44 or ip6[6] == 60',
  'ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100',
].join(' or ');

const capture = z.strictObject({
  /** `any` where it does not matter which. */
  interface: device,
  vantage,
  filter: z.string().max(4000).optional(),
  snaplen: z.number().int().min(0).max(262_144).optional(),
});

const fields = z.strictObject({
  /** Of files and pins; made where it is missing. */
  folder: file,
  /** Several interfaces may be of one vantage. */
  captures: z
    .array(capture)
    .min(1)
    .max(64)
    .refine(
      (all) => new Set(all.map((one) => `${one.vantage} ${one.interface}`)).size === all.length,
      'an interface is there twice for one vantage',
    ),
  engine: z.enum(['tcpdump', 'cap']).default('tcpdump'),
  /** For captures that do not say. Without it the default of `DEFAULT_FILTER`. */
  filter: z.string().max(4000).default(DEFAULT_FILTER),
  /** Bytes of each packet that are kept: headers, and of an answer the length that it promises. 0: all. */
  snaplen: z.number().int().min(0).max(262_144).default(256),
  /** Of the kernel's buffer for each interface. */
  buffer: size.default(32_000_000),
  /** All files of the ring; the oldest go. */
  keep: size.refine((bytes) => bytes >= LEAST_RING, '1MB at least').default(2_000_000_000),
  /** A file is closed at this size, or this old; and before it takes more than its share of a small `keep`. */
  rotate: z
    .strictObject({
      size: size.refine((bytes) => bytes >= LEAST_FILE, '100KB at least').default(64_000_000),
      age: duration.refine((ms) => ms >= LEAST_AGE, '500ms at least').default(60_000),
    })
    .prefault({}),
  /** What a trigger keeps. */
  pin: z
    .strictObject({
      before: duration.default(300_000),
      after: duration.default(120_000),
      /** Pins that were not shipped; the oldest go. */
      keep: size.default(4_000_000_000),
    })
    .prefault({}),
  /** Journals of gateway nodes on this host: a takeover in one pins, and they go with what is shipped. */
  journals: z.array(z.strictObject({ node: vantage, file })).default([]),
  ship: z
    .strictObject({
      /** Of a `diagnose serve`. */
      url: z.url({ protocol: /^https?$/ }),
      /** File with its token, and with the CA that it is checked against. */
      tokenFile: file.optional(),
      ca: file.optional(),
      /** What is shipped: pinned windows, or every file as it is closed. */
      what: z.enum(['pinned', 'all']).default('pinned'),
      /** Title of the incident where `what` is `all`. */
      incident: z.string().min(1).max(200).default('Captures'),
    })
    .optional(),
  /** `127.0.0.1:9109`, or only a port, which is then one of loopback: Prometheus metrics. */
  metrics: z
    .union([
      z.number().int().min(0).max(65_535).transform(String),
      z
        .string()
        .regex(/^(?:(?:\[[0-9a-f:.]+\]|[\w.-]+):)?\d{1,5}$/i, 'a port, or address:port')
        .refine((text) => Number(text.split(':').at(-1)) <= 65_535, 'a port of at most 65535'),
    ])
    .optional(),
  /** To run as, once what needs root is done. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'the name of a user')
    .optional(),
});
export type CollectorConfig = z.output<typeof fields>;
/** As a file or flags have it. */
export type CollectorConfigInput = z.input<typeof fields>;

/** JSON Schema of the file, for editors. */
export const configJsonSchema = (): object => ({
  title: 'A collector of Stallscope',
  ...z.toJSONSchema(fields, { io: 'input' }),
});

/** @throws CollectorError with a line a fault */
export function checkConfig(value: unknown): CollectorConfig {
  const result = fields.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`,
  );
  throw new CollectorError(`the configuration does not hold: ${lines.join('; ')}`);
}

/** YAML. @throws CollectorError */
export function parseConfig(text: string): CollectorConfig {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new CollectorError(`no YAML: ${error.message.split('\n')[0]}`);
  return checkConfig(plainOf(document));
}

/** The trap: whether an alias has its anchor, and how much all of them make, shows only here. @throws CollectorError */
function plainOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new CollectorError(`no YAML: ${(error as Error).message}`, '', { cause: error });
  }
}
