/**
 * Controls: transfers without any failover, one of them clean, one with loss,
 * one whose server thinks, one whose client stops reading. No vantage may see a
 * failover in them, and a control that is cut in mid-transfer may look like a
 * capture that was stopped, never like a hang.
 */
import { describe, expect, test } from 'vitest';
import { type Flow, NOT_THE_FAILOVER, type Report } from '../../analyzer/index.ts';
import { cutAfter, type PcapFile, readPcap } from './pcap-records.ts';
import { fromServer, type RawSegment, segmentsOf } from './raw-segment.ts';
import { allScenarios, captureBytes, diagnose, diagnoseBytes, flowOf, type Scenario } from './scenario.ts';

const SECOND = 1_000_000_000n;
const PLACES = 8;

const controls = allScenarios().filter((s) => s.control);

describe.each(controls)('$name', (scenario) => {
  const selections = [...scenario.captures.map((file) => [file]), [...scenario.captures]];

  test.each(selections.map((files) => [files.length === 1 ? files[0] : 'all together', files] as const))(
    'no failover is seen from %s',
    (_name, files) => {
      const report = diagnose(scenario, files);
      expectNoFailover(report);
      for (const flow of report.flows) expect([flow.id, flow.outcome]).toEqual([flow.id, 'unaffected']);
    },
  );

  test.each(scenario.captures)('%s, cut in mid-transfer, is undecided and never hung', (name) => {
    const bytes = captureBytes(scenario, name);
    const file = readPcap(bytes);
    for (const cut of cutsOf(scenario, file)) {
      const input = { input: { file: name }, bytes: cutAfter(bytes, file, cut) };
      const report = diagnoseBytes([input]);
      const flow = flowOf(report, scenario.truth);
      expect([cut, flow?.outcome, flow?.cause]).toEqual([cut, 'undecided', null]);
      expectNoFailover(report);
    }
  });

  test.each(scenario.captures)(
    '%s, cut, and silent for a minute after it: hung or the stall it is',
    (name) => {
      const bytes = captureBytes(scenario, name);
      const file = readPcap(bytes);
      for (const cut of cutsOf(scenario, file)) {
        const until = (file.records[cut - 1] as { time: bigint }).time + 60n * SECOND;
        const input = { input: { file: name }, bytes: cutAfter(bytes, file, cut) };
        const flow = flowOf(diagnoseBytes([input], { until }), scenario.truth) as Flow;
        expect([cut, ['hung', 'undecided', 'unaffected'].includes(flow.outcome)]).toEqual([cut, true]);
        expect([cut, flow.cause]).toEqual([cut, null]);
      }
    },
  );
});

function expectNoFailover(report: Report): void {
  expect(report.failovers).toEqual([]);
  const innocent: (string | null)[] = [null, ...NOT_THE_FAILOVER];
  for (const flow of report.flows) {
    expect(innocent).toContain(flow.cause);
    expect(flow.contributing).toEqual([]);
    for (const stall of flow.stalls) expect(innocent).toContain(stall.cause);
  }
  for (const cause of report.causes) expect(innocent).toContain(cause.id);
}

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
