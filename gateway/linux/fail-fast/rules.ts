/**
 * The nft table that answers lost connections by a reset: sets of 4-tuples (source, destination) as
 * they arrive here, and a rule before everything else that a node has (conntrack, TPROXY, the
 * forwarding rules). An acceptable reset needs the number that the receiver expects (RFC 9293, section
 * 3.10.7.4; RFC 5961, section 3.2), and the kernel's `reject` takes it from the acknowledgment that it answers.
 * The trap: a tuple may be used again. Its SYN takes it out of the sets, both ways, before it can be hit: as it arrives,
 * and as it leaves, translated or made by this node's own proxy, whose ports are known only then. And an end that was told may
 * answer the next probe by a reset of its own, which takes it out too; so those that were told have a set of their own.
 */
import { RAW_MARK } from '../raw/raw-sockets.ts';
import type { Leg } from './legs.ts';

export const TABLE = 'stallscope_failfast';

/** Longer than the longest back-off of Linux (TCP_RTO_MAX, 120 s), so that a late retransmission is answered too. */
const KEPT_SECONDS = 180;
/** Before NF_IP_PRI_RAW (-300) and conntrack (-200); after defragmentation (-400). */
const PRIORITY = -310;
/** After translation of sources (100). */
const LAST = 310;

const families = [
  { set: 'lost4', told: 'told4', type: 'ipv4_addr', ip: 'ip' },
  { set: 'lost6', told: 'told6', type: 'ipv6_addr', ip: 'ip6' },
] as const;

/** Replaces the table by one without tuples. For `nft -f -`. */
export function tableText(): string {
  const sets = families.flatMap(({ set, told, type }) =>
    [set, told].map(
      (name) =>
        `set ${name} { type ${type} . inet_service . ${type} . inet_service; size 524288; flags dynamic,timeout; timeout ${KEPT_SECONDS}s; }`,
    ),
  );
  const there = (ip: string) => `${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
  const back = (ip: string) => `${ip} daddr . tcp dport . ${ip} saddr . tcp sport`;
  const arriving = families.flatMap(({ set, told, ip }) => [
    // A new connection between the same ports is nobody's loss.
    `tcp flags & (syn | ack) == syn ${[set, told].map((one) => `delete @${one} { ${there(ip)} } delete @${one} { ${back(ip)} }`).join(' ')} accept`,
    // The end knows already: a reset is never answered, and it is not one that was reset by this node.
    `tcp flags & rst == rst delete @${set} { ${there(ip)} } accept`,
    `${there(ip)} @${set} update @${told} { ${there(ip)} } reject with tcp reset`,
  ]);
  return [
    `table inet ${TABLE}`,
    `delete table inet ${TABLE}`,
    `table inet ${TABLE} {`,
    ...sets,
    `chain arriving { type filter hook prerouting priority ${PRIORITY};`,
    ...arriving,
    '}',
    `chain leaving { type filter hook output priority ${PRIORITY};`,
    // What this node sends in an end's name must not look like a new connection to its own conntrack.
    `meta mark ${RAW_MARK} notrack`,
    '}',
    `chain departing { type filter hook postrouting priority ${LAST};`,
    ...families.map(
      ({ set, told, ip }) =>
        `tcp flags & (syn | ack) == syn delete @${set} { ${back(ip)} } delete @${told} { ${back(ip)} }`,
    ),
    '}',
    '}',
    '',
  ].join('\n');
}

/** Adds what the end of each leg sends. For `nft -f -`. */
export function elementsText(legs: readonly Leg[]): string {
  return families
    .map(({ set }) => {
      const elements = legs.filter((leg) => setOf(leg) === set).map(elementOf);
      return elements.length === 0 ? '' : `add element inet ${TABLE} ${set} { ${elements.join(', ')} }\n`;
    })
    .join('');
}

const setOf = (leg: Leg): string => (leg.end.address.includes(':') ? 'lost6' : 'lost4');
const elementOf = ({ end, inNameOf }: Leg): string =>
  [end.address, end.port, inNameOf.address, inNameOf.port].join(' . ');
