/**
 * Controls that are cut in mid-transfer, from every vantage: they look like a
 * capture that was stopped, for that is what they are, or like the stall that
 * the truth allows. Never like a hang, and never like a failover.
 */
import { describe, expect, test } from 'vitest';
import { failoverSigns } from './no-failover.ts';
import { cutAfter, type PcapFile, readPcap } from './pcap-records.ts';
import { fromServer, type RawSegment, segmentsOf } from './raw-segment.ts';
import { allScenarios, captureBytes, diagnoseBytes, flowOf, type Scenario } from './scenario.ts';

const SECOND = 1_000_000_000n;
/** Places in the transfer, and in its longest silence. */
const PLACES = 8;

const controls = allScenarios().filter((s) => s.control);

describe.each(controls)('$name', (scenario) => {
  // Bytes are still to come, so nothing is over yet: `unaffected` would be too early.
  const accepted = ['undecided', ...scenario.truth.outcome.filter((o) => o !== 'unaffected')];
  // Node B stands by and sees none of it.
  const vantages = scenario.captures.filter((name) => !name.startsWith('node-b'));

  test.each(vantages)('%s, cut in mid-transfer, is undecided', (name) => {
    const bytes = captureBytes(scenario, name);
    const file = readPcap(bytes);
    const cuts = cutsOf(scenario, file);
    expect(cuts.length).toBeGreaterThan(3);
    const wrong = cuts.flatMap((cut) => {
      const report = diagnoseBytes([{ input: { file: name }, bytes: cutAfter(bytes, file, cut) }]);
      const flow = flowOf(report, scenario.truth);
      const isFine = flow !== undefined && accepted.includes(flow.outcome);
      const outcome = isFine ? [] : [`${flow?.outcome} ${flow?.cause ?? ''}`];
      return [...outcome, ...failoverSigns(report)].map((what) => `cut after frame ${cut}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });
});

/**
 * Frame counts after which the transfer still has bytes to come: eighths of
 * the answer, and every sixth part of the frames that lie in a silence.
 */
function cutsOf(scenario: Scenario, file: PcapFile): number[] {
  const segments = segmentsOf(file, scenario.truth.flow);
  const request = segments.findIndex((s) => s.length > 0);
  const last = segments.findLastIndex((s) => s.length > 0 && fromServer(s, scenario.truth.flow));
  if (request < 0 || last <= request) return [];
  const inTransfer = segments.slice(request, last);
  const eighths = Array.from(
    { length: PLACES - 1 },
    (_, i) => inTransfer[Math.floor((inTransfer.length * (i + 1)) / PLACES)] as RawSegment,
  );
  const silence = longestSilence(inTransfer);
  const some = silence.filter((_, i) => i % Math.ceil(silence.length / 6) === 0);
  return [...new Set([...eighths, ...some].map((s) => s.record.frame))];
}

/** The frames between the two data frames that are farthest apart in time, with the first of them. */
function longestSilence(segments: readonly RawSegment[]): RawSegment[] {
  const data = segments.filter((s) => s.length > 1);
  let best: RawSegment[] = [];
  let longest = SECOND;
  for (let i = 0; i + 1 < data.length; i++) {
    const [a, b] = [data[i], data[i + 1]] as [RawSegment, RawSegment];
    if (b.record.time - a.record.time < longest) continue;
    longest = b.record.time - a.record.time;
    best = segments.slice(segments.indexOf(a), segments.indexOf(b));
  }
  return best;
}
