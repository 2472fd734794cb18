/**
 * What the traffic proves against the labels of captures. A label says where on
 * the path a capture was taken; round trips, TTLs and who holds the same packets
 * say it too, and where both cannot be true the user is told.
 * The trap: most of what looks odd is right somewhere: nodes in a row, links
 * that flood, captures that began late. So only captures of one host, or an end
 * and anything else, are held to an order; the rest takes two signs at once.
 */
import type { SharedPacket } from './shared-packets.ts';
import type { Station } from './stations.ts';

/** What two vantages have in common. */
export interface Tie {
  readonly a: number;
  readonly b: number;
  readonly packets: readonly SharedPacket[];
  /** By round trips alone; 1: `a` is nearer to the client. */
  readonly trips: -1 | 0 | 1;
}

/** TTLs of one connection's ends at each vantage that saw it; -1 where it saw none of that end's segments. */
export type LegTtls = ReadonlyMap<number, { readonly client: number; readonly server: number }>;

export interface LabelEvidence {
  readonly stations: readonly Station[];
  readonly ties: readonly Tie[];
  readonly ttls: readonly LegTtls[];
  /** It holds any segment at all. */
  readonly active: readonly boolean[];
}

type End = 'client' | 'server';
type Side = 'in' | 'out';

/** Fewer round trips than this may be a clock that was set between two packets. */
const FEW = 3;
const END_OF: Record<Side, End> = { in: 'client', out: 'server' };

/** For each vantage what contradicts its label, or null. */
export function checkLabels(evidence: LabelEvidence): (string | null)[] {
  const check = new LabelCheck(evidence);
  return evidence.stations.map((_, i) => check.against(i));
}

class LabelCheck {
  private readonly stations: readonly Station[];
  private readonly evidence: LabelEvidence;
  private readonly named: readonly number[];
  private readonly isRouted: boolean;

  constructor(evidence: LabelEvidence) {
    this.evidence = evidence;
    this.stations = evidence.stations;
    this.named = evidence.stations.flatMap((s, i) => (s.inferred ? [] : [i]));
    this.isRouted = evidence.ttls.some((leg) =>
      (['client', 'server'] as const).some(
        (end) => new Set([...leg.values()].map((t) => t[end]).filter((t) => t >= 0)).size > 1,
      ),
    );
  }

  against(i: number): string | null {
    const own = this.station(i);
    if (own.inferred) return null;
    if (own.place === 'client' || own.place === 'server') return this.againstEnd(i, own.place);
    if (own.place !== 'node' || own.side === undefined) return null;
    return this.againstSide(i, own.side);
  }

  private againstEnd(i: number, end: End): string | null {
    for (const j of this.named) {
      if (this.station(j).place === end) continue;
      if (this.trips(j, i, end) === 1) {
        return `${this.name(i)} was named the ${end}'s, but by the round trips ${this.name(j)} is nearer to the ${end}`;
      }
      if (
        this.evidence.ttls.some((leg) => ttlAt(leg, i, end) >= 0 && ttlAt(leg, j, end) > ttlAt(leg, i, end))
      ) {
        return `${this.name(i)} was named the ${end}'s, but the ${end}'s segments have more hops left at ${this.name(j)}`;
      }
    }
    return null;
  }

  private againstSide(i: number, side: Side): string | null {
    return (
      this.againstOrder(i, side) ??
      this.againstHops(i, side) ??
      this.againstEnds(i, side) ??
      this.againstPair(i, side) ??
      this.asEnd(i, side)
    );
  }

  /** The other side of this node is nearer to the end on whose link this side is. */
  private againstOrder(i: number, side: Side): string | null {
    const end = END_OF[side];
    const other = this.otherSides(i).find((j) => this.trips(j, i, end) === 1);
    if (other === undefined) return null;
    return `${this.name(i)} is named the side toward the ${end}, but by the round trips ${this.name(other)} is nearer to it`;
  }

  /** What passed a node that routes has lost a hop; here the far end's segments have as many as at that end. */
  private againstHops(i: number, side: Side): string | null {
    if (!this.isRouted) return null;
    const far: End = side === 'in' ? 'server' : 'client';
    const atEnd = this.named.filter((j) => this.station(j).place === far);
    const isWhole = (leg: LegTtls): boolean =>
      atEnd.some((j) => ttlAt(leg, j, far) >= 0 && ttlAt(leg, i, far) >= ttlAt(leg, j, far));
    if (!this.evidence.ttls.some(isWhole)) return null;
    return `${this.name(i)} is named the side away from the ${far}, but the ${far}'s segments have lost no hop there`;
  }

  /** Between a proxy's two sides no packet is the same: each side shares some with the end next to it, and with no other. */
  private againstEnds(i: number, side: Side): string | null {
    const end = END_OF[side];
    const far: End = end === 'client' ? 'server' : 'client';
    const isOf = (j: number, at: End, not: End): boolean =>
      this.named.some((k) => this.station(k).place === at && this.shared(j, k) > 0) &&
      this.named.every((k) => this.station(k).place !== not || this.shared(j, k) === 0);
    // What it has of the far end's must have come in by the other side, which holds none of it.
    const isBare = (j: number): boolean => this.named.every((k) => this.shared(j, k) === 0);
    const other = this.otherSides(i).find((j) => isOf(j, end, far) || isBare(j));
    if (other === undefined || !isOf(i, far, end)) return null;
    return `${this.name(i)} is named the side toward the ${end}, but it shares packets with the ${far} only, and ${this.name(other)} none with the ${far}`;
  }

  /** The two sides of this node have no packet in common, while this one shares a whole conversation with another node's far side. */
  private againstPair(i: number, side: Side): string | null {
    const own = this.otherSides(i);
    if (own.length === 0 || own.some((j) => this.shared(i, j) > 0)) return null;
    for (const j of this.named) {
      const { place, side: theirs } = this.station(j);
      if (place !== 'node' || theirs === undefined || theirs === side || own.includes(j)) continue;
      const rest = this.otherSides(j);
      const isCrossed = rest.length > 0 && rest.every((k) => this.shared(j, k) === 0);
      if (!this.isConversation(i, j) || !(isCrossed || own.some((k) => this.evidence.active[k] === true)))
        continue;
      return `${this.name(i)} has no packet in common with ${this.name(own[0] as number)}, but whole conversations with ${this.name(j)}: those two are the sides of one node`;
    }
    return null;
  }

  /** It stands where the end stands: before other nodes on their own link, and what it has in common with them is in no capture of the end. */
  private asEnd(i: number, side: Side): string | null {
    const end = END_OF[side];
    const behind = this.named.filter((j) => this.isSameLink(i, j, end) && this.shared(i, j) > 0);
    const nearer = behind.filter((j) => this.isConversation(i, j) && this.trips(i, j, end) === 1);
    const [first] = nearer;
    if (first === undefined) return null;
    const ends = this.named.filter((j) => this.station(j).place === end);
    const isAlone = this.hosts(behind) > 1 || (this.otherSides(i).length === 0 && this.hosts(this.named) > 2);
    const isLacking = nearer.some((j) => ends.every((k) => this.shared(j, k) === 0));
    if (ends.length > 0 ? !isLacking : !isAlone) return null;
    return `${this.name(i)} was named a node's, but it holds what passed ${this.name(first)} on the same link, nearer to the ${end}: it looks like the ${end}'s own`;
  }

  /** Another node's capture of the same link: no router is between the two. */
  private isSameLink(i: number, j: number, end: End): boolean {
    const [own, other] = [this.station(i), this.station(j)];
    if (other.place !== 'node' || other.side !== own.side || other.host === own.host) return false;
    return this.evidence.ttls.every((leg) => {
      const [x, y] = [ttlAt(leg, i, end), ttlAt(leg, j, end)];
      return x < 0 || y < 0 || x === y;
    });
  }

  /** How many nodes these captures are of. */
  private hosts(of: readonly number[]): number {
    return new Set(of.flatMap((j) => (this.station(j).place === 'node' ? [this.station(j).host] : []))).size;
  }

  private otherSides(i: number): number[] {
    const { host, side } = this.station(i);
    return this.named.filter((j) => {
      const other = this.station(j);
      return other.place === 'node' && other.host === host && other.side !== undefined && other.side !== side;
    });
  }

  /** 1: `i` is nearer to the end than `j`, by enough round trips; -1: farther. */
  private trips(i: number, j: number, end: End): -1 | 0 | 1 {
    const tie = this.tie(i, j);
    if (tie === undefined || !isTwoWay(tie)) return 0;
    return ((tie.a === i) === (end === 'client') ? tie.trips : -tie.trips || 0) as -1 | 0 | 1;
  }

  private isConversation(i: number, j: number): boolean {
    const tie = this.tie(i, j);
    return tie !== undefined && isTwoWay(tie);
  }

  private shared(i: number, j: number): number {
    return this.tie(i, j)?.packets.length ?? 0;
  }

  private tie(i: number, j: number): Tie | undefined {
    return this.evidence.ties.find((t) => (t.a === i && t.b === j) || (t.a === j && t.b === i));
  }

  private station(i: number): Station {
    return this.stations[i] as Station;
  }

  private name(i: number): string {
    const { host, side } = this.station(i);
    return side === undefined ? host : `${host}.${side}`;
  }
}

const ttlAt = (leg: LegTtls, i: number, end: End): number => leg.get(i)?.[end] ?? -1;

const isTwoWay = ({ packets }: Tie): boolean =>
  (['c', 's'] as const).every((dir) => packets.filter((p) => p.dir === dir).length >= FEW);
