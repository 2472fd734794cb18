/**
 * A scenario diagnosed from several selections of its captures, and how each
 * answer compares with the truth.
 * The trap: a selection that lacks a vantage may honestly leave the cause open
 * and a listener's hang `undecided`; it may never name another cause.
 */
import {
  type CaptureInput,
  type CauseId,
  createAnalysis,
  type Flow,
  type Outcome,
  type Report,
} from '../../../analyzer/index.ts';
import { vantageFromName } from '../../../analyzer/vantage/file-name.ts';
import type { CaptureFile } from '../gateway.ts';
import { Chance } from '../world/clockwork.ts';
import type { FlowTruth, Recording, SynthesisedScenario } from './scenario.ts';

export const VIEWS = ['all six', 'shuffled', 'on any', 'client only', 'no node B'] as const;
export type View = (typeof VIEWS)[number];

/** Only so many candidates are read by anybody. */
export const CANDIDATES_READ = 12;

export interface Row {
  readonly scenario: string;
  readonly view: View;
  readonly truth: FlowTruth;
  readonly outcome: Outcome | null;
  readonly cause: CauseId | null;
  readonly candidates: readonly CauseId[];
  /** Position of the true cause among the candidates, 1-based; 0 where it is decided or not among them. */
  readonly rank: number;
  readonly verdict: 'right' | 'open' | 'wrong';
}

/** The diagnosis of a scenario from one selection of its captures. */
export function diagnoseView(recording: Recording, view: View): Report {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const { input, bytes } of select(recording, view)) {
    const feed = analysis.addCapture(input);
    feed.push(bytes);
    feed.end();
  }
  return analysis.finish();
}

/** How the report answers for a flow of the scenario. */
export function rowOf(scenario: SynthesisedScenario, view: View, report: Report, truth: FlowTruth): Row {
  const found = findFlow(report, truth);
  const rank = (found?.candidates.findIndex((c) => truth.cause.includes(c)) ?? -1) + 1;
  return {
    scenario: scenario.name,
    view,
    truth,
    outcome: found?.outcome ?? null,
    cause: found?.cause ?? null,
    candidates: found?.candidates ?? [],
    rank,
    verdict: found === undefined ? 'wrong' : judge(found, truth, view, rank),
  };
}

/** One sentence: what was said, and what is true. */
export function sentenceOf(row: Row, shows: string): string {
  const { truth, candidates, cause, outcome } = row;
  const found =
    outcome === null
      ? 'the flow is not in the report'
      : `said ${outcome}${cause === null ? '' : ` by ${cause}`}${candidates.length > 0 ? `, open between ${candidates.join(' ')}` : ''}`;
  const wanted = `${truth.outcome.join('|')} by ${truth.cause.map((c) => c ?? 'nothing').join('|')}`;
  return `${row.scenario}, port ${truth.clientPort}, ${row.view}: ${row.verdict}: ${found}; true is ${wanted}. ${shows}`;
}

function select({ scenario, six, any }: Recording, view: View): { input: CaptureInput; bytes: Uint8Array }[] {
  switch (view) {
    case 'all six':
      return six.map(labelled);
    case 'on any':
      return any.map(labelled);
    case 'client only':
      return six.filter((f) => f.name === 'client.pcap').map(labelled);
    case 'no node B':
      return six.filter((f) => !f.name.startsWith('node-b')).map(labelled);
    case 'shuffled':
      return shuffled(six, scenario.name).map(({ bytes }, i) => ({
        input: { file: `${i + 1}.pcap` },
        bytes,
      }));
    default: {
      const never: never = view;
      return never;
    }
  }
}

function labelled({ name, bytes }: CaptureFile): { input: CaptureInput; bytes: Uint8Array } {
  const { host, side } = vantageFromName(name);
  const vantage = side === undefined ? { host } : { host, side };
  return { input: { file: name, vantage }, bytes };
}

/** Another order for every scenario, the same on every run. */
function shuffled(files: readonly CaptureFile[], name: string): CaptureFile[] {
  const chance = new Chance([...name].reduce((n, c) => Math.imul(n, 31) + c.charCodeAt(0), 7));
  return files
    .map((file) => ({ file, key: chance.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ file }) => file);
}

function findFlow(report: Report, truth: FlowTruth): Flow | undefined {
  return report.flows
    .filter((f) => f.client.port === truth.clientPort && f.server.port === truth.serverPort)
    .sort((a, b) => (BigInt(a.start) < BigInt(b.start) ? -1 : 1))
    .at(truth.nth ?? 0);
}

function judge(found: Flow, truth: FlowTruth, view: View, rank: number): Row['verdict'] {
  const partial = view === 'client only' || view === 'no node B';
  const fits = truth.outcome.includes(found.outcome) || (partial && found.outcome === 'undecided');
  if (!fits) return 'wrong';
  if (found.cause !== null) return truth.cause.includes(found.cause) ? 'right' : 'wrong';
  if (truth.cause.includes(null)) return 'right';
  if (partial && found.candidates.length === 0) return found.outcome === 'undecided' ? 'open' : 'wrong';
  return rank >= 1 && rank <= CANDIDATES_READ ? 'open' : 'wrong';
}
