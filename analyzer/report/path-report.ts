/**
 * "Is it a proxy or a router?": what most flows show on both sides of the
 * gateway, with the segments that show it.
 */
import { sideOf, tupleOf } from '../failover/path-kind.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import type { FlowView } from '../vantage/join.ts';
import { inferred, observed, type VerdictClaim } from '../verdict/rule.ts';
import type { IncidentFlow, JudgedIncident, ReportVantage } from './build-report.ts';
import { toClaim } from './flow-report.ts';
import type { Path, PathKind } from './report.ts';

export function pathOf(incident: JudgedIncident): Path {
  const known = incident.flows.filter((f) => f.kind !== 'unknown');
  const counts = new Map<PathKind, number>();
  for (const { kind } of known) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kind = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  if (kind === undefined) return { kind: 'unknown', claims: [] };
  const sample =
    known.filter((f) => f.kind === kind).find((f) => synsOf(f, incident).length > 1) ??
    known.find((f) => f.kind === kind);
  const clock = (incident.vantages[0] as ReportVantage).clock;
  const claims = sample === undefined ? [] : claimsOf(kind, sample, incident).map((c) => toClaim(c, clock));
  const others = known.filter((f) => f.kind !== kind).length;
  if (others > 0) {
    claims.push(toClaim(inferred(`${others} of ${known.length} connections pass in another way`), clock));
  }
  return { kind, claims };
}

/** One view on either side of the gateway that saw the opening. */
function synsOf(flow: IncidentFlow, { correlation }: JudgedIncident): FlowView[] {
  const views = flow.joined.legs.flatMap((l) => l.views);
  const at = (side: 'client' | 'server'): FlowView | undefined =>
    views.find((v) => {
      const { connection } = v.watch;
      return (
        sideOf(correlation.vantages[v.vantage]?.station) === side &&
        connection.sides[connection.flow.client].syn !== NO_FRAME
      );
    });
  return [at('client'), at('server')].filter((v): v is FlowView => v !== undefined);
}

function claimsOf(kind: PathKind, flow: IncidentFlow, incident: JudgedIncident): VerdictClaim[] {
  const views = synsOf(flow, incident);
  const frames = views.map((v): FrameId => {
    const { connection } = v.watch;
    return connection.sides[connection.flow.client].syn;
  });
  const isn = (v: FlowView): number => {
    const { connection } = v.watch;
    return connection.sides[connection.flow.client].firstSeq;
  };
  const [a, b] = views;
  if (a === undefined || b === undefined) {
    return [inferred(`${words(kind)}, by segments that both sides saw`)];
  }
  const numbers =
    kind === 'sequence-shifted' || kind === 'terminated'
      ? `initial sequence number ${isn(a)} on the client's side, ${isn(b)} on the server's`
      : `the same initial sequence number ${isn(a)} on both sides`;
  const claims = [observed(numbers, frames, { from: 'client', what: 'syn' }), inferred(words(kind), frames)];
  if (kind === 'translated')
    claims.push(
      observed(`${tupleOf(a)} on the client's side is ${tupleOf(b)} on the server's`, frames, {
        from: 'client',
        what: 'syn',
      }),
    );
  return claims;
}

function words(kind: PathKind): string {
  switch (kind) {
    case 'forwarded':
      return 'the gateway routes: connections pass through it unchanged';
    case 'translated':
      return 'the gateway translates addresses or ports, and routes otherwise';
    case 'sequence-shifted':
      return 'the gateway shifts sequence numbers by a constant for each connection';
    case 'terminated':
      return "the gateway is a proxy: it ends the client's connection and opens its own to the server";
    case 'unknown':
      return 'how the gateway passes connections on is not in the captures';
  }
}
