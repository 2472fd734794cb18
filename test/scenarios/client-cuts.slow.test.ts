/**
 * Every client's capture, cut at many records, as if it had been stopped there.
 * The law: an answer rests on what the file holds up to the cut and never
 * contradicts the truth. In detail:
 * - before the path was lost there is no failover, no cause, no stall of one;
 * - `resumed`, `connect-delayed` and `cut-short` need progress after a silence
 *   of a second, `reset` an RST of the server, `gave-up` a FIN or RST of the
 *   client, `cut-short` a FIN of the server;
 * - `hung` and `not-connected` need two transmissions of the client without an
 *   answer, or 30 s of silence in the file;
 * - `unaffected` is wrong where two transmissions of the client are unanswered;
 * - a cause that is given is one of the truth's, and one of those is among the
 *   first 12 candidates where the flow had ended or gone on as it did in truth.
 */
import { describe, expect, test } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import { CANDIDATES_READ } from './client-only.ts';
import { cutAfter, type PcapFile, readPcap } from './pcap-records.ts';
import { segmentsOf } from './raw-segment.ts';
import { allScenarios, captureBytes, diagnoseBytes, flowOf, type Scenario } from './scenario.ts';
import { type Seen, whatIsSeen } from './seen.ts';

const NAME = 'client.pcap.gz';
const SPREAD = 12;
/** Frames of the flow around its longest silences that are tried one by one. */
const MOST_AROUND = 48;
const SECOND = 1_000_000_000n;

describe.each(allScenarios().filter((s) => !s.control))('$name', (scenario) => {
  test('cut anywhere, no wrong answer', () => {
    const bytes = captureBytes(scenario, NAME);
    const file = readPcap(bytes);
    const whole = flowOf(diagnoseBytes([{ input: { file: NAME }, bytes }]), scenario.truth) as Flow;
    const wrong = cutsOf(scenario, file).flatMap((cut) => {
      const report = diagnoseBytes([{ input: { file: NAME }, bytes: cutAfter(bytes, file, cut) }]);
      const seen = whatIsSeen({ ...file, records: file.records.slice(0, cut) }, scenario.truth.flow);
      return breaches(scenario, report, seen, whole).map((what) => `cut after frame ${cut}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });
});

function breaches(scenario: Scenario, report: Report, seen: Seen, whole: Flow): string[] {
  const { truth } = scenario;
  const flow = flowOf(report, truth);
  if (flow === undefined) return seen.segments === 0 ? [] : ['the flow is not in the report'];
  const found: string[] = [];
  const law = (holds: boolean, what: string): void => {
    if (!holds) found.push(`${flow.outcome} ${flow.cause ?? '-'}: ${what}`);
  };
  const { outcome, cause } = flow;
  const went = outcome === 'resumed' || outcome === 'connect-delayed' || outcome === 'cut-short';
  law(!went || seen.wentOn, 'nothing went on yet');
  law(outcome !== 'reset' || seen.serverReset, 'no RST of the server yet');
  law(outcome !== 'gave-up' || seen.clientClosed, 'the client had not closed yet');
  law(outcome !== 'cut-short' || seen.serverFin, 'no FIN of the server yet');
  const hangs = outcome === 'hung' || outcome === 'not-connected';
  law(!hangs || seen.unanswered >= 2 || seen.silence >= 30, 'too little to call it a hang');
  law(outcome !== 'unaffected' || seen.unanswered < 2, 'two transmissions are unanswered');
  law(cause === null || truth.cause.includes(cause), 'not the cause of the truth');
  if (isBeforeLoss(scenario, seen)) {
    law(outcome === 'undecided' || outcome === 'unaffected', 'the path is not lost yet');
    law(report.failovers.length === 0, 'a failover before the path is lost');
  } else if (cause === null && outcome === whole.outcome && outcome !== 'unaffected') {
    const read: (string | null)[] = flow.candidates.slice(0, CANDIDATES_READ);
    law(
      truth.cause.some((c) => read.includes(c)),
      `the true cause is not among the first candidates (${flow.candidates.join(' ')})`,
    );
  }
  return found;
}

/** The truth's instant is that of the script which cut the path; frames that had passed still arrive. */
function isBeforeLoss(scenario: Scenario, seen: Seen): boolean {
  const { pathLost } = scenario.truth;
  if (pathLost === null) return false;
  return seen.lastTime < BigInt(Math.floor(Number(pathLost) * 1e6)) * 1000n;
}

/** Frame counts: spread over the file, around every silence of the flow, and after its last data. */
function cutsOf(scenario: Scenario, file: PcapFile): number[] {
  const all = file.records.length;
  const spread = Array.from({ length: SPREAD }, (_, i) => Math.floor((all * (i + 1)) / (SPREAD + 1)));
  const segments = segmentsOf(file, scenario.truth.flow);
  const lastData = segments.findLastIndex((s) => s.length > 1);
  const around = segments.filter((s, i) => {
    const before = segments[i - 1];
    const after = segments[i + 1];
    const waited = before !== undefined && s.record.time - before.record.time > SECOND;
    const waits = after !== undefined && after.record.time - s.record.time > SECOND;
    return waited || waits || i >= lastData;
  });
  const near = around.slice(-MOST_AROUND).flatMap((s) => [s.record.frame, s.record.frame + 1]);
  return [...new Set([...spread, ...near, all])].filter((n) => n > 0 && n <= all).sort((a, b) => a - b);
}
