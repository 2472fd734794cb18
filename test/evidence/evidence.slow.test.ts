/**
 * The evidence of every report over a client's capture, re-read with tshark:
 * each cited frame exists, belongs to whom the claim says and shows what it
 * says, and the numbers in the sentences come out the same.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnoseClient } from '../scenarios/client-only.ts';
import { allScenarios, type Scenario } from '../scenarios/scenario.ts';
import { detectTshark } from '../tshark.ts';
import { checkClaims, checkMarks, type Witness } from './check-claims.ts';
import { recompute } from './check-numbers.ts';
import { readWithTshark } from './tshark-reader.ts';

const tshark = detectTshark();
const scenarios = allScenarios();
const total: Record<string, number> = {};

async function witness(scenario: Scenario): Promise<Witness> {
  const frames = await readWithTshark(join(scenario.folder, 'client.pcap.gz'));
  return { frames, report: diagnoseClient(scenario) };
}

describe.skipIf(tshark === null)(`evidence, re-read with tshark ${tshark ?? '(which is missing)'}`, () => {
  test.concurrent.each(scenarios)(
    '$name',
    async (scenario) => {
      const read = await witness(scenario);
      expect(read.report.captures[0]?.frames).toBe(read.frames.size);
      expect(checkClaims(read)).toEqual([]);
      expect(checkMarks(read)).toEqual([]);
      const { count, wrong } = recompute(read);
      expect(wrong).toEqual([]);
      for (const [kind, n] of Object.entries(count)) total[kind] = (total[kind] ?? 0) + n;
    },
    120_000,
  );

  // Sentences may be reworded; then the patterns that find their numbers must follow.
  test('every kind of number was worked out again', () => {
    expect(total.stall).toBeGreaterThan(30);
    expect(total['unanswered probes']).toBeGreaterThan(5);
    expect(total['stuck bytes']).toBeGreaterThan(3);
    expect(total['time after the last progress']).toBeGreaterThan(15);
    expect(total.absence).toBeGreaterThan(0);
  });
});
