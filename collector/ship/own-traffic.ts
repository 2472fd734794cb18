/**
 * Keeps the shipping out of the captures: over plain HTTP its packets hold the token, which would go on with every capture;
 * and of packets that are kept whole, each byte that is shipped would be a byte to be shipped.
 * The traps: a server's name may not resolve while a network fails, and no capture waits for that; and behind an address
 * with TLS there may be the very service that is watched, so that is left out only where it must be.
 */
import { lookup } from 'node:dns/promises';
import { setTimeout } from 'node:timers/promises';
import type { CollectorConfig } from '../config.ts';
import type { OnEvent } from '../words.ts';

const LONGEST_MS = 2000;
/** Of packets that are cut to this, the shipping is a fraction of itself, and comes to an end. */
const LARGE_SNAPLEN = 1000;

export type Resolve = (host: string) => Promise<readonly string[]>;

/** The configuration with filters that leave the shipping out. */
export async function withoutOwnTraffic(
  config: CollectorConfig,
  onEvent: OnEvent,
  resolve: Resolve = addressesOf,
): Promise<CollectorConfig> {
  const { ship } = config;
  if (ship === undefined) return config;
  const { protocol, hostname, port } = new URL(ship.url);
  const isPlain = protocol === 'http:';
  const isLarge = (snaplen: number): boolean => snaplen === 0 || snaplen > LARGE_SNAPLEN;
  const concerns = ({ snaplen = config.snaplen }: CollectorConfig['captures'][number]): boolean =>
    isPlain || (ship.what === 'all' && isLarge(snaplen));
  if (!config.captures.some(concerns)) return config;
  const addresses = await resolve(hostname.replace(/^\[|\]$/g, ''));
  if (addresses.length === 0) {
    const what = `the shipping to ${hostname} is captured, too${isPlain ? ', and with it its token' : ''}`;
    onEvent({ event: 'trouble', what, hint: 'that name has no address now: use an address in ship.url' });
    return config;
  }
  const hosts = addresses.map((address) => `host ${address}`).join(' or ');
  const own = `not (tcp port ${port === '' ? (isPlain ? 80 : 443) : port} and (${hosts}))`;
  const captures = config.captures.map((capture) => {
    const filter = capture.filter ?? config.filter;
    if (!concerns(capture)) return capture;
    return { ...capture, filter: filter.trim() === '' ? own : `(${filter}) and ${own}` };
  });
  return { ...config, captures };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const late = new AbortController();
  try {
    const found = lookup(host, { all: true }).then((all) => all.map(({ address }) => address));
    return await Promise.race([found, setTimeout(LONGEST_MS, [], { signal: late.signal })]);
  } catch {
    return [];
  } finally {
    late.abort();
  }
}
