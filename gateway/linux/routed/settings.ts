/**
 * Kernel settings of a routed node: set in the network namespace of this process, and put back at the end.
 * The trap: `ip_forward` rewrites other settings of all interfaces as it changes, so it comes first; and an interface that
 * is moved in later takes the values of `default`, so that has to be set as well as what is there already.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { NodeConfig, RoutedConfig } from '../../config.ts';
import { GatewayError } from '../forwarder.ts';

export type Setting = readonly [name: string, value: string];

/**
 * In the order in which they are to be set. Forwarding is on all the time: the rules keep packets back.
 * `tcp_loose`, `tcp_be_liberal`: the kernel's nf_conntrack-sysctl.rst.
 */
export function settingsOf(config: NodeConfig, routed: RoutedConfig): readonly Setting[] {
  const interfaces = ['all', 'default', config.inside.interface, config.outside.interface];
  const each = (name: (device: string) => string, value: string): Setting[] =>
    interfaces.map((device) => [name(device), value]);
  const loose = routed.rules === 'loose' || routed.rules === 'permissive';
  return [
    ['net/ipv4/ip_forward', '1'],
    // Does not touch static addresses; routes from router advertisements go, and a router takes none.
    ['net/ipv6/conf/all/forwarding', '1'],
    ...each((device) => `net/ipv4/conf/${device}/rp_filter`, '0'),
    ...each((device) => `net/ipv4/conf/${device}/send_redirects`, '0'),
    ...each((device) => `net/ipv6/conf/${device}/accept_ra`, '0'),
    ['net/netfilter/nf_conntrack_tcp_loose', loose ? '1' : '0'],
    ['net/netfilter/nf_conntrack_tcp_be_liberal', routed.windowTracking ? '0' : '1'],
    // Its default of 2 gives connections no events that are opened while conntrackd is away, for as long as they live.
    ...(routed.sync === 'conntrackd' ? [['net/netfilter/nf_conntrack_events', '1'] as const] : []),
  ];
}

/**
 * Sets them, except those of interfaces that are not there (yet).
 * @returns puts the former values back; never throws
 * @throws GatewayError where one cannot be set; nothing is changed then
 */
export function applySettings(settings: readonly Setting[], root = '/proc/sys/'): () => void {
  const there = settings.filter(([name]) => isThere(root + name) || !name.includes('/conf/'));
  const former: Setting[] = [];
  const restore = (): void => {
    for (const [name, value] of former) {
      try {
        writeFileSync(root + name, value);
      } catch {
        // An interface that has left.
      }
    }
  };
  for (const [name, value] of there) {
    try {
      former.push([name, readFileSync(root + name, 'utf8').trim()]);
      writeFileSync(root + name, value);
    } catch (error) {
      restore();
      throw new GatewayError(
        `${name.replaceAll('/', '.')} cannot be set to ${value}: ${error instanceof Error ? error.message : error}`,
        'a gateway node must be root, and the kernel needs nf_conntrack',
        { cause: error },
      );
    }
  }
  return restore;
}

function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
