/** For tests: the configuration of one node of a pair, with what a test says differently. */
import type { NodeConfig, NodeConfigInput } from '../config.ts';
import { nodeConfigSchema } from '../config.ts';

export function testConfig(given: Partial<NodeConfigInput> = {}): NodeConfig {
  return nodeConfigSchema.parse({
    node: 'node-b',
    peer: given.node === 'node-a' ? 'node-b' : 'node-a',
    start: 'standby',
    inside: { interface: 'in', addresses: ['10.0.1.1/24', 'fd00:0:0:1::1/64'] },
    outside: { interface: 'out', addresses: ['10.0.2.1/24', 'fd00:0:0:2::1/64'] },
    forwarding: { forwarder: 'routed', sync: 'none' },
    move: { by: 'adapter', namespace: 'node-b', peerNamespace: 'node-a' },
    sync: { interface: 'sync', address: '10.255.0.2', peerAddress: '10.255.0.1', keyFile: '/nowhere/key' },
    journal: '/nowhere/journal',
    stateFolder: '/nowhere/state',
    ...given,
  } satisfies NodeConfigInput);
}
