/**
 * Controls: transfers without any failover, one of them clean, one with loss,
 * one whose server thinks, one whose client stops reading. No vantage may see a
 * failover in them, nor may all of them together.
 */
import { describe, expect, test } from 'vitest';
import { failoverSigns } from './no-failover.ts';
import { allScenarios, diagnose } from './scenario.ts';

const controls = allScenarios().filter((s) => s.control);

describe.each(controls)('$name', (scenario) => {
  const selections = [...scenario.captures.map((file) => [file]), [...scenario.captures]];

  test.each(selections.map((files) => [files.length === 1 ? files[0] : 'all together', files] as const))(
    'no failover is seen from %s',
    (_name, files) => {
      const report = diagnose(scenario, files);
      expect(failoverSigns(report)).toEqual([]);
      expect(report.flows.map((flow) => flow.outcome)).toEqual(report.flows.map(() => 'unaffected'));
      // Node B stands by and sees nothing.
      if (files.some((file) => !file.startsWith('node-b'))) expect(report.flows).not.toEqual([]);
    },
  );
});
