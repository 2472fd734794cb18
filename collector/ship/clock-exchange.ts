/**
 * This host's clock against the server's, as NTP does it (RFC 5905, 8): four times, of which the way there and the way back
 * cancel out where they took equally long. Of several exchanges the one with the shortest way is the best (its section 10).
 * The trap: ways need not take equally long, so the offset is known only to half of the round trip.
 */
import type { ExchangeNote } from '../../packet/file/collector-note.ts';
import { wallClock } from '../../packet/wall-clock.ts';
import { checkAnswer, noServe } from './answer.ts';
import type { ServerConnection } from './server-connection.ts';

const EXCHANGES = 8;
/** Both clocks are read to about 10 µs. s. */
const PRECISION = 20e-6;

/** ns since the epoch: sent and received by this host's clock, the two in between by the peer's. */
export interface FourTimes {
  readonly sent: bigint;
  readonly peerReceived: bigint;
  readonly peerSent: bigint;
  readonly received: bigint;
}

/** s; null for times that cannot be: somebody set a clock in between. */
export function offsetOf(times: FourTimes): { offset: number; error: number } | null {
  const { sent, peerReceived, peerSent, received } = times;
  const roundTrip = received - sent - (peerSent - peerReceived);
  if (received < sent || peerSent < peerReceived || roundTrip < 0n) return null;
  const twice = peerReceived - sent + (peerSent - received);
  return { offset: Number(twice) / 2e9, error: Number(roundTrip) / 2e9 + PRECISION };
}

/** The best of eight; null where none made sense. @throws ServerTrouble, CollectorError */
export async function exchangeClocks(
  connection: ServerConnection,
  clock: () => bigint = wallClock,
): Promise<ExchangeNote | null> {
  let best: ExchangeNote | null = null;
  for (let i = 0; i < EXCHANGES; i += 1) {
    const sent = clock();
    const answer = await connection.ask('POST', 'api/clock');
    const received = clock();
    checkAnswer(answer);
    const { peer, received: there, sent: back } = answer.json ?? {};
    if (typeof peer !== 'string' || !isTime(there) || !isTime(back)) throw noServe();
    const found = offsetOf({ sent, peerReceived: BigInt(there), peerSent: BigInt(back), received });
    if (found !== null && (best === null || found.error < best.error))
      best = { note: 'exchange', at: String(received), peer: peer.slice(0, 100), ...found };
  }
  return best;
}

const isTime = (value: unknown): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);
