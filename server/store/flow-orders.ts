/**
 * The flow table sorted by each of its columns, made once with the result. Equal flows are in the
 * falling order of their numbers, so that a falling column, which is what people look at, has them rising.
 * The trap: addresses sort by their numbers, so that 10.0.0.9 stands before 10.0.0.10.
 */
import { CAUSE_IDS, type Endpoint, type Flow, OUTCOME_ORDER } from '../../analyzer/index.ts';
import { parseAddress } from '../../packet/address.ts';
import type { FlowRow, FlowSort } from '../api.ts';

type Key = number | bigint | string;

const CONFIDENCES: readonly string[] = ['low', 'medium', 'high'];

const KEYS: Record<FlowSort, (row: FlowRow, flow: Flow) => Key> = {
  stall: ({ stall }) => stall ?? -1,
  start: ({ start }) => BigInt(start),
  // Worst first when it falls, as stalls do.
  outcome: ({ outcome }) => -OUTCOME_ORDER.indexOf(outcome),
  // In the order of the catalogue; flows without a cause last.
  cause: ({ cause }) => (cause === null ? CAUSE_IDS.length : CAUSE_IDS.indexOf(cause)),
  client: (_, { client }) => endpointKey(client),
  server: (_, { server }) => endpointKey(server),
  confidence: ({ confidence }) => CONFIDENCES.indexOf(confidence),
  retransmits: ({ retransmits }) => retransmits,
  bytes: ({ bytesToClient, bytesToServer }) => bytesToClient + bytesToServer,
};

export const FLOW_SORTS = Object.keys(KEYS) as FlowSort[];

/** Takes flows as they are written; what it keeps of each is a key a column. */
export class FlowOrders {
  private readonly keys = new Map<FlowSort, Key[]>(FLOW_SORTS.map((sort) => [sort, []]));

  add(row: FlowRow, flow: Flow): void {
    for (const [sort, keys] of this.keys) keys.push(KEYS[sort](row, flow));
  }

  /** Numbers of all flows, ascending. */
  of(sort: FlowSort): Uint32Array {
    const keys = this.keys.get(sort) ?? [];
    const numbers = Uint32Array.from(keys, (_, number) => number);
    return numbers.sort((a, b) => {
      const [one, other] = [keys[a] as Key, keys[b] as Key];
      return one < other ? -1 : one > other ? 1 : b - a;
    });
  }
}

function endpointKey({ address, port }: Endpoint): string {
  const parsed = parseAddress(address);
  if (parsed === null) return `9${address}`;
  const words = parsed.version === 4 ? parsed.words.subarray(0, 1) : parsed.words;
  const hex = [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${parsed.version}${hex}${port.toString(16).padStart(4, '0')}`;
}
