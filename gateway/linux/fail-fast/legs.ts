/**
 * The ends that must learn of a loss: of every lost connection the client, in the server's name, and
 * the server, in the name that it knows the client by (its own, the translated one, or a proxy's).
 */
import { formatAddress, parseAddress } from '../../../packet/address.ts';
import type { Tuple } from '../forwarder.ts';
import type { Endpoint } from '../tuple-text.ts';
import { endpointText, tupleText } from '../tuple-text.ts';

export interface Leg {
  readonly end: Endpoint;
  readonly inNameOf: Endpoint;
  readonly toward: 'client' | 'server';
  /** The connection that it belongs to, as the client opened it. */
  readonly tuple: string;
}

/** Each end once, clients first. */
export function legsOf(tuples: readonly Tuple[]): Leg[] {
  const legs = new Map<string, Leg>();
  const add = (leg: Leg) => legs.set(legKey(leg.end, leg.inNameOf), leg);
  for (const tuple of tuples)
    add({ end: tuple.client, inNameOf: tuple.server, toward: 'client', tuple: tupleText(tuple) });
  for (const tuple of tuples) {
    const { client, server } = tuple.outside ?? tuple;
    add({ end: server, inNameOf: client, toward: 'server', tuple: tupleText(tuple) });
  }
  return [...legs.values()];
}

/** The same for every spelling of an address. */
export const legKey = (end: Endpoint, inNameOf: Endpoint): string =>
  `${canonical(end)} ${canonical(inNameOf)}`;

function canonical({ address, port }: Endpoint): string {
  const parsed = parseAddress(address);
  return endpointText({ address: parsed ? formatAddress(parsed.words, 0, parsed.version) : address, port });
}
