/** A process that cannot be a node leaves what another one has set up as it is. */
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Forwarder } from './forwarder.ts';
import type { Mover } from './mover.ts';
import { type NodeParts, startNode } from './node.ts';
import { testConfig } from './test-config.ts';

let folder: string;
const other = createSocket('udp4');

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'stallscope-test-'));
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
});
afterEach(() => {
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(process.platform !== 'linux')(
  'a second node in one network namespace is refused before it has done anything there',
  async () => {
    const keyFile = path.join(folder, 'key');
    writeFileSync(keyFile, Buffer.alloc(32, 1), { mode: 0o600 });
    const stateFolder = path.join(folder, 'another');
    const { port } = other.address();
    const config = testConfig({
      sync: { interface: 'lo', address: '127.0.0.1', peerAddress: '127.0.0.2', port, keyFile },
      journal: path.join(folder, 'journal'),
      stateFolder,
    });
    const done: string[] = [];
    const doing = (what: string) => async () => void done.push(what);
    const forwarder: Partial<Forwarder> = { prepare: doing('rules'), close: doing('rules back') };
    const mover: Partial<Mover> = { prepare: doing('links'), lower: doing('lower'), close: doing('lower') };
    const parts: NodeParts = {
      createForwarder: () => forwarder as Forwarder,
      createMover: () => mover as Mover,
      resetConnections: doing('reset'),
      hasAdapters: () => true,
    };
    await expect(startNode(config, parts)).rejects.toMatchObject({
      message: `sync.address: 127.0.0.1, UDP port ${port} cannot be used (EADDRINUSE)`,
      hint: 'does another node run in this network namespace?',
    });
    expect(done).toEqual([]);
    expect(existsSync(stateFolder)).toBe(false);
  },
);
