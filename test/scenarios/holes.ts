/**
 * Holes cut into one capture of a scenario, noted as a collector notes them, and what may be said then.
 * The trap: a hole takes away proofs and makes none. So the answer is the one that there was without it, or an open one
 * with the true cause among the candidates; never another one.
 */

import type { Flow, Report } from '../../analyzer/index.ts';
import { writeNote } from '../../packet/file/collector-note.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { recordsOf } from './capture-cache.ts';
import { type PcapFile, writeCapture } from './pcap-records.ts';
import type { Scenario } from './scenario.ts';
import { diagnoseInputs, type Input, labelled } from './together.ts';
import { findFlows } from './truth-flow.ts';

export interface Hole {
  readonly source: string;
  /** ns since the epoch. */
  readonly from: bigint;
  readonly to: bigint;
}

/** The capture without what was in the hole; with a note of it, or without any. */
export function withHole(file: PcapFile, { from, to }: Hole, isNoted = true): Uint8Array {
  const kept = file.records.filter(({ time }) => time < from || time >= to);
  if (!isNoted) return writeCapture(kept, file);
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  writer.addInterface({ linkType: file.linkType, snaplen: file.snaplen, resolution: 9, name: 'eth1' });
  let isTold = false;
  const tell = (): void => {
    isTold = true;
    const note = {
      note: 'gap' as const,
      from: `${from}`,
      to: `${to}`,
      why: 'tcpdump was ended by SIGKILL',
    };
    writer.statistics({ time: to, endTime: to, comments: [writeNote(note)] });
  };
  for (const record of kept) {
    if (!isTold && record.time >= to) tell();
    writer.packet(record);
  }
  if (!isTold) tell();
  return Buffer.concat(chunks);
}

export const inputsWith = (
  inputs: readonly Input[],
  scenario: Scenario,
  hole: Hole,
  isNoted = true,
): Input[] =>
  inputs.map((input) =>
    input.file === hole.source
      ? { ...input, bytes: withHole(recordsOf(scenario, hole.source), hole, isNoted) }
      : input,
  );

const SECOND = 1_000_000_000n;

/** Holes before, at the edges of, within and after the incident, of several lengths. */
export function holesOf(scenario: Scenario, source: string): Hole[] {
  const { records } = recordsOf(scenario, source);
  const first = records[0]?.time;
  const last = records.at(-1)?.time;
  if (first === undefined || last === undefined) return [];
  const at = (t: string | null): bigint | null =>
    t === null ? null : BigInt(Math.floor(Number(t) * 1e6)) * 1000n;
  const lost = at(scenario.truth.pathLost) ?? first + (last - first) / 2n;
  const restored = at(scenario.truth.pathRestored) ?? lost + 10n * SECOND;
  const middle = lost + (restored - lost) / 2n;
  const spans: [bigint, bigint][] = [
    [lost - SECOND, lost + SECOND],
    [lost + SECOND / 5n, lost + 3n * SECOND],
    [middle - SECOND / 2n, middle + SECOND / 2n],
    [restored - SECOND, restored + 2n * SECOND],
    [restored + SECOND, restored + 12n * SECOND],
    [lost - SECOND / 2n, restored + SECOND / 2n],
    [lost - SECOND / 2n, last + SECOND],
    [restored + SECOND, last + SECOND],
    [last - 3n * SECOND, last + SECOND],
    [first, lost - SECOND / 2n],
    [first + SECOND, first + 3n * SECOND],
    [restored - SECOND / 5n, restored + SECOND / 5n],
    [restored + 20n * SECOND, restored + 40n * SECOND],
  ];
  return spans
    .filter(([from, to]) => from < to && to > first && from < last)
    .map(([from, to]) => ({ source, from, to }));
}

/** Null where what is said with a hole is right. */
export function whyWrongWith(scenario: Scenario, whole: Report, holed: Report): string | null {
  const [before] = findFlows(whole, scenario);
  const [flow] = findFlows(holed, scenario);
  if (before === undefined) return null;
  // All that was captured of it may lie in the hole.
  if (flow === undefined) return null;
  if (flow.outcome === before.outcome && flow.cause === before.cause && flow.cause !== null) return null;
  const said = `${flow.outcome} ${flow.cause ?? `?(${flow.candidates.join(' ')})`}, was ${before.outcome} ${before.cause ?? `?(${before.candidates.slice(0, 3).join(' ')})`}`;
  const { truth } = scenario;
  const outcomes = [...truth.outcome, before.outcome, 'undecided'];
  if (!outcomes.includes(flow.outcome)) return `outcome: ${said}`;
  if (flow.cause !== null) return truth.cause.includes(flow.cause) ? null : `cause: ${said}`;
  if (truth.cause.includes(null)) return null;
  return isCandidate(flow, truth.cause) ? null : `no candidate: ${said}`;
}

const isCandidate = (flow: Flow, causes: readonly (string | null)[]): boolean =>
  flow.candidates.some((c) => causes.includes(c));

export const diagnoseWith = (scenario: Scenario, hole: Hole, only?: (file: string) => boolean): Report =>
  diagnoseInputs(
    inputsWith(
      labelled(scenario).filter(({ file }) => only?.(file) ?? true),
      scenario,
      hole,
    ),
  );

/** Claims of absence that name the capture with the hole, or the view that it is, and rest on a time in the hole. */
export function absentIn(report: Report, hole: Hole): string[] {
  const gapped = report.captures.filter((c) => c.gaps !== undefined);
  return report.flows.flatMap((flow) =>
    flow.claims.flatMap(({ kind, text, coverage }) => {
      if (kind !== 'absent' || coverage === undefined) return [];
      const touches = BigInt(coverage.from) < hole.to && BigInt(coverage.to) > hole.from;
      const speaks = gapped.some(({ vantage: { host } }) => `${text} ${coverage.why}`.includes(host));
      return touches && speaks ? [`${flow.id}: ${text} (${coverage.why})`] : [];
    }),
  );
}
