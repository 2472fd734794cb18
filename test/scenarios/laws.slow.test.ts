/**
 * Laws that hold for every capture of every scenario, whatever it shows: how a
 * file is fed, written or named changes nothing (check-capture.ts), nor does
 * the order in which captures are given.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { checkCapture, firstDifference } from './check-capture.ts';
import { readPcap } from './pcap-records.ts';
import { allScenarios, captureBytes, diagnose } from './scenario.ts';

/** Feeding byte by byte costs time: up to these sizes, in bytes. */
const SMALL = 4_000;
const MIDDLE = 300_000;
/** One capture is as large as all others of a scenario together. */
const LARGE = 5_000_000;

describe.each(allScenarios())('$name', (scenario) => {
  test('chunks, formats, byte orders, times and names change nothing', () => {
    const found = scenario.captures.filter(isTelling).flatMap((name) => {
      const bytes = captureBytes(scenario, name);
      const chunks = [
        ...(bytes.length <= SMALL ? [1] : []),
        ...(bytes.length <= MIDDLE ? [7] : []),
        ...(bytes.length <= LARGE ? [997] : []),
        65_536,
      ];
      return checkCapture(name, bytes, readPcap(bytes), chunks);
    });
    expect(found).toEqual([]);
  });

  test('the order of the captures changes no verdict', () => {
    const forward = scenario.captures;
    const turned = [...forward.slice(2), ...forward.slice(0, 2)];
    const expected = verdicts(diagnose(scenario, forward));
    for (const files of [[...forward].reverse(), turned]) {
      expect(firstDifference(verdicts(diagnose(scenario, files)), expected)).toBeNull();
    }
  });
});

/** Node captures are alike; of each scenario the ends and one node are put to the test. */
const isTelling = (name: string): boolean => !/^node-a|\.in\./.test(name);

/** What is said of each flow, in the order of their ids. */
function verdicts(report: Report): unknown {
  const said = report.flows.map(({ id, outcome, cause, candidates, contributing, confidence, ruledOut }) => {
    return { id, outcome, cause, candidates, contributing, confidence, ruledOut };
  });
  return said.sort((a, b) => (a.id < b.id ? -1 : 1));
}
