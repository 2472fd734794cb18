/**
 * What a vantage is worth for a UDP flow, and what it shows beside the flow.
 */
import { millis, type Nanos } from '../../../packet/time.ts';
import type { UdpEnds } from '../../stall/udp/dns-watch.ts';
import type { PeerLog } from '../../stall/udp/udp-peers.ts';
import { inferred, type VerdictClaim } from '../rule.ts';
import { nameOfView, type UdpCase, type UdpEvidence, type UdpView } from './udp-case.ts';

/** Clocks of two vantages may differ by this much, and a datagram needs time from one to the other. */
export const APART: Nanos = millis(500);
/** What was on its way when the silence began. */
const ON_ITS_WAY: Nanos = millis(500);

/** 0 is best: who waits tells it best, and whoever is nearest to them next. */
export function rankOf({ role, side }: UdpView): number {
  if (role === 'client') return 0;
  if (role === 'server') return 5;
  if (role === 'unknown') return 2;
  return side === 'in' ? 1 : side === 'out' ? 4 : 3;
}

/** Whether a server was heard at all while a flow waited for it in vain. */
export function othersHeard(
  server: PeerLog,
  start: Nanos,
  triedUntil: Nanos,
  until: Nanos,
): UdpCase['others'] {
  if (server.wasHeardThroughout(start, triedUntil)) return 'throughout';
  if (server.wasHeardIn(start + ON_ITS_WAY, triedUntil)) return 'sometimes';
  return server.wasHeardIn(Math.max(triedUntil, start + ON_ITS_WAY), until) ? 'later' : 'never';
}

/** An ICMP error refused datagrams of the client, at any of these vantages. */
export function isRefused(sights: readonly { readonly view: UdpView; readonly ends: UdpEnds }[]): boolean {
  return sights.some(({ view, ends: { client, server } }) =>
    view.watch.refusals.some(
      ({ from, to }) =>
        from.port === client.port &&
        to.port === server.port &&
        from.address === client.address &&
        to.address === server.address,
    ),
  );
}

/**
 * The client's datagrams reached a node's inner side while its outer side was
 * watched and does not show them. Null where that is not the case.
 */
export function stoppedInside(
  views: readonly UdpView[],
  seenIn: readonly { readonly view: UdpView; readonly time: Nanos; readonly frame: number }[],
): UdpEvidence | null {
  const outer = (host: string) => views.filter((v) => v.host === host && v.side === 'out');
  for (const { view, time, frame } of seenIn) {
    if (view.role !== 'node' || view.side !== 'in') continue;
    const at = view.toReference(time) + APART;
    const watched = outer(view.host).filter((v) => v.toReference(v.coveredUntil) > at);
    if (watched.length === 0 || seenIn.some((s) => s.view.host === view.host && s.view.side === 'out'))
      continue;
    const text = `what the client sent reached ${nameOfView(view)} and did not leave ${watched.map(nameOfView).join(', ')}: the node kept it`;
    return { confidence: 'medium', claims: [inferred(text, [frame])] };
  }
  return null;
}

/** Endpoints of the client that differ from its own. */
export function translations(own: UdpEnds, others: readonly UdpEnds[]): UdpCase['translated'] {
  const seen = new Map<string, UdpEnds['client']>();
  for (const { client } of others) {
    if (!isSameEnd(client, own.client)) seen.set(`${client.address} ${client.port}`, client);
  }
  return [...seen.values()];
}

export const isSameEnd = (a: UdpEnds['client'], b: UdpEnds['client']): boolean =>
  a.port === b.port && a.address === b.address;

/** `10.0.0.1:53`, `[fd00::1]:53`. */
export const endWords = ({ address, port }: UdpEnds['client']): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

export const capturesOf = (sights: readonly { readonly view: UdpView }[]): string[] => [
  ...new Set(sights.flatMap((s) => s.view.captureIds)),
];

export const claimsOf = (...evidence: readonly (UdpEvidence | null)[]): VerdictClaim[] =>
  evidence.flatMap((e) => e?.claims ?? []);
