/**
 * A whole ring, as `diagnose *.pcapng` and a server get it: its files in any order, some of them missing.
 */
import { describe, expect, it } from 'vitest';
import { diagnoseRing, ringOf } from './ring.ts';
import { allScenarios, type Scenario } from './scenario.ts';
import { diagnoseInputs, labelled } from './together.ts';
import { findFlows } from './truth-flow.ts';

const scenario = allScenarios().find(({ name }) => name === 'rto-7') as Scenario;
const all = (files: number) => scenario.captures.flatMap((source) => ringOf(scenario, source, { files }));
describe('a ring of several vantages', () => {
  it('in any order is what the whole captures are', async () => {
    const whole = diagnoseInputs(labelled(scenario));
    const [flow] = findFlows(whole, scenario);
    const files = all(4);
    for (const order of [files, files.toReversed()]) {
      const report = await diagnoseRing(order);
      const [found] = findFlows(report, scenario);
      expect(found).toMatchObject({ outcome: flow?.outcome, cause: flow?.cause });
      expect(report.captures.every((c) => c.gaps === undefined && c.collector !== undefined)).toBe(true);
      const names = new Set(
        report.captures.map(({ vantage: { host, side } }) => `${host}${side ? `.${side}` : ''}`),
      );
      expect([...names].sort()).toEqual(scenario.captures.map((c) => c.replace('.pcap.gz', '')).sort());
    }
  });

  it('without its oldest and newest files is a shorter one', async () => {
    const report = await diagnoseRing(all(6).filter(({ number }) => number > 7 && number < 12));
    expect(report.captures.flatMap((c) => c.gaps ?? [])).toEqual([]);
    expect(report.problems).toEqual([]);
  });

  it('without one in the middle has a gap, and the verdict does not rest on it', async () => {
    const files = all(6).filter(({ source, number }) => !(source.startsWith('client') && number === 9));
    const report = await diagnoseRing(files);
    const gaps = report.captures.flatMap((c) => (c.gaps ?? []).map((g) => `${c.vantage.host}: ${g.why}`));
    expect(gaps).toEqual(["client: of this collector's files number 9 is not given"]);
    const [flow] = findFlows(report, scenario);
    const isRight = flow?.cause === null || scenario.truth.cause.includes(flow?.cause ?? null);
    expect(isRight).toBe(true);
  });
});
