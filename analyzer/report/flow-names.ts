/**
 * What a flow is called, wherever it was seen: its id, the client's tuple before
 * translation, the translated ones, its legs, its tshark streams.
 * The trap: which view names it must not depend on the order of files; the one
 * nearest to the client does, for it shows the client as it is.
 */
import { type Nanos, toEpoch } from '../../packet/time.ts';
import type { Flow as TcpFlow } from '../flow/flow.ts';
import { flowId } from '../flow/flow-id.ts';
import type { FlowView, JoinedLeg } from '../vantage/join.ts';
import type { Station } from '../vantage/stations.ts';
import type { JudgedIncident } from './build-report.ts';
import type { Endpoint, Flow } from './report.ts';

export interface FlowName {
  readonly id: string;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly translated: Endpoint[];
  readonly legs: NonNullable<Flow['legs']>;
  readonly start: string;
  readonly end: string;
  readonly seenAt: string[];
  readonly streams: Record<string, number>;
}

/** One name a flow, all ids different. */
export function flowNames(incident: JudgedIncident): FlowName[] {
  const seen = new Map<string, number>();
  return incident.flows.map((one) => {
    const views = one.joined.legs[0]?.views ?? [];
    const naming = nearestToClient(views, incident);
    const { flow } = naming.watch.connection;
    const first = flowId(flow);
    const nth = (seen.get(first) ?? 0) + 1;
    seen.set(first, nth);
    const all = one.joined.legs.flatMap((l) => l.views);
    return {
      id: nth === 1 ? first : flowId(flow, nth),
      ...endsOf(flow),
      translated: translatedOf(views, flow),
      legs: one.joined.legs.length < 2 ? [] : one.joined.legs.map((leg) => toLeg(leg, incident)),
      ...lifeOf(all, incident),
      seenAt: [...new Set(all.flatMap((v) => captureIdsOf(v, incident)))].sort(byNumber),
      streams: streamsOf(all, incident),
    };
  });
}

const endsOf = (flow: TcpFlow): { client: Endpoint; server: Endpoint } => ({
  client: { address: flow.addressOf(flow.client), port: flow.port[flow.client] },
  server: { address: flow.addressOf(flow.server), port: flow.port[flow.server] },
});

function nearestToClient(views: readonly FlowView[], { correlation }: JudgedIncident): FlowView {
  const rank = (v: FlowView): number => rankOf(correlation.vantages[v.vantage]?.station);
  return views.reduce((a, b) => {
    const by = rank(a) - rank(b);
    if (by !== 0) return by < 0 ? a : b;
    return a.watch.connection.flow.frames >= b.watch.connection.flow.frames ? a : b;
  });
}

function rankOf(station: Station | undefined): number {
  if (station === undefined || station.place === 'unknown') return 5;
  if (station.place !== 'node') return station.place === 'client' ? 0 : 4;
  return station.side === 'in' ? 1 : station.side === undefined ? 2 : 3;
}

/** Ends under other addresses or ports than the client knows, each once. */
function translatedOf(views: readonly FlowView[], named: TcpFlow): Endpoint[] {
  const { client, server } = endsOf(named);
  const found = new Map<string, Endpoint>();
  for (const view of views) {
    const ends = endsOf(view.watch.connection.flow);
    for (const [end, own] of [
      [ends.client, client],
      [ends.server, server],
    ] as const) {
      if (end.address !== own.address || end.port !== own.port) found.set(`${end.address} ${end.port}`, end);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, end]) => end);
}

function toLeg(leg: JoinedLeg, incident: JudgedIncident): NonNullable<Flow['legs']>[number] {
  const { flow } = nearestToClient(leg.views, incident).watch.connection;
  const seenAt = [...new Set(leg.views.flatMap((v) => captureIdsOf(v, incident)))].sort(byNumber);
  return { ...endsOf(flow), seenAt };
}

/** First and last segment anywhere, by the reference's clock. */
function lifeOf(views: readonly FlowView[], { correlation }: JudgedIncident): { start: string; end: string } {
  const at = (v: FlowView, t: Nanos): Nanos => {
    const own = correlation.vantages[v.vantage];
    return own === undefined ? t : own.clock.toReference(t + own.shift);
  };
  const start = Math.min(...views.map((v) => at(v, v.watch.connection.flow.firstTime)));
  const end = Math.max(...views.map((v) => at(v, v.watch.connection.flow.lastTime)));
  return {
    start: toEpoch(correlation.base, start).toString(),
    end: toEpoch(correlation.base, end).toString(),
  };
}

/** A file without a frame shows nothing. */
const captureIdsOf = (v: FlowView, { vantages }: JudgedIncident): string[] =>
  (vantages[v.vantage]?.captures ?? []).filter((c) => c.firstTime !== null).map((c) => c.id);

/** Only where a vantage is one file: of several, tshark numbers each by itself. */
function streamsOf(views: readonly FlowView[], incident: JudgedIncident): Record<string, number> {
  const found: Record<string, number> = {};
  for (const view of views) {
    const { flow } = view.watch.connection;
    const vantage = incident.vantages[view.vantage];
    const [id, ...more] = captureIdsOf(view, incident);
    if (id === undefined || more.length > 0 || vantage === undefined || flow.index >= vantage.exactStreams)
      continue;
    found[id] ??= flow.stream;
  }
  return found;
}

/** Ids of captures, as these were given. */
export const byNumber = (a: string, b: string): number => Number(a.slice(1)) - Number(b.slice(1));
