/** Journeys of real captures: what they say, and that the captures bear it out. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Followed, follow, journeyLaws } from '../test/scenarios/journey-laws.ts';
import { allScenarios, type Scenario } from '../test/scenarios/scenario.ts';
import { createAnalysis, type Journey, type Report } from './index.ts';

const VANTAGES = ['client', 'a.in', 'a.out', 'b.in', 'b.out', 'server'];

/** `client:seen a.in:missing`, for the six captures of the fixtures. */
const way = ({ stops }: Journey): string => stops.map((s) => `${VANTAGES[s.vantage]}:${s.seen}`).join(' ');

const waysOf = (journeys: readonly Journey[]): string[] => [...new Set(journeys.map(way))];

describe('journeys of real captures', () => {
  const scenarios = new Map(allScenarios().map((scenario) => [scenario.name, scenario]));
  const known = new Map<string, Followed>();
  afterAll(() => known.clear());
  const scenarioOf = (name: string): Scenario => {
    const scenario = scenarios.get(name);
    if (scenario === undefined) throw new Error(`no scenario ${name}`);
    return scenario;
  };
  /** With all captures; made once. */
  const whole = (name: string): Followed => {
    const followed = known.get(name) ?? follow(scenarioOf(name));
    known.set(name, followed);
    return followed;
  };

  it.each(['i-arp', 'nat-synced', 'f-tproxy', 'h-nocommit', 'o-split-none', 'j-asym', 'c-reject'])(
    '%s: every frame exists with its numbers, stops are in the order of the path, nothing missing is there',
    (name) => {
      const followed = whole(name);
      expect(followed.flows.flatMap((f) => f.journeys).length).toBeGreaterThan(20);
      expect(journeyLaws(followed)).toEqual([]);
    },
  );

  it('follows what went on to the old node, and what the new one took in and lost', () => {
    const { flows, report } = whole('i-arp');
    const journeys = flows[0]?.journeys ?? [];
    expect(flows[0]?.flow).toBe(report.flows[0]?.id);
    expect(way(journeys[0] as Journey)).toBe('client:seen a.in:seen a.out:seen server:seen');
    const retries = journeys.filter((j) => j.label.startsWith('sent again'));
    expect(retries.map(way).slice(-4, -2)).toEqual([
      'server:seen b.out:seen b.in:missing client:missing',
      'server:seen b.out:seen b.in:missing client:unknown',
    ]);
    expect(retries.at(-1)?.label).toBe('sent again (7) after 26.37 s');
    expect(journeys.at(-1)).toMatchObject({ from: 'client', label: 'probe, unanswered', flags: 'ACK' });
  });

  it('one connection under two tuples is one way', () => {
    const { flows, report } = whole('nat-synced');
    expect(report.flows[0]?.translated?.length).toBeGreaterThan(0);
    const all = waysOf(flows[0]?.journeys ?? []);
    expect(all).toContain('client:seen a.in:seen a.out:seen server:seen');
    expect(all).toContain('client:seen b.in:seen b.out:seen server:seen');
    expect(flows[0]?.journeys.some((j) => j.label.startsWith('progress again'))).toBe(true);
  });

  it('the legs of a proxied flow go only so far, each with its own numbers', () => {
    const { flows } = whole('f-tproxy');
    const journeys = flows[0]?.journeys ?? [];
    const near = journeys.filter((j) => j.leg === 0);
    const far = journeys.filter((j) => j.leg === 1);
    for (const { stops } of near) expect(stops.every((s) => s.vantage !== 5)).toBe(true);
    for (const { stops } of far) expect(stops.every((s) => s.vantage !== 0)).toBe(true);
    expect(near[0]).toMatchObject({ from: 'client', flags: 'SYN', seq: 0 });
    expect(far[0]).toMatchObject({ from: 'client', flags: 'SYN', seq: 0 });
    expect(way(far[0] as Journey)).toBe('a.out:seen server:seen');
  });

  it('with a lone capture every journey has one stop, wherever it was taken', () => {
    for (const file of ['client.pcap.gz', 'node-a.in.pcap.gz', 'node-b.out.pcap.gz', 'server.pcap.gz']) {
      const { flows } = follow(scenarioOf('nat-synced'), [file]);
      const journeys = flows.flatMap((f) => f.journeys);
      expect(journeys.length).toBeGreaterThan(5);
      for (const { stops } of journeys) expect(stops).toMatchObject([{ vantage: 0, seen: 'seen' }]);
    }
  });

  it('are the same whatever the order of files, but for the ids of captures', () => {
    const byFile = ({ flows, report }: Followed): unknown => {
      const names = new Map(report.captures.map((c) => [c.id, c.file]));
      return JSON.parse(
        JSON.stringify(flows, (key, value) => (key === 'capture' ? names.get(value as string) : value)),
      );
    };
    const turned = follow(scenarioOf('nat-synced'), scenarioOf('nat-synced').captures.toReversed());
    expect(byFile(turned)).toEqual(byFile(whole('nat-synced')));
  });

  it('a capture of both links of a node has two stops, in and out', () => {
    const { flows } = whole('mixed-24');
    const opening = flows[0]?.journeys[0] as Journey;
    expect(opening.flags).toBe('SYN');
    expect(opening.stops.map((s) => s.vantage)).toEqual([0, 1, 1, 3]);
    expect(opening.stops.map((s) => s.seen)).toEqual(['seen', 'seen', 'seen', 'seen']);
  });

  it('come for the worst stall first, and for the failover before what is not its doing', () => {
    const { flows, report } = whole('mixed-24');
    const innocent = ['zero-window', 'application-idle', 'loss', 'capture-gap'];
    const worst = flows.map(({ flow }) => {
      const { stalls } = report.flows.find((f) => f.id === flow) as Report['flows'][number];
      return Math.max(0, ...stalls.flatMap((s) => (innocent.includes(s.cause ?? '') ? [] : s.duration)));
    });
    expect(worst.length).toBe(24);
    expect(worst[0]).toBeGreaterThan(worst[23] as number);
    expect(worst).toEqual([...worst].sort((a, b) => b - a));
  });

  it('need the option', () => {
    const analysis = createAnalysis({ tool: { name: 'test', version: '1' } });
    analysis.finish();
    expect(() => analysis.journeys()).toThrow('timeline');
  });
});
