/**
 * What more captures do to a verdict: nothing that was decided becomes
 * undecided, and what `splitBy` asks for decides, or narrows the candidates:
 * one of it, or all of it together (a journal tells nothing without a capture of its node).
 * The trap: `splitBy` may rightly name what no scenario has (`state:node-b`),
 * but not only that where captures of the scenario do decide.
 */
import type { Flow, Report } from '../../analyzer/index.ts';
import type { Scenario } from './scenario.ts';
import { cellOf } from './table.ts';
import { findFlows } from './truth-flow.ts';
import {
  ALL,
  CHAINS,
  CLIENT,
  diagnoseView,
  journalsOf,
  NO_NODE_B,
  NODE_B,
  SERVER,
  type View,
  withCapture,
  withJournals,
} from './views.ts';

/** Along every chain of views: flows that were decided, and are not with more captures. */
export function undecidedBySeeingMore(scenario: Scenario): string[] {
  return CHAINS.flatMap((chain) =>
    chain.slice(1).flatMap((more, i) => {
      const less = chain[i] as View;
      const [a, b] = [diagnoseView(scenario, less)?.report, diagnoseView(scenario, more)?.report];
      if (a === undefined || b === undefined) return [];
      return a.flows.flatMap((flow) => {
        const lost = whatIsLost(flow, sameFlow(scenario, b, a, flow));
        return lost === null ? [] : [`[${less.name} → ${more.name}]: ${tupleOf(flow)} ${lost}`];
      });
    }),
  );
}

/** The flow in the larger report; the one in question may go by its other leg there. */
function sameFlow(scenario: Scenario, more: Report, less: Report, flow: Flow): Flow | undefined {
  if (findFlows(less, scenario).includes(flow)) return findFlows(more, scenario)[0];
  return more.flows.find((f) =>
    [f, ...(f.legs ?? [])].some(
      (l) => l.client.port === flow.client.port && l.server.port === flow.server.port,
    ),
  );
}

function whatIsLost(before: Flow, after: Flow | undefined): string | null {
  if (after === undefined) return `was ${before.outcome} and is not in the report any more`;
  if (before.cause !== null && after.cause === null && after.outcome !== 'unaffected') {
    return `was ${before.outcome} by ${before.cause} and is ${after.outcome} without a cause`;
  }
  const isLost = before.outcome !== 'undecided' && after.outcome === 'undecided';
  return isLost ? `was ${before.outcome} and is undecided` : null;
}

const tupleOf = ({ client, server }: Flow): string => `${client.port}-${server.port}`;

/** Open cells whose `splitBy` names nothing that is there and helps. */
export function uselessSplits(scenario: Scenario): string[] {
  return [CLIENT, NO_NODE_B, NODE_B, SERVER, ALL].flatMap((view) => {
    const cell = cellOf(scenario, view);
    if (cell?.verdict !== 'open' || cell.flow === null) return [];
    const why = whyUseless(scenario, view, cell.flow);
    return why === null ? [] : [`[${view.name}]: ${why}`];
  });
}

function whyUseless(scenario: Scenario, view: View, flow: Flow): string | null {
  // What no capture of the scenario can tell need not be told by those that are named.
  if (![ALL, withJournals(ALL)].some((more) => narrows(scenario, more, flow))) return null;
  const there = flow.splitBy.flatMap((name) => viewsWith(scenario, view, name));
  if (there.some((more) => narrows(scenario, more, flow))) return null;
  if (narrows(scenario, viewWithAll(scenario, view, flow.splitBy), flow)) return null;
  const named = `splitBy names ${flow.splitBy.join(', ') || 'nothing'}`;
  return `${named}: ${there.length === 0 ? 'nothing that was captured' : 'none of it helps'}, all captures do`;
}

/** The view with everything that the names stand for. */
const viewWithAll = (scenario: Scenario, view: View, names: readonly string[]): View =>
  names.reduce((all, name) => viewsWith(scenario, all, name)[0] ?? all, view);

/** The view with what the name stands for; none where the scenario has nothing of that name, or the view has it already. */
function viewsWith(scenario: Scenario, view: View, name: string): View[] {
  if (name.startsWith('journal:')) {
    const has = journalsOf(scenario).some((j) => name === `journal:${j.node}`);
    return has && view.journals === undefined ? [withJournals(view)] : [];
  }
  const given = view.given(scenario).map((g) => g.source);
  const files = scenario.captures.filter((f) => isNamed(f, name) && !given.includes(f));
  return files.length === 0 ? [] : [files.reduce(withCapture, view)];
}

/** `node-b.out` is node-b.out.pcap.gz, or node-b.pcap.gz where both sides are in one; `node-b` is all of these. */
function isNamed(file: string, name: string): boolean {
  const vantage = file.replace(/\.pcap\.gz$/, '');
  return vantage === name || vantage.startsWith(`${name}.`) || name.startsWith(`${vantage}.`);
}

function narrows(scenario: Scenario, more: View, before: Flow): boolean {
  const report = diagnoseView(scenario, more)?.report;
  const flow = report && findFlows(report, scenario)[0];
  return flow !== undefined && (flow.cause !== null || flow.candidates.length < before.candidates.length);
}
