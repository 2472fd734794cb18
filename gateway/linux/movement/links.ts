/**
 * Interfaces as `ip -j address` tells of them, in this network namespace or in a named one.
 * The trap: a namespace that is gone and an interface that is gone are told apart here, because the next step differs.
 */
import { z } from 'zod';
import { GatewayError } from '../forwarder.ts';
import { run } from '../program.ts';

const listing = z.array(
  z.object({
    ifname: z.string().optional(),
    flags: z.array(z.string()).default([]),
    address: z.string().default(''),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          prefixlen: z.number().optional(),
          scope: z.string().optional(),
        }),
      )
      .default([]),
  }),
);

export interface Link {
  readonly name: string;
  readonly mac: string;
  /** As it was set; a carrier may still be missing. */
  readonly isUp: boolean;
  /** With prefix lengths; without those of the link itself (fe80::/10). */
  readonly addresses: readonly string[];
}

/** Of this namespace, or of one of `ip netns`. @throws GatewayError where it is not there */
export async function readLinks(namespace?: string): Promise<Link[]> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  const text = await run('ip', [...where, '-j', 'address', 'show']).catch((error: unknown) => {
    if (namespace !== undefined && String(error).includes('Cannot open network namespace'))
      throw new GatewayError(
        `there is no network namespace ${namespace}`,
        'ip netns list shows which there are; the configuration names them under move',
        { cause: error },
      );
    throw error;
  });
  return parseLinks(text);
}

export function parseLinks(json: string): Link[] {
  // An empty list is printed as nothing; hidden interfaces as {}.
  const found = listing.parse(json.trim() === '' ? [] : JSON.parse(json));
  return found.flatMap(({ ifname, flags, address, addr_info }) => {
    if (ifname === undefined) return [];
    const addresses = addr_info.flatMap(({ local, prefixlen, scope }) =>
      local === undefined || scope === 'link' ? [] : [`${local}/${prefixlen}`],
    );
    return [{ name: ifname, mac: address, isUp: flags.includes('UP'), addresses }];
  });
}

/** No duplicate address detection: its second of silence would be part of every takeover (RFC 4862, section 5.4). */
export async function bringUp(device: string): Promise<void> {
  // Without IPv6 in the kernel there is nothing to detect either.
  await run('sysctl', ['-qw', `net/ipv6/conf/${device}/accept_dad=0`]).catch(() => {});
  await run('ip', ['link', 'set', 'dev', device, 'up']);
}
