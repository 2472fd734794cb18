/**
 * Diagnoses what a run captured, by the code that the command has, and holds it against the truth.
 * The trap: a silent end of a capture says nothing unless one knows how long was captured; the lab knows, and
 * says so, as `--until` does.
 */
import path from 'node:path';
import { createAnalysis, type Flow, parseVantage, type Report, worstStall } from '../analyzer/index.ts';
import { readJournal } from '../cli/journals.ts';
import { createProgress } from '../cli/progress.ts';
import { readCapture } from '../cli/read-capture.ts';
import { VERSION } from '../cli/version.ts';
import type { FlowTruth, Truth } from './truth.ts';

export interface DiagnosisInput {
  /** Of the run's results; captures and journals are named relative to it. */
  readonly folder: string;
  readonly captures: readonly { readonly vantage: string; readonly path: string }[];
  readonly journals: readonly { readonly node: string; readonly path: string }[];
  /** ns since the epoch. */
  readonly until: bigint;
}

/** @throws UserError where a file cannot be read */
export async function diagnoseRun({ folder, captures, journals, until }: DiagnosisInput): Promise<Report> {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: VERSION }, until });
  for (const { node, path: file } of journals) {
    const journal = await readJournal({ path: file, node }, undefined);
    analysis.addJournal({ ...journal, file: path.relative(folder, file) });
  }
  const silent = createProgress({ write() {} });
  for (const { vantage, path: file } of captures) {
    const place = parseVantage(vantage);
    const input = { file: path.relative(folder, file), ...(place && { vantage: place }) };
    await readCapture({ path: file, input }, analysis.addCapture(input), silent);
  }
  return analysis.finish();
}

export interface FlowVerdict {
  readonly truth: FlowTruth;
  readonly found: {
    readonly id: string;
    readonly outcome: string;
    readonly cause: string | null;
    readonly contributing: readonly string[];
    /** Where it cannot tell: what it may have been. */
    readonly candidates: readonly string[];
  } | null;
  readonly agrees: boolean;
}

/** Whether a failover is found where there was one, and none where there was none. */
export const agreesOnFailover = (report: Report, { failedOver }: Truth): boolean =>
  failedOver === null || report.failovers.length > 0 === failedOver;

export const compareFlows = (report: Report, truth: Truth): FlowVerdict[] =>
  truth.flows.map((flow) => compareFlow(report, flow));

function compareFlow(report: Report, truth: FlowTruth): FlowVerdict {
  const flow = flowOf(report, truth);
  if (flow === undefined) return { truth, found: null, agrees: false };
  // As the terminal shows it: a flow that nothing ended may still have waited for a reason.
  const cause = flow.cause ?? (flow.outcome === 'unaffected' ? (worstStall(flow)?.cause ?? null) : null);
  const agrees =
    truth.outcome.includes(flow.outcome) &&
    truth.cause.some((accepted) => accepted === flow.cause || accepted === cause) &&
    (flow.outcome === 'unaffected' || isHonest(flow, truth)) &&
    truth.contributing.every((one) => flow.contributing.some((found) => found === one));
  return {
    truth,
    found: {
      id: flow.id,
      outcome: flow.outcome,
      cause,
      contributing: flow.contributing,
      candidates: flow.candidates,
    },
    agrees,
  };
}

/** A diagnosis that leaves the cause open is right only where what really was is among what it may have been. */
const isHonest = ({ cause, candidates }: Flow, truth: FlowTruth): boolean =>
  cause !== null ||
  truth.cause.some((accepted) => accepted !== null && candidates.some((one) => one === accepted));

/** By its ports; where they were used twice, the one that began nearest to when the client had it. */
function flowOf(report: Report, { clientPort, serverPort, since }: FlowTruth): Flow | undefined {
  const away = (flow: Flow): number => Math.abs(Number(flow.start) / 1e9 - Number(since));
  return report.flows
    .filter(({ client, server }) => client.port === clientPort && server.port === serverPort)
    .sort((a, b) => away(a) - away(b))[0];
}
