/**
 * The configuration file of conntrackd for one node (conntrackd.conf(5), version 1.4.7).
 * The traps: its filter compares all four addresses of a connection, those after translation included, so to ignore the
 * gateway's outside address would leave out every translated connection; its lock, socket and log are machine-wide by
 * default, so two nodes on one machine would meet; and it takes no quotation marks around a path.
 */
import { isIPv4 } from 'node:net';
import path from 'node:path';
import type { NodeConfig, RoutedConfig } from '../../config.ts';
import { GatewayError } from '../forwarder.ts';

export interface ConntrackdFiles {
  readonly config: string;
  readonly log: string;
  readonly lock: string;
  readonly socket: string;
}

/** Absolute paths. @throws GatewayError where conntrackd could not use them */
export function conntrackdFiles(stateFolder: string): ConntrackdFiles {
  const folder = path.resolve(stateFolder);
  const file = (extension: string): string => path.join(folder, `conntrackd.${extension}`);
  // sockaddr_un has 108 bytes with the NUL.
  if (file('ctl').length > 107 || !/^[\w./-]+$/.test(folder))
    throw new GatewayError(
      `conntrackd cannot have its socket in ${folder}`,
      'a stateFolder of at most 90 characters: letters, digits and . _ - only',
    );
  return { config: file('conf'), log: file('log'), lock: file('lock'), socket: file('ctl') };
}

/** conntrackd's port: the one after that of heartbeats and sessions. */
export const conntrackdPort = (config: NodeConfig): number => config.sync.port + 1;

/** The file's text: FTFW (lost messages are sent again) over unicast UDP on the sync link, external cache on. */
export function renderConntrackd(config: NodeConfig, routed: RoutedConfig, files: ConntrackdFiles): string {
  const { sync } = config;
  const family = isIPv4(sync.address) ? 'IPv4' : 'IPv6';
  return `Sync {
	Mode FTFW {
		ResendQueueSize 131072
		ACKWindowSize 300
		DisableExternalCache no
		StartupResync yes
	}
	UDP {
		${family}_address ${sync.address}
		${family}_Destination_Address ${sync.peerAddress}
		Port ${conntrackdPort(config)}
		Interface ${sync.interface}
		SndSocketBuffer 1249280
		RcvSocketBuffer 1249280
		Checksum on
	}
	Options {
		TCPWindowTracking ${routed.windowTracking ? 'on' : 'off'}
	}
}
General {
	Systemd no
	HashSize 32768
	HashLimit 1048576
	LogFile ${files.log}
	Syslog off
	LockFile ${files.lock}
	UNIX {
		Path ${files.socket}
	}
	NetlinkBufferSize 2097152
	NetlinkBufferSizeMaxGrowth 16777216
	Filter From Userspace {
		Protocol Accept {
			TCP
			UDP
		}
		Address Ignore {
${ignoredAddresses(config)
  .map((address) => `\t\t\t${isIPv4(address) ? 'IPv4' : 'IPv6'}_address ${address}`)
  .join('\n')}
		}
	}
}
`;
}

/** Of connections of the node itself. Never those of the gateway: see above. */
export function ignoredAddresses({ sync, inside, outside }: NodeConfig): string[] {
  const own = [...inside.ownAddresses, ...outside.ownAddresses].map((prefix) => prefix.split('/')[0]!);
  return [...new Set(['127.0.0.1', '::1', sync.address, sync.peerAddress, ...own])];
}
