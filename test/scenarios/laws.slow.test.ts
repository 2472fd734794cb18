/**
 * Laws that hold for every capture of every scenario, whatever it shows: how a
 * file is fed, written or named changes nothing (check-capture.ts). Those of
 * captures that are given together are in together.slow.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { checkCapture } from './check-capture.ts';
import { readPcap } from './pcap-records.ts';
import { allScenarios, captureBytes } from './scenario.ts';

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
});

/** Node captures are alike; of each scenario the ends and one node are put to the test. */
const isTelling = (name: string): boolean => !/^node-a|\.in\./.test(name);
