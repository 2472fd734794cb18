/**
 * The nftables rules of a routed node as text, from its configuration: one table `stallscope` of family `inet`.
 * The traps: until the node forwards, packets to its own gateway addresses must be dropped as well, before connection
 * tracking sees them, or its kernel answers a translated connection with a reset; once it forwards, they must not be
 * (that reset is what such a node does). And translation needs the interface that a packet came in by, or it would also
 * touch what the node itself sends, keepalived's advertisements among it.
 */
import { isIPv4 } from 'node:net';
import type { NodeConfig, RoutedConfig } from '../../config.ts';

export const TABLE = 'stallscope';

/** Named counters of the table, and what each counts. */
export const COUNTERS = {
  forwarded: 'passed on',
  'dropped-new': 'would have begun a connection that the rules do not allow',
  'dropped-invalid': 'of no connection that is known, or outside of its window',
  rejected: 'of either kind, and answered',
  guarded: 'came while the node did not forward',
  'sync-astray': 'for the address of the sync link, and came another way',
  extra: 'whatever extra rules count with `counter name extra`',
} as const;
export type CounterName = keyof typeof COUNTERS;

/** Takes the table away whether or not it is there; the first line keeps the second from failing. */
export const REMOVAL = `table inet ${TABLE}\ndelete table inet ${TABLE}\n`;

/** The whole table, which replaces one that is there, in one transaction. It forwards nothing until `renderGuard(…, false)`. */
export function renderRules(config: NodeConfig, routed: RoutedConfig): string {
  const counters = Object.keys(COUNTERS).map((name) => `\tcounter ${name} { }`);
  return `${REMOVAL}table inet ${TABLE} {
${counters.join('\n')}

	# conntrackd believes whatever reaches it, and the kernel takes packets for any of its addresses by any interface.
	chain sync-link {
		type filter hook prerouting priority raw; policy accept;
		iifname != { "lo", ${quote(config.sync.interface)} } ${syncAddress(config)} counter name sync-astray drop
	}

	# Until the node forwards.
	chain guard-local {
		type filter hook prerouting priority raw; policy accept;
${indent(guardLocal(config))}
	}
	chain guard {
		type filter hook forward priority filter - 10; policy accept;
		${GUARD}
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
${indent([...routed.extraRules, ...forwardRules(config, routed)])}
	}
	chain passed {
		type filter hook forward priority filter + 10; policy accept;
		counter name forwarded
	}
${routed.nat ? sourceTranslation(config) : ''}}
`;
}

/** Closes or opens the table for traffic, counters untouched, in one transaction. */
export function renderGuard(config: NodeConfig, closed: boolean): string {
  const add = (chain: string, rules: readonly string[]) =>
    rules.map((rule) => `add rule inet ${TABLE} ${chain} ${rule}\n`).join('');
  return (
    `flush chain inet ${TABLE} guard-local\nflush chain inet ${TABLE} guard\n` +
    (closed ? add('guard-local', guardLocal(config)) + add('guard', [GUARD]) : '')
  );
}

/** The first outside address of each family: what sources are translated to. */
export function translatedTo(config: NodeConfig): { v4: string | undefined; v6: string | undefined } {
  const addresses = config.outside.addresses.map(bare);
  return { v4: addresses.find(isIPv4), v6: addresses.find((address) => !isIPv4(address)) };
}

const GUARD = 'counter name guarded drop';

/** What the kernel itself would answer: TCP by a reset, UDP by an ICMP message. Neighbour discovery must get through. */
function guardLocal({ inside, outside }: NodeConfig): string[] {
  const addresses = [...new Set([...inside.addresses, ...outside.addresses].map(bare))];
  const from = `iifname { ${[...new Set([inside.interface, outside.interface])].map(quote).join(', ')} }`;
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const own = addresses.filter((address) => isIPv4(address) === (family === 'ip'));
    return own.length === 0
      ? []
      : [`${from} meta l4proto { tcp, udp } ${family} daddr { ${own.join(', ')} } ${GUARD}`];
  });
}

/** Nothing begins from outside but under `permissive`; nothing goes anywhere but from one side to the other. */
function forwardRules(config: NodeConfig, { rules, nat }: RoutedConfig): string[] {
  const inside = quote(config.inside.interface);
  const outside = quote(config.outside.interface);
  const outward = `iifname ${inside} oifname ${outside}`;
  const inward = `iifname ${outside} oifname ${inside}`;
  const known = 'ct state established,related accept';
  // The flags are asked for although without `tcp_loose` no other segment is `new`: the setting may change.
  const syn = `${outward} ct state new tcp flags & (fin|syn|rst|ack) == syn accept`;
  const otherNew = `${outward} ct state new meta l4proto != tcp accept`;
  const dropInvalid = 'ct state invalid counter name dropped-invalid drop';
  const dropRest = 'counter name dropped-new drop';
  switch (rules) {
    case 'strict':
      return [known, dropInvalid, syn, otherNew, dropRest];
    case 'loose':
      return [known, dropInvalid, `${outward} ct state new accept`, dropRest];
    case 'reject':
      return [
        known,
        syn,
        otherNew,
        'meta l4proto tcp counter name rejected reject with tcp reset',
        'counter name rejected reject with icmpx admin-prohibited',
      ];
    case 'permissive':
      // An invalid packet is not translated: it would leave with its inside address.
      return [known, ...(nat ? [dropInvalid] : []), `${outward} accept`, `${inward} accept`, dropRest];
  }
}

function sourceTranslation(config: NodeConfig): string {
  const { v4, v6 } = translatedTo(config);
  const passing = `iifname ${quote(config.inside.interface)} oifname ${quote(config.outside.interface)}`;
  const rules = [
    ...(v4 === undefined ? [] : [`${passing} meta nfproto ipv4 snat ip to ${v4}`]),
    ...(v6 === undefined ? [] : [`${passing} meta nfproto ipv6 snat ip6 to ${v6}`]),
  ];
  return `
	chain source-translation {
		type nat hook postrouting priority srcnat; policy accept;
${indent(rules)}
	}
`;
}

const syncAddress = ({ sync }: NodeConfig): string =>
  `${isIPv4(sync.address) ? 'ip' : 'ip6'} daddr ${sync.address}`;
const indent = (rules: readonly string[]): string => rules.map((rule) => `\t\t${rule}`).join('\n');
const bare = (prefix: string): string => prefix.split('/')[0]!;
const quote = (name: string): string => `"${name}"`;
