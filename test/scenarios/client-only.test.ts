/**
 * Every real failover and every control, given only the client's capture. The
 * answer may be open; it may not be wrong, and it must not be open where one
 * capture decides. The table of all is a golden file.
 */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
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

const scenarios = allScenarios();
const found = new Map<string, { report: Report; row: Row }>();
for (const scenario of scenarios) {
  const report = diagnoseClient(scenario);
  found.set(scenario.name, { report, row: rowOf(scenario, report) });
}
const foundFor = (scenario: Scenario): { report: Report; row: Row } =>
  found.get(scenario.name) as { report: Report; row: Row };

test('all 36 failovers and 4 controls are there', () => {
  expect(scenarios.filter((s) => !s.control)).toHaveLength(36);
  expect(scenarios.filter((s) => s.control)).toHaveLength(4);
});

test('the table is that of the golden file', () => {
  expectGolden('scenarios/client-only.txt', tableOf(scenarios.map((s) => foundFor(s).row)));
});

describe.each(scenarios)('$name', (scenario) => {
  const { report, row } = foundFor(scenario);
  const flow = flowOf(report, scenario.truth);

  test('no wrong answer', () => {
    const answer = { ...row, candidates: flow?.candidates, ruledOut: truthRuledOut(scenario, report) };
    expect(row.verdict, JSON.stringify(answer, null, 1)).not.toBe('wrong');
  });

  test(`the cause is ${scenario.name in DECIDED_BY_CLIENT ? 'given' : 'left open, or there is none'}`, () => {
    const reason = DECIDED_BY_CLIENT[scenario.name];
    if (reason !== undefined) expect(flow?.cause, `decided by the client's capture: ${reason}`).not.toBeNull();
    else if (flow?.outcome !== 'unaffected') {
      expect(flow?.cause, 'a cause was found: name the reason in DECIDED_BY_CLIENT').toBeNull();
    }
  });

  test('no cause of the truth is ruled out', () => {
    if (flow?.outcome !== 'unaffected') expect(truthRuledOut(scenario, report)).toEqual([]);
  });

  test.runIf(row.outcome === 'undecided')('undecided: nothing in the file shows a stall', () => {
    const file = readPcap(captureBytes(scenario, CLIENT));
    expect(framesAfterLastData(scenario, file)).toEqual([]);
    const last = (file.records.at(-1) as PcapRecord).time;
    const data = lastData(scenario, file);
    expect(last - data.time < SILENCE_IS_HANG, 'the file covers a silence of 30 s').toBe(true);
  });

  test.runIf(row.outcome === 'undecided')('but with --until a minute later it hung', () => {
    const file = readPcap(captureBytes(scenario, CLIENT));
    const until = (file.records.at(-1) as PcapRecord).time + MINUTE;
    const later = flowOf(diagnose(scenario, [CLIENT], { until }), scenario.truth);
    expect(later?.outcome).toBe('hung');
    expect(later?.cause).toBeNull();
    const read = later?.candidates.slice(0, CANDIDATES_READ) as (string | null)[];
    expect(scenario.truth.cause.filter((cause) => read.includes(cause))).not.toEqual([]);
  });
});

test('every scenario that is said to be decided exists', () => {
  const names = scenarios.map((s) => s.name);
  expect(Object.keys(DECIDED_BY_CLIENT).filter((name) => !names.includes(name))).toEqual([]);
});

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
