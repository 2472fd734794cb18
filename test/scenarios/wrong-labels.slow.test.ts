/**
 * Captures that the user labelled wrong. What rests on a wrong label is wrong;
 * so an answer may be wrong only where the report says that a label contradicts
 * the traffic.
 * The trap: two nodes whose names are swapped are two nodes all the same, and
 * nothing in the traffic says what they are called.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { oneInTurn } from './sample.ts';
import { allScenarios, type Scenario } from './scenario.ts';
import {
  contradictions,
  diagnoseInputs,
  type Input,
  labelled,
  labelOf,
  saidOf,
  whyWrong,
} from './together.ts';

/** The label that a capture is given; what it is not named for stays as it is. */
type Mislabel = Readonly<Record<string, string>>;

const swap = (a: string, b: string): Mislabel => ({ [a]: b, [b]: a });

const WRONG: Readonly<Record<string, Mislabel>> = {
  'client and server swapped': swap('client', 'server'),
  'the sides of node-a swapped': swap('node-a.in', 'node-a.out'),
  'the sides of node-b swapped': swap('node-b.in', 'node-b.out'),
  'the inner sides of the nodes swapped': swap('node-a.in', 'node-b.in'),
  'client and node-a.in swapped': swap('client', 'node-a.in'),
  'client and node-b.in swapped': swap('client', 'node-b.in'),
  'server and node-b.out swapped': swap('server', 'node-b.out'),
  "the client's as node-a.in": { client: 'node-a.in' },
  "the client's as node-c.in": { client: 'node-c.in' },
};

function mislabelled(scenario: Scenario, labels: Mislabel): Input[] | null {
  const names = scenario.captures.map((file) => file.replace('.pcap.gz', ''));
  if (!Object.keys(labels).every((name) => names.includes(name))) return null;
  return labelled(scenario).map((input, i) => {
    const label = labels[names[i] as string];
    return label === undefined ? input : { ...input, vantage: labelOf(label) };
  });
}

/** A scenario has one in so many of them, in turn. */
const STEP = 3;

describe.each(Object.entries(WRONG).map(([name, labels], at) => ({ name, labels, at })))(
  '$name',
  ({ labels, at }) => {
    test.each(oneInTurn(allScenarios(), at, STEP))('no wrong answer without a warning: $name', (scenario) => {
      const inputs = mislabelled(scenario, labels);
      if (inputs === null) return;
      const report = diagnoseInputs(inputs);
      const warned = contradictions(report).length > 0;
      expect(warned ? null : whyWrong(report, scenario)).toBeNull();
    });
  },
);

describe.each(allScenarios().map((scenario) => ({ name: scenario.name, scenario })))(
  '$name',
  ({ scenario }) => {
    let right: Report;
    beforeAll(() => {
      right = diagnoseInputs(labelled(scenario));
    });

    test('the names of the nodes swapped change no answer', () => {
      const nodes = scenario.captures
        .filter((f) => f.startsWith('node-'))
        .map((f) => f.replace('.pcap.gz', ''));
      const other = (name: string): string =>
        name.replace(/node-[ab]/, (n) => (n === 'node-a' ? 'node-b' : 'node-a'));
      const inputs = mislabelled(scenario, Object.fromEntries(nodes.map((n) => [n, other(n)])));
      expect(saidOf(diagnoseInputs(inputs ?? []), scenario)).toBe(saidOf(right, scenario));
    });

    test('right labels contradict nothing', () => {
      expect(contradictions(right)).toEqual([]);
    });
  },
);
