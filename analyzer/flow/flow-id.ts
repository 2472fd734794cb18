/**
 * A flow's name: `f` and the first 10 hex digits of SHA-256 over the protocol,
 * the client's tuple before translation, the server's tuple, and the first
 * sequence number seen, so that it is the same in any order of files. Where one
 * vantage saw two such connections, at two times, the later counts its number in.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Flow } from './flow.ts';

export function flowId(flow: Flow, nth = 1): string {
  const client = `${flow.addressOf(flow.client)}:${flow.port[flow.client]}`;
  const server = `${flow.addressOf(flow.server)}:${flow.port[flow.server]}`;
  return idOf(`tcp|${client}|${server}|${flow.firstSeq}`, nth);
}

/** The name of a UDP flow: it has no sequence number, and counts as 0. */
export function udpFlowId(client: UdpEnd, server: UdpEnd, nth = 1): string {
  return idOf(`udp|${client.address}:${client.port}|${server.address}:${server.port}|0`, nth);
}

interface UdpEnd {
  readonly address: string;
  readonly port: number;
}

const ENCODER = new TextEncoder();

function idOf(first: string, nth: number): string {
  const text = `${first}${nth === 1 ? '' : `|${nth}`}`;
  const digest = sha256(ENCODER.encode(text));
  let hex = '';
  for (let i = 0; i < 5; i++) hex += (digest[i] as number).toString(16).padStart(2, '0');
  return `f${hex}`;
}

/** The ids of one vantage's flows, all different, by the flow's index. */
export function flowIds(flows: readonly Flow[]): string[] {
  const seen = new Map<string, number>();
  return flows.map((flow) => {
    const id = flowId(flow);
    const nth = (seen.get(id) ?? 0) + 1;
    seen.set(id, nth);
    return nth === 1 ? id : flowId(flow, nth);
  });
}
