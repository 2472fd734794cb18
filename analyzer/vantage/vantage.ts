/**
 * Where a capture was taken, from its traffic: a host sends with an untouched
 * TTL (64, 128 or 255) what others receive decremented, answers a handshake in
 * microseconds while the other end takes a round trip, and a cooked capture
 * says which frames left it.
 * The trap: a proxy next door answers with an untouched TTL as well, so two
 * untouched TTLs decide nothing and the handshake's times must. Where those are
 * alike in most flows, the few that chance drew apart say nothing either.
 */
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { SilenceWatch } from '../stall/silence.ts';

export type Place = 'client' | 'node' | 'server' | 'unknown';

export interface PlaceGuess {
  readonly place: Place;
  /** Flows that spoke for it, and flows that could speak at all. */
  readonly votes: number;
  readonly voters: number;
  readonly because: string;
}

/** Frames that left the host and that came to it, by sender, from cooked captures. */
export interface CookedCounts {
  readonly left: [number, number];
  readonly came: [number, number];
}

/** TTLs that systems start with: Linux, macOS, BSD 64; Windows 128; routers and some stacks 255. */
const INITIAL_TTLS = new Set([64, 128, 255]);
/** The nearer end must answer the handshake at least this much faster. */
const CLEARLY_FASTER = 2;
const MAJORITY = 0.6;

/** True where a TTL has not been decremented: its sender is next door, or is this host. */
export const isInitialTtl = (ttl: number): boolean => INITIAL_TTLS.has(ttl);

/** Guesses the place from all flows; `unknown` where the flows do not agree. */
export function guessPlace(
  watches: readonly SilenceWatch[],
  cooked: readonly (CookedCounts | undefined)[],
): PlaceGuess {
  const count: Record<Place, number> = { client: 0, node: 0, server: 0, unknown: 0 };
  const timed = { client: 0, server: 0, alike: 0, untimed: 0 };
  for (let i = 0; i < watches.length; i++) {
    const watch = watches[i] as SilenceWatch;
    const place = placeFromCooked(watch.connection.flow, cooked[i]) ?? placeFromTtls(watch);
    if (place !== null) count[place] += 1;
    else timed[placeFromHandshake(watch)] += 1;
  }
  for (const end of ['client', 'server'] as const) {
    if (timed[end] >= MAJORITY * (timed.client + timed.server + timed.alike)) count[end] += timed[end];
  }
  const voters = count.client + count.node + count.server;
  for (const place of ['client', 'server', 'node'] as const) {
    if (voters > 0 && count[place] >= MAJORITY * voters) {
      return { place, votes: count[place], voters, because: BECAUSE[place] };
    }
  }
  return { place: 'unknown', votes: 0, voters, because: 'TTLs and handshake times do not agree' };
}

const BECAUSE: Record<Exclude<Place, 'unknown'>, string> = {
  client: "the client's segments have an untouched TTL or answer at once, the server's do not",
  server: "the server's segments have an untouched TTL or answer at once, the client's do not",
  node: 'segments of both ends pass with decremented TTLs, or pass through',
};

function placeFromCooked(flow: Flow, counts: CookedCounts | undefined): Place | null {
  if (counts === undefined) return null;
  const { left, came } = counts;
  const total = left[0] + left[1] + came[0] + came[1];
  if (total < 4) return null;
  const passes = (end: EndIndex): boolean => left[end] > 0 && came[end] > 0;
  if (passes(0) || passes(1)) return 'node';
  const own: EndIndex = left[0] > 0 ? 0 : 1;
  if (left[own] === 0) return null;
  return own === flow.client ? 'client' : 'server';
}

/** Null where both are untouched. */
function placeFromTtls(watch: SilenceWatch): Place | null {
  const { flow, sides } = watch.connection;
  const client = sides[flow.client].ttl;
  const server = sides[flow.server].ttl;
  if (client < 0 || server < 0) return 'unknown';
  const clientNear = isInitialTtl(client);
  const serverNear = isInitialTtl(server);
  if (clientNear && !serverNear) return 'client';
  if (serverNear && !clientNear) return 'server';
  return clientNear ? null : 'node';
}

/** The end that is clearly faster; `alike` where neither is. */
function placeFromHandshake(watch: SilenceWatch): 'client' | 'server' | 'alike' | 'untimed' {
  const { flow, sides } = watch.connection;
  const syn = sides[flow.client].synTime;
  if (watch.synAckTime === 0 || watch.handshakeAckTime === 0 || sides[flow.client].synCount !== 1)
    return 'untimed';
  const toServer = watch.synAckTime - syn;
  const toClient = watch.handshakeAckTime - watch.synAckTime;
  if (toServer > toClient * CLEARLY_FASTER) return 'client';
  return toClient > toServer * CLEARLY_FASTER ? 'server' : 'alike';
}
