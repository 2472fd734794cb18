/**
 * The table of scenarios and views: what was said of the flow in question, held
 * against the truth. `right`; `open`, where the cause is left open with the true
 * one among the candidates that anybody reads; `wrong`; `unseen`, where no
 * capture of the view holds a frame of the flow and nothing was said of it.
 * The trap: the truth is the client's. A view without the client's capture may
 * say less, and may speak of the end that it shows.
 */
import type { Flow } from '../../analyzer/index.ts';
import { CANDIDATES_READ, rowOf } from './client-only.ts';
import type { Scenario } from './scenario.ts';
import { type Endings, endingsIn, findFlows } from './truth-flow.ts';
import { CLIENT, type Diagnosis, diagnoseView, hasClient, type View } from './views.ts';

export type Verdict = 'right' | 'open' | 'wrong' | 'unseen';

export interface Cell {
  readonly verdict: Verdict;
  /** Null where nothing was said of the flow. */
  readonly flow: Flow | null;
  /** Place of the true cause among the candidates, 1-based; 0 where it is decided or not among them. */
  readonly rank: number;
  /** Why it is wrong; empty where it is not. */
  readonly why: string;
}

export interface Row {
  readonly scenario: Scenario;
  /** By the view's name; null where the view has nothing of this scenario. */
  readonly cells: ReadonlyMap<string, Cell | null>;
}

/** Diagnoses a scenario in these views and judges what was said. */
export function tableRow(scenario: Scenario, views: readonly View[]): Row {
  const cells = views.map((view): [string, Cell | null] => [view.name, cellOf(scenario, view)]);
  return { scenario, cells: new Map(cells) };
}

/** What was said in one view; null where the view has nothing of the scenario. */
export function cellOf(scenario: Scenario, view: View): Cell | null {
  const diagnosis = diagnoseView(scenario, view);
  return diagnosis && judge(scenario, view, diagnosis);
}

function judge(scenario: Scenario, view: View, { report, given }: Diagnosis): Cell {
  const flow = findFlows(report, scenario)[0] ?? null;
  const shown = hasClient(given)
    ? null
    : endingsIn(
        scenario,
        given.map((g) => g.source),
      );
  if (shown?.frames === 0) {
    const why = flow === null ? '' : 'the flow is spoken of, and no frame of it was given';
    return { verdict: flow === null ? 'unseen' : 'wrong', flow, rank: 0, why };
  }
  if (flow === null) return { verdict: 'wrong', flow, rank: 0, why: 'the flow is not in the report' };
  const rank = flow.candidates.findIndex((c) => scenario.truth.cause.includes(c)) + 1;
  const { verdict, why } = verdictOf(scenario, flow, rank, shown);
  // What one capture may leave open has a judge of its own.
  return { flow, rank, why, verdict: view === CLIENT ? rowOf(scenario, report).verdict : verdict };
}

function verdictOf(
  { truth }: Scenario,
  flow: Flow,
  rank: number,
  shown: Endings | null,
): { verdict: Verdict; why: string } {
  const wrong = (why: string): { verdict: Verdict; why: string } => ({ verdict: 'wrong', why });
  const accepted = acceptedOutcomes(truth.outcome, shown);
  if (!accepted.includes(flow.outcome)) return wrong(`outcome, not ${accepted.join(' or ')}`);
  const isHarmless = flow.outcome === 'unaffected' && flow.cause === null;
  if (isHarmless || truth.cause.includes(flow.cause)) return { verdict: 'right', why: '' };
  if (flow.cause !== null) return wrong('cause');
  if (rank >= 1 && rank <= CANDIDATES_READ) return { verdict: 'open', why: '' };
  if (rank > 0) return wrong(`the true cause is candidate ${rank} of ${flow.candidates.length}`);
  const out = flow.ruledOut.find((r) => truth.cause.includes(r.cause));
  return wrong(
    out === undefined ? 'the true cause is no candidate' : `${out.cause} ruled out: ${out.because}`,
  );
}

/**
 * What may be said of a flow whose truth, for the client, is one of `outcomes`.
 * Without the client's capture it may stay undecided; it hangs for whoever does
 * not see how the client left; an end that is reset, or closes, did so whatever
 * became of the other; and a flow that is whole and without a pause shows no harm.
 */
function acceptedOutcomes(outcomes: readonly string[], shown: Endings | null): readonly string[] {
  if (shown === null) return outcomes;
  const clientLeft = outcomes.includes('gave-up') || outcomes.includes('reset');
  const isOver = ['hung', 'gave-up', 'reset', 'cut-short'].includes(outcomes[0] ?? '');
  const more = [
    'undecided',
    ...(clientLeft && !shown.closing ? ['hung'] : []),
    ...(isOver && shown.rst ? ['reset'] : []),
    ...(isOver && shown.close ? ['gave-up'] : []),
    ...(shown.calm ? ['unaffected'] : []),
  ];
  return [...new Set([...outcomes, ...more])];
}

/** The table as text: a golden file, and what `npm run scenarios` prints. */
export function tableText(rows: readonly Row[], views: readonly View[]): string {
  const head = ['scenario', 'truth', ...views.map((v) => v.name)];
  const lines = rows.map(({ scenario, cells }) => [
    scenario.name,
    truthText(scenario),
    ...views.map((v) => cellText(scenario, cells.get(v.name) ?? null)),
  ]);
  return alignColumns([head, ...lines]);
}

export const LEGEND =
  'open 2/5: left open, the true cause is candidate 2 of 5   ?: outcome undecided   ~: an outcome that holds for the end shown\n';

/** Columns of text, two spaces between them. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((l) => (l[i] ?? '').length)));
  const align = (cells: readonly string[]): string =>
    cells.map((c, i) => c.padEnd(widths[i] ?? 0)).join('  ');
  return `${lines.map((l) => align(l).trimEnd()).join('\n')}\n`;
}

/** The best of the accepted values. */
const truthText = ({ truth }: Scenario): string => `${truth.outcome[0]} ${truth.cause[0] ?? '-'}`;

function cellText({ truth }: Scenario, cell: Cell | null): string {
  if (cell === null) return '.';
  if (cell.verdict === 'wrong') return 'WRONG';
  if (cell.flow === null) return cell.verdict;
  const { outcome, candidates } = cell.flow;
  const other = truth.outcome.includes(outcome) ? '' : outcome === 'undecided' ? ' ?' : ' ~';
  return cell.verdict === 'open'
    ? `open ${cell.rank}/${candidates.length}${other}`
    : `${cell.verdict}${other}`;
}

/** How often each verdict was given in each view. */
export function countsText(rows: readonly Row[], views: readonly View[]): string {
  const count = (view: View, verdict: Verdict): string =>
    `${rows.filter((r) => r.cells.get(view.name)?.verdict === verdict).length}`;
  const verdicts: readonly Verdict[] = ['right', 'open', 'wrong', 'unseen'];
  return alignColumns([
    ['', ...views.map((v) => v.name)],
    ...verdicts.map((verdict) => [verdict, ...views.map((v) => count(v, verdict))]),
  ]);
}

/** One line: where, what was said, what is true, why it is wrong. */
export function wrongText(scenario: Scenario, view: View, { flow, why }: Cell): string {
  const { truth } = scenario;
  const said = flow === null ? 'nothing' : `${flow.outcome} ${flow.cause ?? candidatesText(flow)}`;
  const causes = truth.cause.map((c) => c ?? '-').join('|');
  return `${scenario.name} [${view.name}]: ${said}, in truth ${truth.outcome.join('|')} ${causes}: ${why}`;
}

const candidatesText = ({ candidates }: Flow): string =>
  candidates.length === 0
    ? '-'
    : `?(${candidates.slice(0, 3).join(', ')}${candidates.length > 3 ? ', …' : ''})`;
