import { describe, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfigSchema } from '../../config.ts';
import { policyRoutes, renderGuard, renderTable, settingsOf } from './rules.ts';
import { readCounters } from './steering.ts';

function rendered(source: 'client' | 'node', families: readonly (4 | 6)[] = [4, 6]): string {
  const config = configOf(families);
  return renderTable(config, { forwarder: 'proxy', port: 15_001, source, sync: true, onRelease: 'silent' });
}

function configOf(families: readonly (4 | 6)[]) {
  const of = (side: number): string[] =>
    families.map((family) => (family === 4 ? `10.0.${side}.1/24` : `fd00:0:0:${side}::1/64`));
  const input: NodeConfigInput = {
    node: 'a',
    peer: 'b',
    start: 'active',
    inside: { interface: 'in', addresses: of(1) },
    outside: { interface: 'out', addresses: of(2) },
    forwarding: { forwarder: 'proxy' },
    move: { by: 'adapter', namespace: 'a', peerNamespace: 'b' },
    sync: { interface: 'sync', address: '10.255.0.1', peerAddress: '10.255.0.2', keyFile: 'key' },
    journal: 'journal',
    stateFolder: 'state',
  };
  return nodeConfigSchema.parse(input);
}

const linesWith = (text: string, what: string): string[] =>
  text.split('\n').filter((line) => line.includes(what));

describe('the rules of the proxy', () => {
  it('hand all TCP from inside to the relay, but what is for the node itself', () => {
    const steered = linesWith(rendered('node'), 'iifname "in" meta').map((line) => line.trim());
    expect(steered).toEqual([
      'iifname "in" meta l4proto tcp fib daddr type local return',
      'iifname "in" meta nfproto ipv4 meta l4proto tcp tproxy ip to :15001 meta mark set 0x5374 counter accept comment "to-relay"',
      'iifname "in" meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :15001 meta mark set 0x5374 counter accept comment "to-relay"',
    ]);
    expect(linesWith(rendered('node'), 'answers-to-relay')).toEqual([]);
  });
  it('take from outside what has a client address, but no new connections', () => {
    const answers = linesWith(rendered('client'), 'answers-to-relay');
    expect(answers).toHaveLength(2);
    for (const line of answers) expect(line).toContain('tcp flags & (fin|syn|rst|ack) != syn');
  });
  it('begin with the guard closed, for the outside address and for all that is not for the node', () => {
    const guard = linesWith(rendered('node'), '"guard');
    expect(guard).toHaveLength(5);
    expect(guard[0]).toContain('ip daddr 10.0.2.1 meta l4proto tcp');
    expect(guard[1]).toContain('ip6 daddr fd00:0:0:2::1');
    expect(guard[4]).toContain('guard_output meta mark 0x5375');
    expect(renderGuard(configOf([4]), true)).not.toContain('drop');
  });
  it('leave out a family that the node has no address of', () => {
    expect(rendered('client', [6])).not.toContain('ipv4');
    expect(Object.keys(settingsOf(configOf([6])))).toEqual(['net.ipv6.conf.all.forwarding']);
  });
  it('take back by the same words as they add', () => {
    const words = (verb: 'add' | 'del'): string =>
      policyRoutes(6, verb).flat().join(' ').replaceAll(verb, '');
    expect(words('del')).toBe(words('add'));
  });
  it('are counted by their comments', () => {
    const rule = (comment: string, packets: number) => ({
      rule: { comment, expr: [{}, { counter: { packets } }] },
    });
    const json = { nftables: [{ table: {} }, rule('guard', 2), rule('guard', 3), rule('to-relay', 0)] };
    expect(readCounters(JSON.stringify(json))).toEqual({ guard: 5, 'to-relay': 0 });
  });
});
