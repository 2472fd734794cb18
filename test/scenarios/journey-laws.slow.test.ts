/** The laws of journeys on every scenario, with all captures and with some. */
import { describe, expect, test } from 'vitest';
import { follow, journeyLaws } from './journey-laws.ts';
import { oneInTurn } from './sample.ts';
import { allScenarios } from './scenario.ts';

/** Captures of both links of a node hold every packet twice: what is missing in them is missing on one side. */
const scenarios = allScenarios().filter((s) => s.name !== 'mixed-24' && s.captures.length > 1);

/** Of the selections of a scenario's captures one in so many, in turn. */
const STEP = 5;

describe.each(scenarios.map((scenario, at) => ({ ...scenario, scenario, at })))(
  '$name',
  ({ scenario, at }) => {
    const { captures } = scenario;

    test('with all captures', () => {
      expect(journeyLaws(follow(scenario))).toEqual([]);
    });

    test('without any one of them, and with two of them', () => {
      const some = [
        ...captures.map((left) => captures.filter((c) => c !== left)),
        ...captures.flatMap((a, i) => captures.slice(i + 1).map((b) => [a, b])),
      ];
      for (const files of oneInTurn(some, at, STEP)) {
        expect({ files, found: journeyLaws(follow(scenario, files)) }).toEqual({ files, found: [] });
      }
    });
  },
);
