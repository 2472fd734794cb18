/**
 * A flow of the report as the flow table has it, and the columns that it is sorted and filtered by.
 * The trap: addresses sort by their numbers, so that 10.0.0.9 stands before 10.0.0.10.
 */
import {
  CAUSE_IDS,
  type Endpoint,
  type Flow,
  formatEndpoint,
  OUTCOME_ORDER,
  worstStall,
} from '../../analyzer/index.ts';
import { parseAddress } from '../../packet/address.ts';
import type { FlowRow } from '../api.ts';
import type { SqlValue } from './connection.ts';
import { CONFIDENCES } from './flow-filter.ts';

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

/** Values for `FLOW_COLUMNS`. */
export function toFlowColumns(flow: Flow, row: FlowRow): SqlValue[] {
  const causes = new Set([...(flow.cause === null ? [] : [flow.cause]), ...flow.candidates]);
  return [
    row.index,
    row.id,
    row.protocol,
    row.outcome,
    // Worst first when it falls, as stalls do.
    OUTCOME_ORDER.length - OUTCOME_ORDER.indexOf(row.outcome),
    row.cause,
    // In the order of the catalogue; flows without a cause last.
    String(row.cause === null ? 99 : CAUSE_IDS.indexOf(row.cause)).padStart(2, '0'),
    spaced([...causes]),
    CONFIDENCES.indexOf(row.confidence),
    endpointOrder(flow.client),
    endpointOrder(flow.server),
    row.client,
    row.server,
    flow.client.port,
    flow.server.port,
    tuplesOf(flow),
    toInteger(row.start),
    row.stall ?? -1,
    row.outage,
    row.backoff,
    row.retransmits,
    row.bytesToClient + row.bytesToServer,
    spaced(row.seenAt),
  ];
}

export const FLOW_COLUMNS = [
  'number',
  'id',
  'protocol',
  'outcome',
  'severity',
  'cause',
  'cause_order',
  'candidates',
  'confidence',
  'client_order',
  'server_order',
  'client',
  'server',
  'client_port',
  'server_port',
  'tuples',
  'start',
  'stall',
  'outage',
  'backoff',
  'retransmits',
  'bytes',
  'seen',
] as const;

/** Also under other addresses and on the other leg: whatever the user knows of it finds it. */
function tuplesOf({ client, server, translated = [], legs = [] }: Flow): string {
  const ends = [client, server, ...translated, ...legs.flatMap((leg) => [leg.client, leg.server])];
  return [...new Set(ends.map(formatEndpoint))].join(' ');
}

const spaced = (words: readonly string[]): string => ` ${words.join(' ')} `;

function endpointOrder({ address, port }: Endpoint): string {
  const parsed = parseAddress(address);
  if (parsed === null) return `9${address}`;
  const words = parsed.version === 4 ? parsed.words.subarray(0, 1) : parsed.words;
  const hex = [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${parsed.version}${hex}${port.toString(16).padStart(4, '0')}`;
}

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** A damaged capture may claim a time that SQLite's integers do not hold. */
export function toInteger(nanos: string): bigint {
  const value = BigInt(nanos);
  return value < LEAST ? LEAST : value > MOST ? MOST : value;
}
