/**
 * Puts the report together from the judged flows of an incident.
 */

import { adviseFlow, type FlowAdvice } from '../advice/advise-flow.ts';
import { groupAdvice } from '../advice/group-advice.ts';
import type { Takeover } from '../failover/takeover.ts';
import type { Busy } from '../failover/tenure.ts';
import type { AlignedClock } from '../vantage/clock-align.ts';
import type { JoinedFlow } from '../vantage/legs.ts';
import type { Station } from '../vantage/stations.ts';
import { type InferredFailover, inferFailovers } from '../verdict/inferred-failover.ts';
import type { JudgedFlow } from '../verdict/judge.ts';
import type { UdpFlowReport } from '../verdict/udp.ts';
import { outsideGaps } from './absence.ts';
import type { ReportClock } from './clock.ts';
import { clocksOf } from './clocks-report.ts';
import { failoversOf } from './failovers-report.ts';
import { groupFlows } from './flow-groups.ts';
import { byNumber, flowNames } from './flow-names.ts';
import { Replacements, toFlowReport } from './flow-report.ts';
import { longestStall, writeHeadline } from './headline.ts';
import { toLadder } from './ladder-report.ts';
import { pathOf } from './path-report.ts';
import type { Capture, CauseId, Flow, Outcome, PathKind, Report, ReportProblem } from './report.ts';

/** Everything about one vantage that the report needs. */
export interface ReportVantage {
  readonly captures: readonly Capture[];
  readonly clock: ReportClock;
  /** Flows from this index on may be numbered otherwise than tshark numbers streams. */
  readonly exactStreams: number;
  readonly problems: readonly ReportProblem[];
}

/** A flow with the view that it was judged by. */
export interface IncidentFlow {
  readonly joined: JoinedFlow;
  /** Index of that view's vantage. */
  readonly vantage: number;
  readonly judged: JudgedFlow;
  readonly kind: PathKind;
}

/** What the captures show together. */
export interface ReportCorrelation {
  readonly vantages: readonly {
    readonly shift: number;
    readonly clock: AlignedClock;
    readonly station: Station;
  }[];
  readonly reference: number;
  readonly base: bigint;
  readonly takeovers: readonly Takeover[];
  /** What the nodes passed on, in the order of time. */
  readonly forwarded: readonly Busy[];
  /** How closely each is dated, in ns. */
  readonly bounds: readonly { readonly lostWithin: number; readonly restoredWithin: number | null }[];
}

export interface JudgedIncident {
  readonly vantages: readonly ReportVantage[];
  readonly correlation: ReportCorrelation;
  readonly flows: readonly IncidentFlow[];
  readonly udp: readonly UdpFlowReport[];
  /** The nodes whose journals were given. */
  readonly journals: readonly string[];
}

export interface BuildOptions {
  readonly tool: { name: string; version: string };
  /** Flow id or tuple whose ladder is wanted. */
  readonly ladderFor?: string | undefined;
}

/** So many names are enough to act on. */
const MOST_NAMES = 5;

/** The first, and a longer capture, which is named last where it helps least. */
function firstNames(names: string[]): string[] {
  const last = names.at(-1);
  if (names.length <= MOST_NAMES || last === undefined) return names;
  return last.startsWith('longer:') ? [...names.slice(0, MOST_NAMES - 1), last] : names.slice(0, MOST_NAMES);
}

export function buildReport(incident: JudgedIncident, options: BuildOptions): Report {
  const { vantages } = incident;
  const given = new Set([...captureNames(vantages), ...incident.journals.map((node) => `journal:${node}`)]);
  // As they were given: vantages have an order of their own.
  const captures = vantages.flatMap((v) => v.captures).sort((a, b) => byNumber(a.id, b.id));
  const advised = incident.flows.map(({ judged }) => adviseFlow(judged));
  const flows = [...flowsOf(incident, advised, options), ...udpFlowsOf(incident, options)];
  addTimers(flows, advised);
  if (captures.some((c) => c.gaps !== undefined)) keepOutOfGaps(flows, incident, captures);
  const mixed = new Set(
    vantages.flatMap((v) =>
      v.problems.flatMap((p) => (p.code === 'several-interfaces' ? [p.at.capture] : [])),
    ),
  );
  for (const flow of flows) {
    flow.splitBy = firstNames(flow.splitBy.filter((name) => !given.has(name)));
    // What was seen where is not known of it.
    if (flow.seenAt.some((id) => mixed.has(id))) flow.confidence = 'low';
  }
  const body = {
    schemaVersion: 1 as const,
    tool: options.tool,
    captures,
    clocks: clocksOf(incident),
    failovers: failoversOf(incident, inferredOf(incident)),
    path: pathOf(incident),
    flows,
    causes: causesOf(flows),
    summary: summaryOf(flows),
    advice: groupAdvice(advised.map(({ replay }) => replay.advice)),
    problems: [...vantages.flatMap((v) => v.problems), ...failedRules(incident)],
  };
  const { schemaVersion, tool, ...rest } = body;
  return { schemaVersion, tool, headline: writeHeadline(body), ...rest };
}

/** A table for each flow would be longer than all else of a report of many: only those that stand for others, or were asked for. */
function addTimers(flows: Flow[], advised: readonly FlowAdvice[]): void {
  const standing = new Set(groupFlows(flows).map(({ index }) => index));
  for (const [i, flow] of flows.entries()) {
    if (!standing.has(i) && flow.ladder === undefined) continue;
    const timers = advised[i]?.replay.timers() ?? [];
    if (timers.length > 0) flow.timers = timers;
  }
}

/** No absence of a flow rests on a time that nobody captured. */
function keepOutOfGaps(flows: readonly Flow[], incident: JudgedIncident, captures: readonly Capture[]): void {
  for (const [i, flow] of flows.entries()) {
    const judged = incident.flows[i];
    // Of UDP, and of what several vantages say together, whoever saw it is meant.
    const own = judged === undefined ? flow.seenAt : idsOf(incident.vantages[judged.vantage]);
    flow.claims = flow.claims.flatMap((claim) => outsideGaps(claim, captures, new Set(own)) ?? []);
  }
}

const idsOf = (vantage: ReportVantage | undefined): string[] => (vantage?.captures ?? []).map(({ id }) => id);

/** What `splitBy` need not ask for, because it is here. */
const captureNames = (vantages: readonly ReportVantage[]): string[] =>
  vantages.flatMap((v) =>
    v.captures.flatMap(({ vantage }) => {
      if (vantage.side !== undefined) return [`${vantage.host}.${vantage.side}`];
      return [vantage.host, `${vantage.host}.in`, `${vantage.host}.out`];
    }),
  );

function failedRules({ vantages, flows }: JudgedIncident): ReportProblem[] {
  return flows.flatMap(({ judged }) =>
    judged.verdict.failed.map((id) => ({
      code: 'rule-failed',
      message: `a rule failed on a flow, which is a bug: ${id}`,
      at: { capture: vantages[0]?.captures[0]?.id ?? '' },
    })),
  );
}

function flowsOf(incident: JudgedIncident, advised: readonly FlowAdvice[], options: BuildOptions): Flow[] {
  const { vantages, flows } = incident;
  const names = flowNames(incident);
  const replacements = vantages.map(
    (_, i) => new Replacements(flows.filter((f) => f.vantage === i).map((f) => f.judged)),
  );
  const byJudged = new Map(flows.map((f, i) => [f.judged, i]));
  return flows.map((one, i) => {
    const { clock } = vantages[one.vantage] as ReportVantage;
    const next = (replacements[one.vantage] as Replacements).of(one.judged);
    const at = next === undefined ? undefined : byJudged.get(next);
    const context = {
      name: names[i] as (typeof names)[number],
      clock,
      replacedBy: at === undefined ? undefined : names[at]?.id,
      kind: one.kind,
    };
    const flow = toFlowReport(one.judged, context, advised[i] as FlowAdvice);
    if (options.ladderFor !== undefined && matchesFlow(flow, options.ladderFor)) {
      flow.ladder = toLadder(one.judged, clock);
    }
    return flow;
  });
}

function udpFlowsOf({ udp }: JudgedIncident, { ladderFor }: BuildOptions): Flow[] {
  return udp.map(({ flow, ladder }) =>
    ladderFor !== undefined && matchesFlow(flow, ladderFor) ? { ...flow, ladder: [...ladder] } : flow,
  );
}

/** The failovers that the ends imply, by vantage. */
function inferredOf({
  vantages,
  flows,
}: JudgedIncident): { vantage: number; failovers: InferredFailover[] }[] {
  return vantages.map((_, vantage) => ({
    vantage,
    failovers: inferFailovers(flows.filter((f) => f.vantage === vantage).map((f) => f.judged)),
  }));
}

/** True where `wanted` is the flow's id, or its tuple in either order, or one half of it. */
export function matchesFlow(flow: Flow, wanted: string): boolean {
  if (wanted === flow.id) return true;
  const client = `${flow.client.address}:${flow.client.port}`;
  const server = `${flow.server.address}:${flow.server.port}`;
  const halves = wanted
    .replaceAll('[', '')
    .replaceAll(']', '')
    .split(/\s*(?:<->|->|-|,|\s)\s*/)
    .filter((h) => h !== '');
  const hit = (half: string): boolean =>
    half === client ||
    half === server ||
    half === `:${flow.client.port}` ||
    half === `${flow.client.port}` ||
    half === flow.client.address ||
    half === flow.server.address;
  return halves.length > 0 && halves.every(hit);
}

function causesOf(flows: readonly Flow[]): Report['causes'] {
  const byCause = new Map<CauseId, Flow[]>();
  for (const flow of flows) {
    if (flow.cause === null) continue;
    const group = byCause.get(flow.cause);
    if (group === undefined) byCause.set(flow.cause, [flow]);
    else group.push(flow);
  }
  return [...byCause]
    .map(([id, group]) => {
      const worst = group.reduce((longest, flow) => Math.max(longest, longestStall(flow)), 0);
      return { id, flows: group.map((f) => f.id), worstStall: worst > 0 ? worst : null };
    })
    .sort((a, b) => b.flows.length - a.flows.length);
}

function summaryOf(flows: readonly Flow[]): Report['summary'] {
  const byOutcome: Partial<Record<Outcome, number>> = {};
  for (const flow of flows) byOutcome[flow.outcome] = (byOutcome[flow.outcome] ?? 0) + 1;
  return { flows: flows.length, byOutcome };
}
