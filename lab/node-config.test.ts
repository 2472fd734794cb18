/** Scenarios as the files that nodes read: every one that is shipped makes two that a node takes. */
import { describe, expect, it } from 'vitest';
import { nodeConfigSchema } from '../gateway/config.ts';
import type { Certificates } from './certificates.ts';
import { advertiseEvery, nodeConfig } from './node-config.ts';
import { allScenarios } from './scenario-files.ts';

const pair = { certificate: '/x/a.pem', key: '/x/a.key' };
const certificates: Certificates = {
  server: pair,
  intercept: pair,
  clientTrust: '/x/c',
  serverTrust: '/x/s',
};
const files = { run: { id: 'abcdef', path: '/run/x' }, certificates };

describe('the nodes of a scenario', () => {
  it.each(allScenarios())('$name', ({ scenario }) => {
    const [a, b] = (['node-a', 'node-b'] as const).map((node) =>
      nodeConfigSchema.parse(nodeConfig(scenario, node, files)),
    );
    expect([a!.start, b!.start]).toEqual(['active', 'standby']);
    expect(a!.inside.addresses).toEqual(b!.inside.addresses);
    expect(a!.sync.address).toBe(b!.sync.peerAddress);
    expect(a!.sync.keyFile).toBe(b!.sync.keyFile);
    expect(a!.stateFolder).not.toBe(b!.stateFolder);
  });
});

describe('advertisements of VRRP', () => {
  it('are so far apart that the backup takes over after the outage (RFC 9568, 6.1)', () => {
    for (const outage of [1000, 4000, 30_000]) {
      const every = advertiseEvery(outage);
      expect(Math.abs(3 * every + ((256 - 100) / 256) * every - outage)).toBeLessThan(20);
    }
  });
});
