/** The list of scenarios: all that come with the package can be read, and each says what is expected. */
import { describe, expect, it } from 'vitest';
import { allScenarios } from '../lab/scenario-files.ts';
import { longestRun } from '../lab/steps.ts';
import { listText } from './lab-list.ts';

const scenarios = allScenarios();

describe('scenarios of the package', () => {
  it('are at least 32, six of them in IPv6, and controls', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(32);
    expect(scenarios.filter(({ scenario }) => scenario.family === 6).length).toBeGreaterThanOrEqual(6);
    expect(scenarios.filter(({ scenario }) => scenario.control).length).toBeGreaterThanOrEqual(4);
  });

  it.each(scenarios)(
    '$name expects something of every client that is named, and of no other',
    ({ scenario }) => {
      const clients = scenario.traffic.map(({ name }) => name);
      expect(Object.keys(scenario.expect).length).toBeGreaterThan(0);
      for (const name of Object.keys(scenario.expect)) expect(clients).toContain(name);
    },
  );
});

describe('the list', () => {
  it('has a line a scenario, in groups, with what is expected and how long it takes', () => {
    const lines = listText(scenarios).split('\n');
    for (const { name } of scenarios)
      expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
    for (const group of ['a router:', 'a proxy:', 'IPv6:', 'no failover:']) expect(lines).toContain(group);
    expect(lines.find((line) => line.startsWith('no-state-drop-wget '))).toMatch(
      / routed +hung +no-state-drop +\d+ s {2}node B has no state/,
    );
  });

  it('counts what a run takes at most: steps, outage, and how long it is watched', () => {
    const of = (name: string) => scenarios.find((one) => one.name === name)!.scenario;
    const { outage, watch } = of('resumed-wget');
    expect(longestRun(of('resumed-wget'))).toBe(4000 + 3000 + outage + watch);
  });
});
