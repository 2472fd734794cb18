import { describe, expect, it } from 'vitest';
import { connectionKey, parseConnection, parseConnections, toTuple, touches } from './connection-list.ts';

/** As the programs printed them. */
const KERNEL =
  'tcp      6 431999 ESTABLISHED src=10.0.1.10 dst=10.0.2.10 sport=36016 dport=80 src=10.0.2.10 dst=10.0.2.1 sport=80 dport=1024 [ASSURED] mark=0 use=1';
const KERNEL6 =
  'tcp      6 119 SYN_SENT src=fd00:0:0:1::10 dst=fd00:0:0:2::10 sport=35754 dport=80 [UNREPLIED] src=fd00:0:0:2::10 dst=fd00:0:0:1::10 sport=80 dport=35754 mark=0 use=1';
const CACHE =
  'tcp      6 ESTABLISHED src=10.0.1.10 dst=10.0.2.10 sport=36016 dport=80 [ASSURED] mark=0 [active since 2s]';
const UDP =
  'udp      17 29 src=10.255.0.1 dst=10.255.0.2 sport=44119 dport=7880 [UNREPLIED] src=10.255.0.2 dst=10.255.0.1 sport=7880 dport=44119 mark=0 use=1';
const ICMP =
  'icmp     1 29 src=10.0.1.10 dst=10.0.2.10 type=8 code=0 id=3 src=10.0.2.10 dst=10.0.1.10 type=0 code=0 id=3 mark=0 use=1';

describe('a line of the kernel', () => {
  it('has both directions, which translation makes differ', () => {
    expect(parseConnection(KERNEL)).toEqual({
      protocol: 'tcp',
      state: 'ESTABLISHED',
      original: { source: '10.0.1.10', destination: '10.0.2.10', sourcePort: 36_016, destinationPort: 80 },
      reply: { source: '10.0.2.10', destination: '10.0.2.1', sourcePort: 80, destinationPort: 1024 },
      assured: true,
      unreplied: false,
    });
    expect(toTuple(parseConnection(KERNEL)!)).toEqual({
      client: { address: '10.0.1.10', port: 36_016 },
      server: { address: '10.0.2.10', port: 80 },
      outside: {
        client: { address: '10.0.2.1', port: 1024 },
        server: { address: '10.0.2.10', port: 80 },
      },
    });
  });

  it('is the same in IPv6, and one connection where nothing is translated', () => {
    const connection = parseConnection(KERNEL6)!;
    expect(connection).toMatchObject({ state: 'SYN_SENT', unreplied: true, assured: false });
    expect(toTuple(connection)).toEqual({
      client: { address: 'fd00:0:0:1::10', port: 35_754 },
      server: { address: 'fd00:0:0:2::10', port: 80 },
    });
  });

  it('has no state in UDP', () => {
    const connection = parseConnection(UDP)!;
    expect(connection).toMatchObject({ protocol: 'udp', state: undefined, unreplied: true });
    expect(touches(connection, new Set(['10.255.0.2']))).toBe(true);
    expect(touches(connection, new Set(['10.0.1.10']))).toBe(false);
  });
});

describe('a line of an external cache', () => {
  it('has no time-out and no reply, and is the same connection', () => {
    const connection = parseConnection(CACHE)!;
    expect(connection).toMatchObject({ state: 'ESTABLISHED', reply: undefined, assured: true });
    expect(connectionKey(connection)).toBe(connectionKey(parseConnection(KERNEL)!));
    expect(toTuple(connection)).toEqual({
      client: { address: '10.0.1.10', port: 36_016 },
      server: { address: '10.0.2.10', port: 80 },
    });
  });
});

describe('an output', () => {
  it('may be many: the node does something else meanwhile', async () => {
    const parsed = parseConnections(Array(20_000).fill(KERNEL).join('\n'));
    const other = new Promise((go) => setImmediate(go, 'other'));
    expect(await Promise.race([parsed.then(() => 'parsed'), other])).toBe('other');
    expect(await parsed).toHaveLength(20_000);
  });

  it('is read without what is neither TCP nor UDP', async () => {
    const output = [
      '',
      ICMP,
      CACHE,
      'conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.',
      UDP,
    ];
    const connections = await parseConnections(output.join('\n'));
    expect(connections.map(({ protocol }) => protocol)).toEqual(['tcp', 'udp']);
    for (const line of ['tcp', 'tcp 6', 'tcp 6 9 src=a', 'tcp 6 src= dst= sport=x dport=y'])
      expect(parseConnection(line)).toBeUndefined();
  });
});
