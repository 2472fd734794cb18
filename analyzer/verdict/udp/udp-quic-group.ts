/**
 * The same QUIC connection in several captures, and under several ports in one:
 * by its ends where nothing translates them, else by a connection ID of the
 * server, which no translation changes.
 * The trap: an ID that is too short is met by chance, and a port is used again.
 */
import { type Nanos, seconds } from '../../../packet/time.ts';
import type { EndIndex } from '../../flow/flow.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import { isSame, type QuicFlow, SHORTEST_CID } from '../../stall/udp/quic-flow.ts';
import type { QuicRecord } from '../../stall/udp/quic-watch.ts';
import type { UdpView } from './udp-case.ts';
import { endWords } from './udp-sight.ts';

/** One conversation at one vantage. */
export interface QuicSight extends QuicRecord {
  readonly view: UdpView;
}

/** The same ends so long after are another connection. */
const PORT_RESTS: Nanos = seconds(60);

export class QuicGroups {
  private readonly byKey = new Map<string, QuicSight[]>();

  constructor(sights: readonly QuicSight[]) {
    for (const sight of sights) {
      for (const key of keysOf(sight)) {
        const known = this.byKey.get(key);
        if (known === undefined) this.byKey.set(key, [sight]);
        else known.push(sight);
      }
    }
  }

  /** All sights of the connection that one of them belongs to, that one first. */
  of(sight: QuicSight): QuicSight[] {
    const found = [sight];
    const flows = new Set<QuicFlow>([sight.flow]);
    for (const one of found) {
      for (const key of keysOf(one)) {
        for (const other of this.byKey.get(key) ?? []) {
          if (flows.has(other.flow) || !isSameConnection(one, other)) continue;
          flows.add(other.flow);
          found.push(other);
        }
      }
    }
    return found;
  }
}

/** Ends, and the first bytes of every ID; each is only where to look. */
function keysOf({ flow, ends }: QuicSight): string[] {
  const server = endWords(ends.server);
  const ids = flow.heads.filter((c) => c.length >= SHORTEST_CID);
  const heads = ids.map((c) => `${server} ${c.subarray(0, SHORTEST_CID).join('.')}`);
  return [`${endWords(ends.client)} ${server}`, ...new Set(heads)];
}

function isSameConnection(a: QuicSight, b: QuicSight): boolean {
  // Two that were opened here are two, whatever their servers call them.
  if (a.view === b.view && a.flow.opened && b.flow.opened) return false;
  const known = (s: QuicSight): Uint8Array[] => s.flow.heads.filter((c) => c.length >= SHORTEST_CID);
  if (known(a).some((x) => known(b).some((y) => isSame(x, y)))) return true;
  const sameEnds = keysOf(a)[0] === keysOf(b)[0];
  return sameEnds && a.view !== b.view && spanOf(a).from < spanOf(b).to && spanOf(b).from < spanOf(a).to;
}

function spanOf({ flow, view }: QuicSight): { from: Nanos; to: Nanos } {
  return {
    from: view.toReference(flow.firstTime) - PORT_RESTS,
    to: view.toReference(flow.newest) + PORT_RESTS,
  };
}

export interface HeardDatagram {
  readonly time: Nanos;
  readonly frame: FrameId;
}

/**
 * The first datagram of an end that this sight is known to hold in a time of the
 * common base. What came in the middle of traffic is not kept, so that null does
 * not say that there was none.
 */
export function heardIn(
  { flow, view }: QuicSight,
  end: EndIndex,
  from: Nanos,
  to: Nanos,
): HeardDatagram | null {
  const side = flow.sides[end];
  if (side.count === 0) return null;
  const isIn = ({ time }: HeardDatagram): boolean => {
    const at = view.toReference(time);
    return at > from && at < to;
  };
  const first = { time: side.firstTime, frame: side.firstFrame };
  const last = { time: side.lastTime, frame: side.lastFrame };
  const kept = flow.events.filter((e) => e.sender === end);
  return [first, ...kept, last].find(isIn) ?? null;
}
