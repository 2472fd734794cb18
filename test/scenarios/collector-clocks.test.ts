/**
 * Clocks by the word of collectors: where packets do not tell, and against them.
 */
import { describe, expect, it } from 'vitest';
import type { CollectorNote } from '../../packet/file/collector-note.ts';
import { diagnoseRing, ringOf } from './ring.ts';
import { allScenarios, type Scenario } from './scenario.ts';

const scenario = allScenarios().find(({ name }) => name === 'rto-7') as Scenario;
const exchange = (offset: number, at: bigint, error = 0.0001): CollectorNote => ({
  note: 'exchange',
  at: `${at}`,
  peer: 'log.example',
  offset,
  error,
});

describe('clocks by the word of collectors', () => {
  const nodes = (
    of: (source: string) => readonly ((begin: bigint) => CollectorNote)[],
    stamps?: 'userland',
  ) =>
    ['node-a.in.pcap.gz', 'node-b.in.pcap.gz'].flatMap((source) =>
      ringOf(scenario, source, {
        files: 1,
        notes: (s, begin) => of(s).map((note) => note(begin)),
        ...(stamps !== undefined && { stamps }),
      }),
    );

  it('exchanges with one server bound two nodes that share no packet', async () => {
    const offset = (source: string): number => (source.startsWith('node-a') ? 0.004 : 0.0015);
    const report = await diagnoseRing(nodes((source) => [(begin) => exchange(offset(source), begin)]));
    const [clock] = report.clocks;
    expect(clock).toMatchObject({ by: 'exchange', pairs: 0 });
    expect(Math.abs(clock?.offset ?? 0)).toBeCloseTo(0.0025, 9);
    expect(clock?.error ?? 0).toBeGreaterThanOrEqual(0.0002);
    expect(clock?.error ?? 1).toBeLessThan(0.1);
  });

  it('two hosts that are synchronised bound each other by what either may be off', async () => {
    const said = (begin: bigint): CollectorNote => ({
      note: 'clock',
      at: `${begin}`,
      synchronised: true,
      offset: 0,
      maxError: 0.002,
    });
    const [clock] = (await diagnoseRing(nodes(() => [said]))).clocks;
    expect(clock).toMatchObject({ by: 'hosts', offset: 0 });
    expect(clock?.error).toBeCloseTo(0.004, 4);
  });

  it('without any word nothing ties them', async () => {
    const [clock] = (await diagnoseRing(nodes(() => []))).clocks;
    expect(clock).toMatchObject({ error: null, pairs: 0 });
  });

  it('packets win over a word that they contradict, and the report says so', async () => {
    const sources = ['client.pcap.gz', 'node-a.in.pcap.gz'];
    const files = sources.flatMap((source) =>
      ringOf(scenario, source, {
        files: 1,
        notes: (s, begin) => [exchange(s.startsWith('client') ? 0 : 5, begin)],
      }),
    );
    const { clocks, problems } = await diagnoseRing(files);
    expect(clocks[0]?.by).toBeUndefined();
    expect(Math.abs(clocks[0]?.offset ?? 9)).toBeLessThan(0.01);
    expect(problems.map(({ code }) => code)).toEqual(['clock-contradicted']);
  });

  it('stamps of a program are off by as much as it may have waited', async () => {
    const said = (begin: bigint): CollectorNote => exchange(0, begin);
    const [exact] = (await diagnoseRing(nodes(() => [said]))).clocks;
    const [late] = (await diagnoseRing(nodes(() => [said], 'userland'))).clocks;
    expect((late?.error ?? 0) - (exact?.error ?? 0)).toBeCloseTo(0.01, 6);
  });
});
