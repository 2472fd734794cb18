import { describe, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfigSchema, type RoutedConfig } from '../../config.ts';
import { renderGuard, renderRules } from './rules.ts';

type Routed = Omit<Extract<NodeConfigInput['forwarding'], { forwarder: 'routed' }>, 'forwarder'>;

const node: NodeConfigInput = {
  node: 'node-a',
  peer: 'node-b',
  start: 'active',
  inside: { interface: 'in', addresses: ['10.0.1.1/24', 'fd00:0:0:1::1/64'] },
  outside: { interface: 'out', addresses: ['10.0.2.1/24', 'fd00:0:0:2::1/64'] },
  forwarding: { forwarder: 'routed' },
  move: { by: 'adapter', namespace: 'a', peerNamespace: 'b' },
  sync: { interface: 'sync', address: '10.255.0.1', peerAddress: '10.255.0.2', keyFile: 'key' },
  journal: 'journal',
  stateFolder: 'state',
};

const config = (forwarding: Routed, more: Partial<NodeConfigInput> = {}) =>
  nodeConfigSchema.parse({ ...node, ...more, forwarding: { ...forwarding, forwarder: 'routed' } });

function render(forwarding: Routed, more?: Partial<NodeConfigInput>): string {
  const all = config(forwarding, more);
  return renderRules(all, all.forwarding as RoutedConfig);
}

/** The rules of one chain. */
const chain = (text: string, name: string): string[] =>
  (new RegExp(`chain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*)\\n\\t\\}`).exec(text)?.[1] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .slice(1);

describe('the rules', () => {
  it('are one table that replaces the one before', () => {
    expect(render({ nat: true, extraRules: ['tcp dport 8080 counter name extra drop'] })).toBe(
      `table inet stallscope
delete table inet stallscope
table inet stallscope {
	counter forwarded { }
	counter dropped-new { }
	counter dropped-invalid { }
	counter rejected { }
	counter guarded { }
	counter sync-astray { }
	counter extra { }

	# conntrackd believes whatever reaches it, and the kernel takes packets for any of its addresses by any interface.
	chain sync-link {
		type filter hook prerouting priority raw; policy accept;
		iifname != { "lo", "sync" } ip daddr 10.255.0.1 counter name sync-astray drop
	}

	# Until the node forwards.
	chain guard-local {
		type filter hook prerouting priority raw; policy accept;
		iifname { "in", "out" } meta l4proto { tcp, udp } ip daddr { 10.0.1.1, 10.0.2.1 } counter name guarded drop
		iifname { "in", "out" } meta l4proto { tcp, udp } ip6 daddr { fd00:0:0:1::1, fd00:0:0:2::1 } counter name guarded drop
	}
	chain guard {
		type filter hook forward priority filter - 10; policy accept;
		counter name guarded drop
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		tcp dport 8080 counter name extra drop
		ct state established,related accept
		ct state invalid counter name dropped-invalid drop
		iifname "in" oifname "out" ct state new tcp flags & (fin|syn|rst|ack) == syn accept
		iifname "in" oifname "out" ct state new meta l4proto != tcp accept
		counter name dropped-new drop
	}
	chain passed {
		type filter hook forward priority filter + 10; policy accept;
		counter name forwarded
	}

	chain source-translation {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "in" oifname "out" meta nfproto ipv4 snat ip to 10.0.2.1
		iifname "in" oifname "out" meta nfproto ipv6 snat ip6 to fd00:0:0:2::1
	}
}
`,
    );
  });

  it('let anything that conntrack takes as new begin from inside, where they are loose', () => {
    expect(chain(render({ rules: 'loose' }), 'forward')).toEqual([
      'ct state established,related accept',
      'ct state invalid counter name dropped-invalid drop',
      'iifname "in" oifname "out" ct state new accept',
      'counter name dropped-new drop',
    ]);
  });

  it('answer what they refuse, where they reject', () => {
    expect(chain(render({ rules: 'reject' }), 'forward')).toEqual([
      'ct state established,related accept',
      'iifname "in" oifname "out" ct state new tcp flags & (fin|syn|rst|ack) == syn accept',
      'iifname "in" oifname "out" ct state new meta l4proto != tcp accept',
      'meta l4proto tcp counter name rejected reject with tcp reset',
      'counter name rejected reject with icmpx admin-prohibited',
    ]);
  });

  it('pass on everything between the sides, where they are permissive', () => {
    expect(chain(render({ rules: 'permissive' }), 'forward')).toEqual([
      'ct state established,related accept',
      'iifname "in" oifname "out" accept',
      'iifname "out" oifname "in" accept',
      'counter name dropped-new drop',
    ]);
  });

  it('let nothing leave untranslated', () => {
    expect(chain(render({ rules: 'permissive', nat: true }), 'forward')).toContain(
      'ct state invalid counter name dropped-invalid drop',
    );
    expect(render({ nat: false })).not.toContain('snat');
  });

  it('know one family where there is one', () => {
    const outside = { interface: 'out', addresses: ['10.0.2.1/24', '10.0.2.7/24'] };
    const inside = { interface: 'in', addresses: ['10.0.1.1/24'], ownAddresses: ['10.0.1.2/24'] };
    const text = render({ nat: true }, { inside, outside });
    expect(text).not.toContain('ip6');
    expect(chain(text, 'guard-local')).toEqual([
      'iifname { "in", "out" } meta l4proto { tcp, udp } ip daddr { 10.0.1.1, 10.0.2.1, 10.0.2.7 } counter name guarded drop',
    ]);
    expect(chain(text, 'source-translation')).toEqual([
      'iifname "in" oifname "out" meta nfproto ipv4 snat ip to 10.0.2.1',
    ]);
  });
});

describe('the guard', () => {
  it('opens by going away, and closes as it was', () => {
    expect(renderGuard(config({}), false)).toBe(
      'flush chain inet stallscope guard-local\nflush chain inet stallscope guard\n',
    );
    const closed = renderGuard(config({}), true).split('\n');
    expect(closed.slice(2)).toEqual([
      ...chain(render({}), 'guard-local').map((rule) => `add rule inet stallscope guard-local ${rule}`),
      'add rule inet stallscope guard counter name guarded drop',
      '',
    ]);
  });
});
