/** The report of every fixture, with all its captures and journals, is one by the published schema. */
import { expect, test } from 'vitest';
import { reportFaults } from './report-validator.ts';
import { allScenarios, diagnose } from './scenarios/scenario.ts';

test.each(allScenarios())('$name', (scenario) => {
  expect(reportFaults(JSON.parse(JSON.stringify(diagnose(scenario, scenario.captures))))).toEqual([]);
});
