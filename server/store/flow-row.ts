/** A flow of the report as the flow table has it, and the columns that it is filtered by. */
import { type Flow, formatEndpoint, worstStall } from '../../analyzer/index.ts';
import type { FlowRow } from '../api.ts';
import type { SqlValue } from './connection.ts';

export function toFlowRow(flow: Flow, index: number, retransmits: number): FlowRow {
  const worst = worstStall(flow);
  return {
    index,
    id: flow.id,
    protocol: flow.protocol,
    client: formatEndpoint(flow.client),
    server: formatEndpoint(flow.server),
    outcome: flow.outcome,
    cause: flow.cause,
    candidates: flow.candidates,
    confidence: flow.confidence,
    start: flow.start,
    end: flow.end,
    stallStart: worst?.start ?? null,
    stallEnd: worst?.end ?? null,
    stall: worst?.duration ?? null,
    outage: worst?.outage ?? null,
    backoff: worst?.backoff ?? null,
    retransmits,
    bytesToClient: flow.bytesToClient,
    bytesToServer: flow.bytesToServer,
    seenAt: flow.seenAt,
  };
}

export const FLOW_COLUMNS = [
  'number',
  'id',
  'facet',
  'protocol',
  'outcome',
  'cause',
  'candidates',
  'confidence',
  'client',
  'server',
  'client_port',
  'server_port',
  'tuples',
  'stall',
  'outage',
  'backoff',
  'retransmits',
  'bytes',
  'seen',
] as const;

/** Values for `FLOW_COLUMNS`. `seen`: names of the places where it was seen. */
export function toFlowColumns(flow: Flow, row: FlowRow, facet: number, seen: readonly string[]): SqlValue[] {
  const causes = new Set([...(flow.cause === null ? [] : [flow.cause]), ...flow.candidates]);
  return [
    row.index,
    row.id,
    facet,
    row.protocol,
    row.outcome,
    row.cause,
    spaced([...causes]),
    row.confidence,
    row.client,
    row.server,
    flow.client.port,
    flow.server.port,
    tuplesOf(flow),
    row.stall,
    row.outage,
    row.backoff,
    row.retransmits,
    row.bytesToClient + row.bytesToServer,
    spaced(seen),
  ];
}

/** Also under other addresses and on the other leg: whatever the user knows of it finds it. */
function tuplesOf({ client, server, translated = [], legs = [] }: Flow): string {
  const ends = [client, server, ...translated, ...legs.flatMap((leg) => [leg.client, leg.server])];
  return [...new Set(ends.map(formatEndpoint))].join(' ');
}

const spaced = (words: readonly string[]): string => ` ${words.join(' ')} `;

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** A damaged capture may claim a time that SQLite's integers do not hold. */
export function toInteger(nanos: string): bigint {
  const value = BigInt(nanos);
  return value < LEAST ? LEAST : value > MOST ? MOST : value;
}
