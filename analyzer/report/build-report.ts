/**
 * Puts the report together from the judged vantages.
 * The trap: until captures are correlated, a flow seen at several vantages is
 * judged at each by itself; the report then shows the view that decided most.
 */

import { flowIds } from '../flow/flow-id.ts';
import type { InferredFailover } from '../verdict/inferred-failover.ts';
import type { JudgedFlow } from '../verdict/judge.ts';
import { observed } from '../verdict/rule.ts';
import type { ReportClock } from './clock.ts';
import { Replacements, toClaim, toFlowReport } from './flow-report.ts';
import { longestStall, writeHeadline } from './headline.ts';
import { toLadder } from './ladder-report.ts';
import type { Capture, CauseId, Failover, Flow, Outcome, Report, ReportProblem, Role } from './report.ts';

/** Everything about one vantage that the report needs. */
export interface JudgedVantage {
  readonly captures: readonly Capture[];
  readonly role: Role;
  readonly clock: ReportClock;
  readonly flows: readonly JudgedFlow[];
  readonly failovers: readonly InferredFailover[];
  readonly problems: readonly ReportProblem[];
  /** Flows from this index on may be numbered otherwise than tshark numbers streams. */
  readonly exactStreams: number;
}

export interface BuildOptions {
  readonly tool: { name: string; version: string };
  /** Flow id or tuple whose ladder is wanted. */
  readonly ladderFor?: string | undefined;
}

export function buildReport(vantages: readonly JudgedVantage[], options: BuildOptions): Report {
  const views = [...vantages].sort(byFirstFrame);
  const given = new Set(captureNames(vantages));
  const flows = mergeFlows(views.map((v) => ({ role: v.role, flows: flowsOf(v, options) })));
  for (const flow of flows) flow.splitBy = flow.splitBy.filter((name) => !given.has(name));
  const problems = vantages.flatMap((v) => v.problems);
  const captures = vantages.flatMap((v) => v.captures);
  if (vantages.length > 1) {
    problems.push({
      code: 'not-correlated',
      message:
        'each vantage is diagnosed by itself; this version does not follow segments from one to the other',
      at: { capture: captures[0]?.id ?? '' },
    });
  }
  const body = {
    schemaVersion: 1 as const,
    tool: options.tool,
    captures,
    clocks: [],
    failovers: failoversOf(views),
    path: { kind: 'unknown' as const, claims: [] },
    flows,
    causes: causesOf(flows),
    summary: summaryOf(flows),
    advice: [],
    problems,
  };
  const { schemaVersion, tool, ...rest } = body;
  return { schemaVersion, tool, headline: writeHeadline(body), ...rest };
}

/** What `splitBy` need not ask for, because it is here. */
const captureNames = (vantages: readonly JudgedVantage[]): string[] =>
  vantages.flatMap((v) =>
    v.captures.map(({ vantage }) =>
      vantage.side === undefined ? vantage.host : `${vantage.host}.${vantage.side}`,
    ),
  );

/** An order that does not depend on how the files were given. */
function byFirstFrame(a: JudgedVantage, b: JudgedVantage): number {
  const [x, y] = [a.captures[0], b.captures[0]];
  if (x === undefined || y === undefined) return 0;
  const first = Number(BigInt(x.firstTime ?? 0) - BigInt(y.firstTime ?? 0));
  const name = (c: Capture): string => `${c.vantage.host}.${c.vantage.side ?? ''} ${c.file}`;
  return first !== 0 ? first : name(x) < name(y) ? -1 : 1;
}

function flowsOf(vantage: JudgedVantage, options: BuildOptions): Flow[] {
  const captureIds = vantage.captures.map((c) => c.id);
  const replacements = new Replacements(vantage.flows);
  const ids = flowIds(vantage.flows.map((f) => f.case.flow));
  return vantage.flows.map((judged, i) => {
    const next = replacements.of(judged);
    const replacedBy = next === undefined ? undefined : ids[next.case.flow.index];
    const flow = toFlowReport(judged, {
      id: ids[i] as string,
      clock: vantage.clock,
      captureIds,
      replacedBy,
      exactStreams: vantage.exactStreams,
    });
    if (options.ladderFor !== undefined && matchesFlow(flow, options.ladderFor)) {
      flow.ladder = toLadder(judged, vantage.clock);
    }
    return flow;
  });
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

const ROLE_RANK: Record<Role, number> = { client: 0, server: 1, unknown: 2, node: 3 };

function mergeFlows(views: readonly { role: Role; flows: readonly Flow[] }[]): Flow[] {
  const byId = new Map<string, { role: Role; flow: Flow }>();
  for (const { role, flows } of views) {
    for (const flow of flows) {
      const known = byId.get(flow.id);
      if (known === undefined) {
        byId.set(flow.id, { role, flow });
        continue;
      }
      const better = isBetter(flow, role, known.flow, known.role);
      const [kept, other] = better ? [flow, known.flow] : [known.flow, flow];
      kept.seenAt = [...new Set([...known.flow.seenAt, ...flow.seenAt])];
      kept.streams = { ...other.streams, ...kept.streams };
      byId.set(flow.id, { role: better ? role : known.role, flow: kept });
    }
  }
  return [...byId.values()].map((v) => v.flow);
}

/** Trouble that is decided beats trouble that is not, any trouble a view that saw none, a known cause an unknown one, the client's view any other. */
function isBetter(a: Flow, roleA: Role, b: Flow, roleB: Role): boolean {
  const trouble = (f: Flow): number => (f.outcome === 'unaffected' ? 0 : f.outcome === 'undecided' ? 8 : 16);
  const score = (f: Flow, role: Role): number => trouble(f) + (f.cause === null ? 0 : 4) - ROLE_RANK[role];
  return score(a, roleA) > score(b, roleB);
}

function failoversOf(vantages: readonly JudgedVantage[]): Failover[] {
  const best =
    vantages.find((v) => v.role === 'client' && v.failovers.length > 0) ??
    vantages.find((v) => v.failovers.length > 0);
  if (best === undefined) return [];
  return best.failovers.map((f, i) => ({
    id: `failover-${i + 1}`,
    pathLost: best.clock.time(f.pathLost),
    pathRestored: f.pathRestored === null ? null : best.clock.time(f.pathRestored),
    restoredBy: 'bound',
    outage: f.pathRestored === null ? null : Math.round(f.pathRestored - f.pathLost) / 1e9,
    marks: f.marks.map((m) => {
      const what = m.kind === 'vrrp-master' ? 'vrrp' : m.kind === 'address-moved' ? 'arp' : 'segment';
      return toClaim(observed(m.text, [m.frame], { from: 'network', what }), best.clock);
    }),
  }));
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
