/** For every scenario, from the client's capture alone, from all captures, and with the nodes' logs. */
import { describe, expect, test } from 'vitest';
import { allScenarios } from '../scenarios/scenario.ts';
import { ALL, CLIENT, JOURNAL } from '../scenarios/views.ts';
import { expectSameFaces } from './check-faces.ts';
import { postmortemOfView } from './made.ts';

let groups = 0;

describe.each([CLIENT, ALL, JOURNAL])('$name', (view) => {
  test.each(allScenarios())('$name', (scenario) => {
    const made = postmortemOfView(scenario, view);
    if (made !== null) groups += expectSameFaces(made);
  });
});

test('there was something to compare', () => {
  expect(groups).toBeGreaterThan(60);
});
