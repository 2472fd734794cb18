/** The supervisor and tcpdump on real interfaces that go, come and move, and engines that are killed. */
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { bundled } from '../../server/jobs/test-worker.ts';
import {
  addPair,
  arp,
  canCapture,
  childOf,
  makeNamespace,
  type Said,
  type TestCollector,
  type TestNamespace,
} from './test-namespace.ts';

const PLAN = { interface: 'v0', filter: 'arp', snaplen: 128, buffer: 1_000_000, vantage: 'node-a.in' };

const program = await bundled('collector/engine/test-collector.ts');
let namespace: TestNamespace | null = null;
const make = (): TestNamespace => {
  namespace = makeNamespace(program);
  return namespace;
};

afterEach(async () => {
  await namespace?.close();
  namespace = null;
});

const begins = (said: Said): boolean => said.sink === 'begin';
const gap = (said: Said): boolean => said.sink === 'gap';
const filled = (said: Said): boolean => said.event === 'gap' && said.to !== null;

const isArp = (number: number) => (said: Said) => said.sink === 'packet' && said.hex === hex(arp(number));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Sends until it is captured: so that the test needs no moment. */
async function isCaptured({ send }: TestNamespace, collector: TestCollector, number: number): Promise<void> {
  send('v1', [arp(number)]);
  await collector.heard(`ARP ${number}`, isArp(number));
}

describe.skipIf(!canCapture)('a capture with tcpdump, as root in network namespaces', () => {
  it('takes packets until it is told to stop, the last one too', async () => {
    const there = make();
    const collector = await there.collect({ captures: [PLAN] });
    const begun = await collector.heard('begin', begins);
    expect(collector.said[begun]).toMatchObject({ linkType: 1 });
    await isCaptured(there, collector, 1);
    there.send('v1', [arp(2), arp(3)]);
    await collector.stop();
    await collector.heard('ARP 3', isArp(3));
    expect(collector.said.at(-1)).toMatchObject({ sink: 'end', packets: 3, bytes: 126, dropped: 0 });
    expect(collector.said.filter(gap)).toEqual([]);
    expect(collector.said.findLast((said) => said.sink === 'counts')).toMatchObject({
      received: 3,
      dropped: 0,
    });
  });

  it('goes on through an interface that goes down and up, and tells it, which is no gap', async () => {
    const there = make();
    const collector = await there.collect({ captures: [PLAN] });
    await collector.heard('begin', begins);
    await isCaptured(there, collector, 1);
    there.ip('link set v0 down');
    await collector.heard('down', (said) => said.sink === 'link' && said.up === false);
    there.ip('link set v0 up');
    await collector.heard('up', (said) => said.sink === 'link' && said.up === true);
    await isCaptured(there, collector, 2);
    expect(collector.said.filter(gap)).toEqual([]);
    expect(collector.said.filter(begins)).toHaveLength(1);
  });

  it.each([true, false])(
    'is there again on an interface that was deleted and created again (ip: %s)',
    async (ip) => {
      const there = make();
      const collector = await there.collect({ captures: [PLAN], ip });
      await collector.heard('begin', begins);
      await isCaptured(there, collector, 1);
      there.ip('link del v0');
      addPair(there);
      const lost = await collector.heard('a gap', gap);
      await collector.heard('begin', begins, lost);
      await isCaptured(there, collector, 2);
      const order = collector.said.flatMap((said) => (begins(said) || gap(said) ? [said.sink] : []));
      expect(order.filter((one) => one === 'begin')).toHaveLength(2);
      expect([order[0], order.at(-1)]).toEqual(['begin', 'begin']);
      // One follows the other, whatever was seen of the time between.
      const gaps = collector.said.filter(filled).map(({ from, to }) => [String(from), String(to)]);
      expect(gaps.slice(1).map(([from]) => from)).toEqual(gaps.slice(0, -1).map(([, to]) => to));
      expect(BigInt(gaps[0]![0]!)).toBeLessThan(BigInt(gaps.at(-1)![1]!));
    },
  );

  it('waits for an interface that was moved to another namespace, and takes it when it is back', async () => {
    const there = make();
    const other = there.other('b');
    const collector = await there.collect({ captures: [PLAN] });
    await collector.heard('begin', begins);
    there.ip(`link set v0 netns ${other.name}`);
    const lost = await collector.heard('gap', gap);
    expect(String(collector.said[lost]?.why)).toMatch(/gone/);
    other.ip(`link set v0 netns ${there.name}`);
    there.ip('link set v0 up');
    await collector.heard('begin', begins, lost);
    await isCaptured(there, collector, 1);
  });

  it('starts an engine again that was ended by SIGKILL: a gap from the last packet on', async () => {
    const there = make();
    const collector = await there.collect({ captures: [PLAN] });
    await collector.heard('begin', begins);
    await isCaptured(there, collector, 1);
    process.kill(childOf(collector.pid, 'tcpdump')!, 'SIGKILL');
    const again = await collector.heard('a gap that was filled', filled);
    expect(collector.said[again]).toMatchObject({ why: 'tcpdump was ended by SIGKILL', interface: 'v0' });
    const last = collector.said.find(isArp(1));
    expect(BigInt(String(collector.said[again]?.from))).toBeGreaterThanOrEqual(BigInt(String(last?.at)));
    await isCaptured(there, collector, 2);
    await collector.stop();
    expect(collector.said.at(-1)).toMatchObject({ packets: 2 });
  });

  it('says so and tries on where the engine never begins', async () => {
    const there = make();
    const collector = await there.collect({
      captures: [PLAN],
      instead: ['/bin/sh', '-c', 'echo no >&2; exit 3'],
    });
    const told = await collector.heard('gap', gap);
    expect(collector.said[told]).toMatchObject({ why: 'tcpdump ended with exit code 3: no' });
    await collector.stop();
    expect(collector.said.at(-1)).toMatchObject({ sink: 'end', packets: 0, state: 'restarting' });
  });

  it('ends an engine whose output is no pcap', async () => {
    const there = make();
    const collector = await there.collect({ captures: [PLAN], instead: ['/bin/cat', '/proc/self/maps'] });
    const told = await collector.heard('gap', gap);
    expect(collector.said[told]).toMatchObject({ why: 'tcpdump: what it writes is no pcap stream' });
  });

  it.each([true, false])(
    'waits for an interface that is not there yet, and one that is down (ip: %s)',
    async (ip) => {
      const there = make();
      there.ip('link del v0');
      const collector = await there.collect({ captures: [PLAN], ip });
      const waits = await collector.heard('gap', gap);
      expect(collector.said[waits]).toMatchObject({ why: 'there is no interface v0' });
      there.ip('link add v0 type veth peer name v1');
      there.ip('link set v1 up');
      await collector.heard('down', (said) => gap(said) && said.link === 'down');
      there.ip('link set v0 up');
      await collector.heard('begin', begins);
      await isCaptured(there, collector, 1);
      expect(collector.said.filter(gap).map(({ why, link }) => [why, link])).toEqual([
        ['there is no interface v0', 'absent'],
        ['v0 is down', 'down'],
        ['tcpdump did not listen yet', undefined],
      ]);
    },
  );

  it('takes packets of every interface on `any`, and of several at once', async () => {
    const there = make();
    const plans = [{ ...PLAN, interface: 'any' }, PLAN, { ...PLAN, interface: 'v1' }];
    const collector = await there.collect({ captures: plans });
    for (const { interface: of } of plans)
      await collector.heard(of, (said) => begins(said) && said.of === of);
    expect(collector.said.find((said) => begins(said) && said.of === 'any')).toMatchObject({ linkType: 276 });
    there.send('v1', [arp(1)]);
    for (const of of ['any', 'v0', 'v1'])
      await collector.heard(of, (said) => said.of === of && String(said.hex).endsWith('0a000001'));
  });

  it('leaves no tcpdump behind when it is ended by SIGKILL', async () => {
    const there = make();
    const collector = await there.collect({ captures: [PLAN] });
    await collector.heard('begin', begins);
    const engine = childOf(collector.pid, 'tcpdump')!;
    expect(engine).toBeGreaterThan(0);
    await collector.kill();
    await expect
      .poll(() => execFileSync('ps', ['-o', 'pid=', '-A'], { encoding: 'utf8' }).split(/\s+/))
      .not.toContain(String(engine));
  });
});
