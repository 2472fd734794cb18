/**
 * Every real failover and every control, given only the client's capture. The
 * answer may be open; it may not be wrong, and it must not be open where one
 * capture decides. The table of all is a golden file.
 */
import { describe, expect, test } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import {
  CANDIDATES_READ,
  DECIDED_BY_CLIENT,
  diagnoseClient,
  type Row,
  rowOf,
  tableOf,
} from './client-only.ts';
import { expectGolden } from './golden.ts';
import { type PcapFile, type PcapRecord, readPcap } from './pcap-records.ts';
import { segmentsOf } from './raw-segment.ts';
import { allScenarios, captureBytes, diagnose, flowOf, type Scenario } from './scenario.ts';

const CLIENT = 'client.pcap.gz';
/** An acknowledgement comes at once or by the delayed-ACK timer, 200 ms at most in Linux. */
const ACK_DELAY = 250_000_000n;
const SILENCE_IS_HANG = 30_000_000_000n;
const MINUTE = 60_000_000_000n;

/** Seconds between what the script noted and what it did. */
const LATE = 0.25;

const scenarios = allScenarios();
const found = new Map<string, { report: Report; row: Row }>();

/** Diagnosed once; a crash then fails the tests of that scenario only. */
function answerFor(scenario: Scenario): { report: Report; row: Row } {
  let answer = found.get(scenario.name);
  if (answer === undefined) {
    const report = diagnoseClient(scenario);
    answer = { report, row: rowOf(scenario, report) };
    found.set(scenario.name, answer);
  }
  return answer;
}

test('all 36 failovers and 4 controls are there', () => {
  expect(scenarios.filter((s) => !s.control)).toHaveLength(36);
  expect(scenarios.filter((s) => s.control)).toHaveLength(4);
});

test('the table is that of the golden file', () => {
  expectGolden('scenarios/client-only.txt', tableOf(scenarios.map((s) => answerFor(s).row)));
});

describe.each(scenarios)('$name', (scenario) => {
  const isDecided = scenario.name in DECIDED_BY_CLIENT;

  test('no wrong answer', () => {
    const { report, row } = answerFor(scenario);
    const { candidates } = flowOf(report, scenario.truth) as Flow;
    const answer = { ...row, candidates, ruledOut: truthRuledOut(scenario, report) };
    expect(row.verdict, JSON.stringify(answer, null, 1)).not.toBe('wrong');
  });

  test(`the cause is ${isDecided ? 'given' : 'left open, or there is none'}`, () => {
    const { cause, outcome } = flowOf(answerFor(scenario).report, scenario.truth) as Flow;
    const reason = DECIDED_BY_CLIENT[scenario.name];
    if (reason !== undefined) expect(cause, `decided by the client's capture: ${reason}`).not.toBeNull();
    else if (outcome !== 'unaffected') {
      expect(cause, 'a cause was found: give the reason in DECIDED_BY_CLIENT').toBeNull();
    }
  });

  test('the cause of the truth is not ruled out', () => {
    const { report, row } = answerFor(scenario);
    if (row.outcome !== 'unaffected') expect(truthRuledOut(scenario, report)).toEqual([]);
  });

  test('the failover is where the truth has it', () => {
    const { pathLost, pathRestored } = scenario.truth;
    for (const failover of answerFor(scenario).report.failovers) {
      expect(pathLost, 'there was none').not.toBeNull();
      // A connection opened in the outage knows only that the path was down by then.
      const isBound = scenario.truth.outcome.includes('connect-delayed');
      const latest = Number(isBound ? pathRestored : pathLost) + LATE;
      expect(secondsOf(failover.pathLost), 'frames still came').toBeLessThan(latest);
      if (failover.pathRestored === null) continue;
      expect(pathRestored, 'the path never came back').not.toBeNull();
      expect(secondsOf(failover.pathRestored), 'too early').toBeGreaterThan(Number(pathRestored) - LATE);
    }
  });

  test('undecided only where the file shows no stall, and a minute of silence later it hung', () => {
    if (answerFor(scenario).row.outcome !== 'undecided') return;
    const file = readPcap(captureBytes(scenario, CLIENT));
    expect(framesAfterLastData(scenario, file)).toEqual([]);
    const last = (file.records.at(-1) as PcapRecord).time;
    expect(last - lastData(scenario, file).time < SILENCE_IS_HANG, 'a silence of 30 s is covered').toBe(true);

    const later = flowOf(diagnose(scenario, [CLIENT], { until: last + MINUTE }), scenario.truth) as Flow;
    expect(later.outcome).toBe('hung');
    expect(later.cause).toBeNull();
    const read: (string | null)[] = later.candidates.slice(0, CANDIDATES_READ);
    expect(scenario.truth.cause.filter((cause) => read.includes(cause))).not.toEqual([]);
  });
});

test('every scenario that is said to be decided exists', () => {
  const names = scenarios.map((s) => s.name);
  expect(Object.keys(DECIDED_BY_CLIENT).filter((name) => !names.includes(name))).toEqual([]);
});

const secondsOf = (ns: string): number => Number(ns) / 1e9;

/** Reasons given against the best of the truth's causes. */
function truthRuledOut(scenario: Scenario, report: Report): string[] {
  const flow = flowOf(report, scenario.truth);
  const best = scenario.truth.cause[0];
  return (flow?.ruledOut ?? []).filter((r) => r.cause === best).map((r) => `${r.cause}: ${r.because}`);
}

function lastData(scenario: Scenario, file: PcapFile): PcapRecord {
  const data = segmentsOf(file, scenario.truth.flow).filter((s) => s.length > 0);
  return (data.at(-1) as { record: PcapRecord }).record;
}

/** Frame numbers of the flow after its last data, other than the acknowledgements of that data. */
function framesAfterLastData(scenario: Scenario, file: PcapFile): number[] {
  const last = lastData(scenario, file);
  return segmentsOf(file, scenario.truth.flow)
    .filter((s) => s.record.frame > last.frame && (s.flags !== 0x10 || s.record.time - last.time > ACK_DELAY))
    .map((s) => s.record.frame);
}
