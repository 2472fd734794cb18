/**
 * A switched link between hosts and the two nodes: who receives a frame, when,
 * and which captures see it.
 * The trap: a frame for a MAC that nobody has is flooded by some switches; the
 * captures of the others then hold what their hosts never took.
 */
import type { Nanos } from '../../../packet/time.ts';
import type { Chance, Clockwork } from './clockwork.ts';
import { BROADCAST, type Packet } from './packet.ts';
import type { Tap } from './tap.ts';

/** An interface on the link. */
export interface Station {
  readonly name: string;
  readonly mac: string;
  readonly tap: Tap | null;
  /** One way from here to the switch. */
  readonly delay: Nanos;
  isAttached(now: Nanos): boolean;
  receive(packet: Packet): void;
}

/** A frame on its way, as the fabric looks at it. */
export interface Passing {
  readonly packet: Packet;
  readonly from: string;
  readonly to: string;
  readonly now: Nanos;
}

export interface LinkOptions {
  readonly clock: Clockwork;
  readonly chance: Chance;
  /** Frames for an unknown MAC reach every interface. */
  readonly flooding: boolean;
  /** Which of several stations with one MAC has the frame. Default the last one. */
  choose?(stations: readonly Station[], packet: Packet, from: Station, now: Nanos): Station;
  /** True where the frame vanishes. */
  loses?(passing: Passing): boolean;
}

/** Cables and switches of a LAN. */
const SHORTEST = 6_000;
const LONGEST = 22_000;

export class Link {
  private readonly stations: Station[] = [];
  private readonly arrivals = new Map<string, Nanos>();
  private readonly o: LinkOptions;

  constructor(options: LinkOptions) {
    this.o = options;
  }

  join(station: Station): void {
    this.stations.push(station);
  }

  send(from: Station, packet: Packet, destinationMac: string): void {
    const { now } = this.o.clock;
    if (!from.isAttached(now)) return;
    const frame = { packet, sourceMac: from.mac, destinationMac };
    from.tap?.record({ ...frame, time: now, came: 'out' });
    const others = this.stations.filter((s) => s !== from && s.isAttached(now));
    const all = destinationMac === BROADCAST || /^(?:01:00:5e|33:33)/.test(destinationMac);
    const owners = others.filter((s) => s.mac === destinationMac);
    const chosen =
      owners.length > 1 ? (this.o.choose?.(owners, packet, from, now) ?? owners.at(-1)) : owners[0];
    const receivers = all || (owners.length === 0 && this.o.flooding) ? others : chosen ? [chosen] : [];
    const came = all ? 'in-for-all' : owners.length === 0 ? 'in-for-another' : 'in';
    for (const to of receivers) {
      if (this.o.loses?.({ packet, from: from.name, to: to.name, now }) === true) continue;
      this.o.clock.at(this.arrival(from, to), () => {
        if (!to.isAttached(this.o.clock.now)) return;
        to.tap?.record({ ...frame, time: this.o.clock.now, came });
        if (came !== 'in-for-another') to.receive(packet);
      });
    }
  }

  /** Frames between two stations keep their order. */
  private arrival(from: Station, to: Station): Nanos {
    const key = `${from.name} ${to.name}`;
    const travel = from.delay + to.delay + this.o.chance.between(SHORTEST, LONGEST);
    const earliest = (this.arrivals.get(key) ?? 0) + 1_500;
    const time = Math.max(this.o.clock.now + travel, earliest);
    this.arrivals.set(key, time);
    return time;
  }
}
