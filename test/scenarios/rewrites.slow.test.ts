/**
 * The same connections in other clothes: sequence numbers that wrap in the
 * middle of the transfer and in the stall, IPv6 in place of IPv4, a connection
 * without the others beside it. Nothing may be lost but what is taken away: no
 * IP identification in IPv6, no other connection to compare with.
 */
import { describe, expect, test } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import { firstDifference } from './check-capture.ts';
import { rowOf } from './client-only.ts';
import { snaplenOver6, toIpv6 } from './ipv6-rewrite.ts';
import { type PcapFile, readPcap, type WrittenRecord, writeCapture } from './pcap-records.ts';
import { fromClient, fromServer, type RawSegment, segmentsOf } from './raw-segment.ts';
import { moveSequence, onlyConnection } from './rewrite.ts';
import { allScenarios, captureBytes, diagnoseBytes, flowOf, type Scenario } from './scenario.ts';

const NAME = 'client.pcap.gz';
const WRAP = 2 ** 32;

const diagnoseRecords = (records: readonly WrittenRecord[], like: PcapFile): Report =>
  diagnoseBytes([{ input: { file: NAME }, bytes: writeCapture(records, like) }]);

describe.each(allScenarios())('$name', (scenario) => {
  test('sequence numbers that wrap change nothing', () => {
    const bytes = captureBytes(scenario, NAME);
    const file = readPcap(bytes);
    const plain = verdict(diagnoseBytes([{ input: { file: NAME }, bytes }]), scenario);
    for (const [where, by] of wraps(scenario, file)) {
      const wrapped = diagnoseRecords(moveSequence(file, scenario.truth.flow, by), file);
      const difference = firstDifference(verdict(wrapped, scenario), plain);
      expect(difference === null ? null : `wrap ${where}: ${difference}`).toBeNull();
    }
  });

  test('over IPv6 there is no wrong answer', () => {
    const file = readPcap(captureBytes(scenario, NAME));
    expectNotWrong(scenario, diagnoseRecords(toIpv6(file), { ...file, snaplen: snaplenOver6(file.snaplen) }));
  });

  test('without the other connections there is no wrong answer', () => {
    const file = readPcap(captureBytes(scenario, NAME));
    const alone = onlyConnection(file, scenario.truth.flow);
    if (alone.length < file.records.length) expectNotWrong(scenario, diagnoseRecords(alone, file));
  });
});

function expectNotWrong(scenario: Scenario, report: Report): void {
  const row = rowOf(scenario, report);
  const flow = flowOf(report, scenario.truth) as Flow;
  const best = scenario.truth.cause[0];
  const against = flow.ruledOut.filter((r) => r.cause === best);
  expect(row.verdict, JSON.stringify({ row, candidates: flow.candidates, against }, null, 1)).not.toBe(
    'wrong',
  );
}

/** All that is said of the flow, but its id: it holds the first sequence number. */
function verdict(report: Report, scenario: Scenario): unknown {
  const { id: _id, ...flow } = flowOf(report, scenario.truth) as Flow;
  return { ...flow, failovers: report.failovers, headline: report.headline };
}

/** Constants that let both ends wrap in the middle of the transfer, and between the two last bytes before the longest silence. */
function wraps(
  scenario: Scenario,
  file: PcapFile,
): [where: string, by: { client: number; server: number }][] {
  const ports = scenario.truth.flow;
  const segments = segmentsOf(file, ports);
  const places: [where: string, index: number, off: number][] = [
    ['in mid-transfer', Math.floor(segments.length / 2), 0],
    ['at the silence', quietest(segments), 1],
  ];
  return places.map(([where, index, off]) => {
    const before = segments.slice(0, index + 1);
    const client = before.findLast((s) => fromClient(s, ports));
    const server = before.findLast((s) => fromServer(s, ports));
    return [where, { client: toZero(client) + off, server: toZero(server) + off }];
  });
}

/** With it added, the byte that the end sends next is number 0. */
const toZero = (s: RawSegment | undefined): number =>
  s === undefined ? 0 : WRAP - ((s.seq + s.length) % WRAP);

/** Index of the segment before the longest silence. */
function quietest(segments: readonly RawSegment[]): number {
  let best = 0;
  for (let i = 1; i + 1 < segments.length; i++) if (wait(segments, i) > wait(segments, best)) best = i;
  return best;
}

const wait = (segments: readonly RawSegment[], i: number): number =>
  Number((segments[i + 1]?.record.time ?? 0n) - (segments[i]?.record.time ?? 0n));
