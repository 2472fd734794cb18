import { describe, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfigSchema, type RoutedConfig } from '../../config.ts';
import { parseCommit, parseStatistics } from './conntrackd.ts';
import { conntrackdFiles, renderConntrackd } from './conntrackd-config.ts';

const node: NodeConfigInput = {
  node: 'node-a',
  peer: 'node-b',
  start: 'active',
  inside: { interface: 'in', addresses: ['10.0.1.1/24'], ownAddresses: ['10.0.1.2/24'] },
  outside: { interface: 'out', addresses: ['10.0.2.1/24'], ownAddresses: ['fd00:0:0:2::2/64'] },
  forwarding: { forwarder: 'routed' },
  move: { by: 'adapter', namespace: 'a', peerNamespace: 'b' },
  sync: { interface: 'sync', address: '10.255.0.1', peerAddress: '10.255.0.2', keyFile: 'key' },
  journal: 'journal',
  stateFolder: '/run/a',
};

function render(more: Partial<NodeConfigInput>): string {
  const config = nodeConfigSchema.parse({ ...node, ...more });
  return renderConntrackd(config, config.forwarding as RoutedConfig, conntrackdFiles(config.stateFolder));
}

describe('the configuration of conntrackd', () => {
  it('is of this node alone, over the sync link', () => {
    expect(render({})).toBe(`Sync {
	Mode FTFW {
		ResendQueueSize 131072
		ACKWindowSize 300
		DisableExternalCache no
		StartupResync yes
	}
	UDP {
		IPv4_address 10.255.0.1
		IPv4_Destination_Address 10.255.0.2
		Port 7880
		Interface sync
		SndSocketBuffer 1249280
		RcvSocketBuffer 1249280
		Checksum on
	}
	Options {
		TCPWindowTracking off
	}
}
General {
	Systemd no
	HashSize 32768
	HashLimit 1048576
	LogFile /run/a/conntrackd.log
	Syslog off
	LockFile /run/a/conntrackd.lock
	UNIX {
		Path /run/a/conntrackd.ctl
	}
	NetlinkBufferSize 2097152
	NetlinkBufferSizeMaxGrowth 16777216
	Filter From Userspace {
		Protocol Accept {
			TCP
			UDP
		}
		Address Ignore {
			IPv4_address 127.0.0.1
			IPv6_address ::1
			IPv4_address 10.255.0.1
			IPv4_address 10.255.0.2
			IPv4_address 10.0.1.2
			IPv6_address fd00:0:0:2::2
		}
	}
}
`);
  });

  it('tracks windows where it is told to, and speaks IPv6', () => {
    const sync = { ...node.sync, address: 'fd00::1', peerAddress: 'fd00::2', port: 9000 };
    const text = render({ sync, forwarding: { forwarder: 'routed', windowTracking: true } });
    expect(text).toContain('TCPWindowTracking on');
    expect(text).toContain('IPv6_address fd00::1\n\t\tIPv6_Destination_Address fd00::2\n\t\tPort 9001');
  });

  it('refuses a folder that conntrackd could not use', () => {
    expect(() => conntrackdFiles(`/${'a'.repeat(100)}`)).toThrow('cannot have its socket in');
    expect(() => conntrackdFiles('/run/my state')).toThrow('cannot have its socket in');
  });
});

/** As it was logged. */
const LOG = `[Wed Nov 25 20:23:14 2026] (pid=98) [notice] committing all external caches
[Wed Nov 25 20:23:14 2026] (pid=98) [notice] Committed 12 new entries
[Wed Nov 25 20:23:14 2026] (pid=98) [notice] 3 entries can't be committed
[Wed Nov 25 20:23:14 2026] (pid=98) [notice] commit has taken 0.000200 seconds
`;

describe('what conntrackd says', () => {
  it('of a commit', () => {
    expect(parseCommit(LOG)).toEqual({ committed: 12, failed: 3, took: 0.0002 });
    const next = `${LOG}[…] [notice] committing all external caches\n`;
    expect(parseCommit(next)).toBeUndefined();
    expect(parseCommit(`${next}[…] [notice] commit has taken 1.500000 seconds\n`)).toEqual({
      committed: 0,
      failed: 0,
      took: 1.5,
    });
    expect(parseCommit('')).toBeUndefined();
  });

  it('of its caches', () => {
    expect(
      parseStatistics(`cache internal:
current active connections:	           7
connections created:		          17	failed:	           1
connections updated:		           0	failed:	           2
connections destroyed:		          10	failed:	           0

cache external:
current active connections:	           5
connections created:		           5	failed:	           0
connections updated:		           0	failed:	           0
connections destroyed:		           0	failed:	           0

traffic processed:
                   0 Bytes                         0 Pckts

UDP traffic (active device=sync):
                 140 Bytes sent                   48 Bytes recv
                   4 Pckts sent                    3 Pckts recv
                   2 Error send                    0 Error recv

message tracking:
                   0 Malformed msgs                    6 Lost msgs
`),
    ).toEqual({
      'sync-internal-entries': 7,
      'sync-internal-failed': 3,
      'sync-external-entries': 5,
      'sync-external-failed': 0,
      'sync-packets-sent': 4,
      'sync-packets-received': 3,
      'sync-send-errors': 2,
      'sync-messages-malformed': 0,
      'sync-messages-lost': 6,
    });
  });
});
