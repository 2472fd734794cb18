/**
 * keepalived's configuration (keepalived.conf(5), VRRP version 3, RFC 5798): an instance a side and family, which
 * change state together. Its priority is moved by a file that it watches, so that nothing has to be loaded again.
 * The trap: an instance without a `track_file` of its group would not follow, and half of a gateway is none.
 */
import type { NodeConfig } from '../../config.ts';
import { hostOf, SIDES, type SideName } from './side-addresses.ts';

export interface KeepalivedFiles {
  readonly config: string;
  /** Where it tells of changes. */
  readonly fifo: string;
  /** What is added to the priority. */
  readonly claim: string;
  readonly pid: string;
  readonly vrrpPid: string;
}

export type Standing = 'candidate' | 'claiming' | 'holding' | 'released' | 'withdrawn';

/** Priorities on the wire; of a candidate it is the configured one, below these. */
const CLAIMING = 254;
const HOLDING = 253;
const RELEASED = 1;
/** Less than -253: keepalived gives up, and says so to the others by a priority of 0. */
const WITHDRAWN = -254;

export type AddressMove = Extract<NodeConfig['move'], { by: 'address' }>;

/**
 * What stands in the claim file. A candidate has its configured priority. One that holds the role has more, so that
 * a better candidate does not take it (unless it may: `preempt`). One that claims has the most.
 */
export function claimText(standing: Standing, move: AddressMove): string {
  const base = basePriority(move);
  const priority = { candidate: base, claiming: CLAIMING, holding: HOLDING, released: RELEASED };
  return `${standing === 'withdrawn' ? WITHDRAWN : priority[standing] - base}\n`;
}

const basePriority = (move: AddressMove): number => Math.min(move.priority, HOLDING - 1);

export function keepalivedText(config: NodeConfig, move: AddressMove, files: KeepalivedFiles): string {
  const instances = SIDES.flatMap((side) => [
    instanceOf(config, move, side, 4),
    instanceOf(config, move, side, 6),
  ]);
  const present = instances.filter((instance) => instance !== null);
  return `# Rendered; changes are lost.
global_defs {
  router_id ${config.node}
  script_user root
  vrrp_version 3
  vrrp_notify_fifo ${files.fifo}
  # The node announces addresses itself, when it can forward: these cannot be 0 and are held back by nft.
  vrrp_garp_master_repeat 1
  vrrp_garp_master_delay 0
  vrrp_garp_lower_prio_repeat 0
  vrrp_garp_lower_prio_delay 0
}
track_file claim {
  file ${files.claim}
  weight 1
}
vrrp_sync_group gateway {
  group {
    ${present.map(({ name }) => name).join('\n    ')}
  }
  track_file {
    claim weight 1
  }
}
${present.map(({ text }) => text).join('')}`;
}

function instanceOf(
  config: NodeConfig,
  move: AddressMove,
  side: SideName,
  family: 4 | 6,
): { name: string; text: string } | null {
  const isOurs = (address: string) => address.includes(':') === (family === 6);
  const { interface: device, addresses, routes } = config[side];
  const own = addresses.filter(isOurs);
  if (own.length === 0) return null;
  const name = `${side}-ipv${family}`;
  const ways = routes.filter(({ via }) => isOurs(via)).map(({ to, via }) => `${to} via ${via} dev ${device}`);
  const lines = [
    'state BACKUP',
    `interface ${device}`,
    `virtual_router_id ${move.routerId}`,
    `priority ${basePriority(move)}`,
    `advert_int ${move.advertiseEvery / 1000}`,
    ...(family === 6 ? ['native_ipv6'] : []),
    ...block(
      'virtual_ipaddress',
      own.map((address) => `${address} dev ${device}`),
    ),
    ...(ways.length > 0 ? block('virtual_routes', ways) : []),
  ];
  return { name, text: `vrrp_instance ${name} {\n  ${lines.join('\n  ')}\n}\n` };
}

const block = (name: string, lines: readonly string[]): string[] => [
  `${name} {`,
  ...lines.map((line) => `  ${line}`),
  '}',
];

/** The nft table that holds keepalived's own announcements back: they would come before the node can forward. */
export const QUIET_TABLE = 'stallscope_quiet';

/** For `nft -f -`. `mark`: of packets that may pass. */
export function quietText(config: NodeConfig, mark: number): string {
  const chains = SIDES.map((side) => {
    const { interface: device, addresses } = config[side];
    const rules = addresses
      .map(hostOf)
      .map((address) =>
        address.includes(':')
          ? `ip6 saddr ${address} ip6 daddr ff02::1 icmpv6 type nd-neighbor-advert drop`
          : `arp saddr ip ${address} arp daddr ip ${address} drop`,
      );
    return [
      `chain ${side} { type filter hook egress device ${device} priority 0;`,
      `meta mark ${mark} accept`,
      ...rules,
      '}',
    ].join('\n');
  });
  return `${dropQuietText}table netdev ${QUIET_TABLE} {\n${chains.join('\n')}\n}\n`;
}

/** A table that is not there can be deleted too. */
export const dropQuietText = `table netdev ${QUIET_TABLE}\ndelete table netdev ${QUIET_TABLE}\n`;

/** What a line of the fifo says of the gateway as a whole, or null: `GROUP "gateway" MASTER 0`. */
export function parseNotice(line: string): 'master' | 'backup' | 'fault' | null {
  const state = line.match(/^GROUP "gateway" (MASTER|BACKUP|FAULT|STOP)\b/)?.[1];
  if (state === undefined || state === 'STOP') return null;
  return state === 'MASTER' ? 'master' : state === 'BACKUP' ? 'backup' : 'fault';
}
