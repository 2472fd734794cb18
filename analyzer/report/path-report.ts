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
  const tls = tlsClaims(incident);
  if (kind === undefined && tls.length === 0) return { kind: 'unknown', claims: [] };
  const clock = (incident.vantages[0] as ReportVantage).clock;
  if (kind === undefined) return { kind: 'unknown', claims: tls.map((c) => toClaim(c, clock)) };
  const sample =
    known.filter((f) => f.kind === kind).find((f) => synsOf(f, incident).length > 1) ??
    known.find((f) => f.kind === kind);
  const claims = sample === undefined ? [] : claimsOf(kind, sample, incident).map((c) => toClaim(c, clock));
  const others = known.filter((f) => f.kind !== kind).length;
  claims.push(...tls.map((c) => toClaim(c, clock)));
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

/** What TLS shows of it: a ClientHello that was made anew, and who issued the certificate that each side was shown. */
function tlsClaims({ flows, correlation }: JudgedIncident): VerdictClaim[] {
  const viewsAt = (flow: IncidentFlow, side: 'client' | 'server'): FlowView[] =>
    flow.joined.legs
      .flatMap((l) => l.views)
      .filter((v) => sideOf(correlation.vantages[v.vantage]?.station) === side);
  for (const flow of flows) {
    if (!isTls(flow)) continue;
    const [near, far] = [viewsAt(flow, 'client'), viewsAt(flow, 'server')];
    const claims = [...helloClaims(near, far), ...issuerClaims(near, far)];
    if (claims.length > 0) return claims;
  }
  return [];
}

/** Some view of it holds the first bytes of a handshake, or a certificate. */
const isTls = ({ joined }: IncidentFlow): boolean =>
  joined.legs.some(({ views }) =>
    views.some(({ watch: { connection } }) =>
      connection.sides.some(({ head, issuer }) => issuer !== null || head?.[0] === HANDSHAKE),
    ),
  );

/** Content type of a TLS record (RFC 8446, 5.1). */
const HANDSHAKE = 22;

/** The random of a ClientHello (RFC 8446, 4.1.2), behind the headers of record and message and the version. */
const RANDOM = { from: 11, to: 43 };

function helloClaims(near: readonly FlowView[], far: readonly FlowView[]): VerdictClaim[] {
  const hello = (views: readonly FlowView[]) =>
    views
      .map(({ watch: { connection } }) => connection.sides[connection.flow.client])
      .find(
        ({ head }) => head !== null && head[0] === HANDSHAKE && head[5] === 1 && head.length >= RANDOM.to,
      );
  const [a, b] = [hello(near), hello(far)];
  if (a?.head == null || b?.head == null) return [];
  const other = b.head;
  const isSame = a.head.subarray(RANDOM.from, RANDOM.to).every((byte, i) => byte === other[RANDOM.from + i]);
  const text = isSame
    ? "the client's TLS hello came to the server's side as it was sent"
    : "the TLS hello on the server's side is not the client's: what lies between has made its own";
  return [observed(text, [a.headFrame, b.headFrame], { from: 'client', what: 'segment' })];
}

function issuerClaims(near: readonly FlowView[], far: readonly FlowView[]): VerdictClaim[] {
  const shownTo = (views: readonly FlowView[]) =>
    views
      .map(({ watch: { connection } }) => connection.sides[connection.flow.server])
      .find(({ issuer }) => issuer !== null);
  const [a, b] = [shownTo(near), shownTo(far)];
  const shows = { from: 'server', what: 'segment' } as const;
  if (a === undefined) return [];
  if (b === undefined) {
    const text = `the client was shown a certificate issued by "${a.issuer}": the gateway's own authority there would mean that it intercepts TLS`;
    return [observed(text, [a.headFrame], shows)];
  }
  const text =
    a.issuer === b.issuer
      ? `a certificate issued by "${a.issuer}" was shown on both sides`
      : `the client was shown a certificate issued by "${a.issuer}", and the server had shown one by "${b.issuer}": what lies between intercepts TLS`;
  return [observed(text, [a.headFrame, b.headFrame], shows)];
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
