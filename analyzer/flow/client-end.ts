/**
 * Who is the client of a flow whose opening the capture missed: the end on the
 * higher port, if the other is a well-known port (below 1024, RFC 6335) or
 * serves at least three peers on that port; else the higher port, unsurely.
 */
import { type EndIndex, type Flow, otherEnd } from './flow.ts';

const WELL_KNOWN = 1024;
const SERVES = 3;

/** Settles the client of every flow that neither handshake nor first bytes settled. */
export function settleClients(flows: readonly Flow[]): void {
  const unsure = flows.filter((f) => f.clientReason === 'guess');
  if (unsure.length === 0) return;
  const peers = countPeers(flows);
  for (const flow of unsure) settle(flow, peers);
}

function settle(flow: Flow, peers: ReadonlyMap<string, Set<string>>): void {
  const higher: EndIndex = flow.port[0] > flow.port[1] ? 0 : 1;
  const lower = otherEnd(higher);
  if (flow.port[lower] < WELL_KNOWN && flow.port[higher] >= WELL_KNOWN) {
    flow.setClient(higher, 'port');
    return;
  }
  for (const end of [lower, higher]) {
    if ((peers.get(serviceOf(flow, end))?.size ?? 0) >= SERVES) {
      flow.setClient(otherEnd(end), 'peers');
      return;
    }
  }
}

function countPeers(flows: readonly Flow[]): Map<string, Set<string>> {
  const peers = new Map<string, Set<string>>();
  for (const flow of flows) {
    for (const end of [0, 1] as const) {
      const service = serviceOf(flow, end);
      let set = peers.get(service);
      if (set === undefined) {
        set = new Set();
        peers.set(service, set);
      }
      if (set.size < SERVES) set.add(serviceOf(flow, otherEnd(end)));
    }
  }
  return peers;
}

const serviceOf = (flow: Flow, end: EndIndex): string => `${flow.addressOf(end)} ${flow.port[end]}`;
