/**
 * How closely a takeover is dated: the path was still there with the last that
 * a node forwarded, and gone for the first segment that reached no node after
 * it; it was still gone for the last such segment before the new node's first.
 * The trap: where nobody sends, nothing is known. The bounds are as far apart
 * as the frames that could show it, and that is what is printed.
 */
import type { Nanos } from '../packet/time.ts';
import type { Crossing, CrossPacket, Sender } from './failover/crossing.ts';
import { isSurelyHearsay, type Takeover } from './failover/takeover.ts';
import type { FrameId } from './flow/frame-id.ts';
import { end, ingress } from './verdict/hops.ts';

export interface Bounds {
  /** ns: the path was lost at `lost` or up to so much later. */
  readonly lostWithin: Nanos;
  /** ns: the path was back at `restored` or up to so much earlier; null where it was not. */
  readonly restoredWithin: Nanos | null;
  /** Frame of the last segment that reached no node before the path was back; null where nobody sent any. */
  readonly lastVain: FrameId | null;
}

export function boundsOf(
  takeover: Takeover,
  crossings: readonly Crossing[],
  nodes: readonly number[],
): Bounds {
  const { lost, restored } = takeover;
  const largest = largestTaken(takeover, crossings);
  const until = restored ?? Number.POSITIVE_INFINITY;
  let first = until;
  let last = lost;
  let lastVain: FrameId | null = null;
  for (const crossing of crossings) {
    for (const packet of crossing.packets) {
      if (packet.time <= lost || packet.time >= until || !isVain(packet, crossing, nodes, takeover)) continue;
      first = Math.min(first, packet.time);
      // What is larger than anything that the new node ever took in may not fit the new path.
      if (packet.length <= largest[packet.from] && packet.time > last) {
        last = packet.time;
        lastVain = crossing.at(packet, end(packet.from))?.row.id ?? null;
      }
    }
  }
  return {
    lostWithin: Number.isFinite(first) ? first - lost : 0,
    restoredWithin: restored === null ? null : restored - last,
    lastVain,
  };
}

/** An end sent it, and it reached no node. */
function isVain(packet: CrossPacket, crossing: Crossing, nodes: readonly number[], by: Takeover): boolean {
  if (crossing.at(packet, end(packet.from)) === null) return false;
  return nodes.every(
    (n) =>
      crossing.look(packet, ingress(n, packet.from)) === 'missing' || isSurelyHearsay(by, n, packet.time),
  );
}

/** The payload that every host must take (RFC 9293, 3.7.1: the default of the maximum segment size). */
const FITS_ANY_PATH = 536;

/** The largest payload of each end that came to the new node once it was in the path. */
function largestTaken({ to, restored }: Takeover, crossings: readonly Crossing[]): Record<Sender, number> {
  const largest: Record<Sender, number> = { client: FITS_ANY_PATH, server: FITS_ANY_PATH };
  if (restored === null) return largest;
  for (const crossing of crossings) {
    for (const packet of crossing.packets) {
      const came = crossing.at(packet, ingress(to, packet.from));
      if (came === null || came.time < restored) continue;
      largest[packet.from] = Math.max(largest[packet.from], packet.length);
    }
  }
  return largest;
}

/** The last segment in vain before a takeover's end, by a vantage's clock. */
export function vainOf(
  { restored }: Takeover,
  bounds: Bounds | undefined,
  local: (t: Nanos) => Nanos,
): { time: Nanos; frame: number } | null {
  const within = bounds?.restoredWithin ?? null;
  if (restored === null || within === null || bounds?.lastVain == null) return null;
  return { time: local(restored - within), frame: bounds.lastVain };
}
