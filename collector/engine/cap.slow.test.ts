/** The engine cap: in its child, on `any`, in a namespace; and what is said where it cannot be. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { bundled } from '../../server/jobs/test-worker.ts';
import { capEngine, readCapLine } from './cap.ts';
import { arp, canMakeNamespaces, childOf, makeNamespace, type TestNamespace } from './test-namespace.ts';

const PLAN = { interface: 'any', filter: 'arp', snaplen: 20, buffer: 4_000_000, vantage: 'node-a.in' };
const program = await bundled('collector/engine/test-collector.ts');
const child = fileURLToPath(await bundled('collector/engine/cap-child.ts'));
const isInstalled = await capEngine()
  .version()
  .then(
    () => true,
    () => false,
  );

let namespace: TestNamespace | null = null;
afterEach(async () => {
  await namespace?.close();
  namespace = null;
});

describe.skipIf(!canMakeNamespaces || !isInstalled)(
  'a capture with cap, as root where it is installed',
  () => {
    it('stamps, cuts and counts, and survives interfaces that go down', async () => {
      namespace = makeNamespace(program);
      const collector = await namespace.collect({ captures: [PLAN], cap: child });
      const begun = await collector.heard('begin', (said) => said.sink === 'begin');
      expect(collector.said[begun]).toMatchObject({ linkType: 113 });
      namespace.ip('link set v0 down');
      namespace.ip('link set v0 up');
      namespace.ip('link del v0');
      namespace.ip('link add v0 type veth peer name v1');
      namespace.ip('link set v0 up');
      namespace.ip('link set v1 up');
      const before = Date.now();
      namespace.send('v1', [arp(1)]);
      const at = await collector.heard('a packet', (said) => said.sink === 'packet');
      // 16 bytes of SLL in front of the 28 of ARP, of which 20 are kept.
      expect(collector.said[at]).toMatchObject({ original: 44 });
      expect(String(collector.said[at]?.hex)).toHaveLength(40);
      expect(Number(collector.said[at]?.at) / 1e6).toBeGreaterThanOrEqual(before);
      expect(Number(collector.said[at]?.at) / 1e6).toBeLessThanOrEqual(Date.now() + 1);
      await collector.stop();
      expect(collector.said.filter((said) => said.sink === 'gap')).toEqual([]);
      expect(collector.said.at(-1)).toMatchObject({ dropped: null });
    });

    it('is started again after a crash, which is a gap', async () => {
      namespace = makeNamespace(program);
      const collector = await namespace.collect({ captures: [PLAN], cap: child });
      await collector.heard('begin', (said) => said.sink === 'begin');
      process.kill(childOf(collector.pid, 'node')!, 'SIGABRT');
      const filled = await collector.heard('gap', (said) => said.event === 'gap' && said.to !== null);
      expect(collector.said[filled]).toMatchObject({ why: 'cap was ended by SIGABRT' });
      namespace.send('v1', [arp(1)]);
      await collector.heard('a packet', (said) => said.sink === 'packet');
    });
  },
);

describe('the engine cap', () => {
  it('refuses everything but `any`, and says why', () => {
    expect(capEngine().refuses(PLAN)).toBeNull();
    expect(capEngine().refuses({ ...PLAN, interface: 'eth0' })).toMatch(/`any` only/);
  });

  it('says how to get it where it is not installed', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-cap-'));
    try {
      // Outside of the repository no package is found.
      const copy = path.join(folder, 'cap.mjs');
      copyFileSync(await bundled('collector/engine/cap.ts'), copy);
      const { capEngine: elsewhere } = (await import(pathToFileURL(copy).href)) as {
        capEngine: typeof capEngine;
      };
      await expect(elsewhere().version()).rejects.toMatchObject({
        message: expect.stringMatching(/not installed/),
        hint: expect.stringMatching(/libpcap-dev/),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['listening', { word: 'listening' }],
    ['12 received', { word: 'counts', received: 12, dropped: null }],
    ["trouble: can't parse filter expression: syntax error", { why: expect.stringMatching(/^the filter/) }],
    ['trouble: socket: Operation not permitted', { hint: expect.stringMatching(/CAP_NET_RAW/) }],
    ['trouble: out of memory', { why: 'cap: out of memory' }],
  ])('reads of its child: %s', (line, word) => {
    expect(readCapLine(line)).toMatchObject(word);
  });
});
