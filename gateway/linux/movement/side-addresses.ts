/**
 * The addresses and routes of the gateway's two sides, put up and taken down. Only the configured ones are
 * touched: a node may have others of its own on the same interface.
 * The trap: an IPv6 address without `nodad` answers nobody for a second after it is up.
 */
import { formatAddress, parseAddress } from '../../../packet/address.ts';
import type { NodeConfig } from '../../config.ts';
import type { NodeContext } from '../forwarder.ts';
import { run } from '../program.ts';
import { type Link, readLinks } from './links.ts';

export type SideName = 'inside' | 'outside';
export const SIDES: readonly SideName[] = ['inside', 'outside'];

/** Both sides' addresses that are missing, then the routes. Each new address is written into the journal. */
export async function raiseSides({ config, journal }: NodeContext): Promise<void> {
  const links = await readLinks();
  const missing = SIDES.flatMap((side) => {
    const { interface: device, addresses } = config[side];
    return addresses
      .filter((address) => !hasAddress(links, device, address))
      .map((address) => ({ device, address }));
  });
  await ipBatch(missing.map(({ device, address }) => addressWords('replace', address, device)));
  for (const { address } of missing) journal.write({ event: 'address-up', address: hostOf(address) });
  await ipBatch(
    SIDES.flatMap((side) =>
      config[side].routes.map(
        ({ to, via }) => `route replace ${to} via ${via} dev ${config[side].interface}`,
      ),
    ),
  );
}

/** Nothing of the gateway's is left on the interfaces that are here. Their routes go with them. */
export async function lowerSides(config: NodeConfig): Promise<void> {
  const links = await readLinks();
  await ipBatch(
    SIDES.flatMap((side) => {
      const { interface: device, addresses } = config[side];
      return addresses
        .filter((address) => hasAddress(links, device, address))
        .map((address) => addressWords('delete', address, device));
    }),
  );
}

export function hasAddress(links: readonly Link[], device: string, prefix: string): boolean {
  const there = links.find(({ name }) => name === device)?.addresses ?? [];
  return there.map(canonicalPrefix).includes(canonicalPrefix(prefix));
}

/** A line of `ip -batch`. */
export const addressWords = (verb: 'replace' | 'delete', address: string, device: string): string =>
  `address ${verb} ${address} dev ${device}${verb === 'replace' && address.includes(':') ? ' nodad' : ''}`;

/** All lines in one process. @throws GatewayError with the line that ip refused */
export async function ipBatch(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** Without the prefix length. */
export const hostOf = (prefix: string): string => prefix.split('/')[0]!;

/** The same for every spelling. */
function canonicalPrefix(prefix: string): string {
  const parsed = parseAddress(hostOf(prefix));
  if (parsed === null) return prefix;
  return `${formatAddress(parsed.words, 0, parsed.version)}/${prefix.split('/')[1]}`;
}
