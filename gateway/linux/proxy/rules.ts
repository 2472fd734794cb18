/**
 * What steers connections to the relay, as text: an nft table and the policy routes that belong to it. Pure.
 * All TCP from inside is handed to the listening socket, not only SYNs: a segment of a connection that has no socket here
 * meets the listener, and the kernel answers it by a reset in the name of the address that it was sent to.
 * The trap: until the guard is open nothing may be answered, or every retransmission that comes between the
 * address and the first word of the machine is answered by a reset.
 */
import { isIPv6 } from 'node:net';
import type { NodeConfig, ProxyConfig } from '../../config.ts';

export const TABLE = 'stallscope_proxy';
/** On packets that go to the relay's listener, whatever address they have. */
export const STEER_MARK = 0x5374;
/** On the relay's own sockets, so that a closed guard silences them, resets of the kernel included. */
export const RELAY_MARK = 0x5375;
/** Number of the routing table, and preference of the rule that leads to it. */
export const ROUTE_TABLE = 15_374;
const PREFERENCE = 100;

export type Family = 4 | 6;

/** The families that this node has addresses of. */
export function familiesOf({ inside, outside }: NodeConfig): Family[] {
  const addresses = [...inside.addresses, ...outside.addresses].map(withoutPrefix);
  const families: Family[] = [];
  if (addresses.some((address) => !isIPv6(address))) families.push(4);
  if (addresses.some(isIPv6)) families.push(6);
  return families;
}

export const withoutPrefix = (address: string): string => address.split('/')[0]!;

/** The whole table, guard closed; it takes the place of one that an earlier run left. */
export function renderTable(config: NodeConfig, proxy: ProxyConfig): string {
  return [
    ...renderRemoval(),
    `table inet ${TABLE} {`,
    '  chain guard { type filter hook prerouting priority raw; policy accept; }',
    '  chain guard_forward { type filter hook forward priority filter - 5; policy accept; }',
    '  chain guard_output { type filter hook output priority filter; policy accept; }',
    '  chain steer {',
    '    type filter hook prerouting priority mangle; policy accept;',
    ...steerLines(config, proxy).map((line) => `    ${line}`),
    '  }',
    '  chain forward {',
    '    type filter hook forward priority filter; policy accept;',
    `    iifname { ${quoted(config)} } meta l4proto tcp counter drop comment "tcp-not-relayed"`,
    '  }',
    '}',
    renderGuard(config, false),
  ].join('\n');
}

function steerLines(config: NodeConfig, proxy: ProxyConfig): string[] {
  const own = 'fib daddr type local return';
  const [inside, outside] = [config.inside.interface, config.outside.interface];
  const lines = [`iifname "${inside}" meta l4proto tcp ${own}`];
  for (const family of familiesOf(config))
    lines.push(`iifname "${inside}" ${toRelay(family, proxy)} "to-relay"`);
  if (proxy.source === 'node') return lines;
  // Answers of servers have a client's address. Those of no socket meet the listener; new connections do not.
  lines.push(`iifname "${outside}" meta l4proto tcp ${own}`);
  for (const family of familiesOf(config))
    lines.push(
      `iifname "${outside}" tcp flags & (fin|syn|rst|ack) != syn ${toRelay(family, proxy)} "answers-to-relay"`,
    );
  return lines;
}

function toRelay(family: Family, { port }: ProxyConfig): string {
  const [protocol, ip] = family === 4 ? ['ipv4', 'ip'] : ['ipv6', 'ip6'];
  const mark = `meta mark set 0x${STEER_MARK.toString(16)}`;
  return `meta nfproto ${protocol} meta l4proto tcp tproxy ${ip} to :${port} ${mark} counter accept comment`;
}

/** Opens or closes the guard: closed, nothing of a connection comes in and nothing of the relay goes out. */
export function renderGuard(config: NodeConfig, open: boolean): string {
  const lines = ['guard', 'guard_forward', 'guard_output'].map(
    (chain) => `flush chain inet ${TABLE} ${chain}`,
  );
  if (open) return lines.join('\n');
  const drop = 'counter drop comment';
  const { interface: outside, addresses } = config.outside;
  for (const address of addresses.map(withoutPrefix)) {
    const ip = isIPv6(address) ? 'ip6' : 'ip';
    lines.push(
      `add rule inet ${TABLE} guard iifname "${outside}" ${ip} daddr ${address} meta l4proto tcp ${drop} "guard"`,
    );
  }
  lines.push(
    `add rule inet ${TABLE} guard iifname { ${quoted(config)} } meta l4proto tcp fib daddr type != local ${drop} "guard"`,
    `add rule inet ${TABLE} guard_forward iifname { ${quoted(config)} } ${drop} "guard-forward"`,
    `add rule inet ${TABLE} guard_output meta mark 0x${RELAY_MARK.toString(16)} ${drop} "guard-output"`,
  );
  return lines.join('\n');
}

/** Adding first makes deleting a table that is not there no error. */
export const renderRemoval = (): string[] => [`add table inet ${TABLE}`, `delete table inet ${TABLE}`];

const quoted = ({ inside, outside }: NodeConfig): string => `"${inside.interface}", "${outside.interface}"`;

/** Arguments of `ip`: what makes (or takes back) local what is marked, whatever address it has. */
export function policyRoutes(family: Family, verb: 'add' | 'del'): string[][] {
  const table = String(ROUTE_TABLE);
  return [
    [`-${family}`, 'rule', verb, 'pref', String(PREFERENCE), 'fwmark', `${STEER_MARK}`, 'lookup', table],
    [`-${family}`, 'route', verb, 'local', 'default', 'dev', 'lo', 'table', table],
  ];
}

/** Kernel settings of the namespace: everything that is not TCP is routed, and answers may leave elsewhere than they came. */
export function settingsOf(config: NodeConfig): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  if (familiesOf(config).includes(4)) settings['net.ipv4.ip_forward'] = '1';
  if (familiesOf(config).includes(6)) settings['net.ipv6.conf.all.forwarding'] = '1';
  return settings;
}
