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
import type { JudgedIncident, ReportVantage } from './build-report.ts';
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

/** What every name needs. */
interface Naming {
  readonly incident: JudgedIncident;
  /** Of each vantage, its files that hold a frame: one without shows nothing. */
  readonly captureIds: readonly (readonly string[])[];
}

/** One name a flow, all ids different. */
export function flowNames(incident: JudgedIncident): FlowName[] {
  const seen = new Map<string, number>();
  const naming: Naming = { incident, captureIds: incident.vantages.map(captureIdsOf) };
  return incident.flows.map((one) => {
    const { legs } = one.joined;
    const views = legs[0]?.views ?? [];
    const { flow } = nearestToClient(views, incident).watch.connection;
    const first = flowId(flow);
    const nth = (seen.get(first) ?? 0) + 1;
    seen.set(first, nth);
    const all = legs.length === 1 ? views : legs.flatMap((l) => l.views);
    return {
      id: nth === 1 ? first : flowId(flow, nth),
      ...endsOf(flow),
      // Most connections were seen once, by one capture: nobody has another name for them.
      translated: views.length === 1 ? [] : translatedOf(views, flow),
      legs: legs.length < 2 ? [] : legs.map((leg) => toLeg(leg, naming)),
      ...lifeOf(all, incident),
      seenAt: seenAt(all, naming),
      streams: streamsOf(all, naming),
    };
  });
}

function seenAt(views: readonly FlowView[], { captureIds }: Naming): string[] {
  const [first, ...more] = views;
  if (first !== undefined && more.length === 0) return [...(captureIds[first.vantage] ?? [])];
  return [...new Set(views.flatMap((v) => captureIds[v.vantage] ?? []))].sort(byNumber);
}

const endsOf = (flow: TcpFlow): { client: Endpoint; server: Endpoint } => ({
  client: { address: flow.addressOf(flow.client), port: flow.port[flow.client] },
  server: { address: flow.addressOf(flow.server), port: flow.port[flow.server] },
});

function nearestToClient(views: readonly FlowView[], { correlation }: JudgedIncident): FlowView {
  const [only] = views;
  if (only !== undefined && views.length === 1) return only;
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

function toLeg(leg: JoinedLeg, naming: Naming): NonNullable<Flow['legs']>[number] {
  const { flow } = nearestToClient(leg.views, naming.incident).watch.connection;
  return { ...endsOf(flow), seenAt: seenAt(leg.views, naming) };
}

/** First and last segment anywhere, by the reference's clock. */
function lifeOf(views: readonly FlowView[], { correlation }: JudgedIncident): { start: string; end: string } {
  const at = (v: FlowView, t: Nanos): Nanos => {
    const own = correlation.vantages[v.vantage];
    return own === undefined ? t : own.clock.toReference(t + own.shift);
  };
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const view of views) {
    const { firstTime, lastTime } = view.watch.connection.flow;
    start = Math.min(start, at(view, firstTime));
    end = Math.max(end, at(view, lastTime));
  }
  return {
    start: toEpoch(correlation.base, start).toString(),
    end: toEpoch(correlation.base, end).toString(),
  };
}

const captureIdsOf = ({ captures }: ReportVantage): string[] =>
  captures
    .filter((c) => c.firstTime !== null)
    .map((c) => c.id)
    .sort(byNumber);

/** Only where a vantage is one file: of several, tshark numbers each by itself. */
function streamsOf(views: readonly FlowView[], { incident, captureIds }: Naming): Record<string, number> {
  const found: Record<string, number> = {};
  for (const view of views) {
    const { flow } = view.watch.connection;
    const vantage = incident.vantages[view.vantage];
    const ids = captureIds[view.vantage] ?? [];
    const [id] = ids;
    if (id === undefined || ids.length > 1 || vantage === undefined || flow.index >= vantage.exactStreams)
      continue;
    found[id] ??= flow.stream;
  }
  return found;
}

/** Ids of captures, as these were given. */
export const byNumber = (a: string, b: string): number => Number(a.slice(1)) - Number(b.slice(1));
