/**
 * The packets of one connection followed from vantage to vantage, as the
 * verdicts saw them: a stop at every vantage where a packet was seen, and where
 * it should have been.
 * The traps: a packet is expected only at the node that was in use, and on one
 * side of it where a proxy ends the connection; and a capture whose place on
 * the path nobody knows has seen packets all the same.
 */
import type { Nanos } from '../../packet/time.ts';
import { flagText } from '../../packet/wire/tcp.ts';
import {
  Crossing,
  type CrossPacket,
  type CrossVantage,
  covers,
  isBlind,
  type Point,
  type Seen,
} from '../failover/crossing.ts';
import { isHearsay, type Takeover } from '../failover/takeover.ts';
import type { Busy } from '../failover/tenure.ts';
import type { FrameId } from '../flow/frame-id.ts';
import type { FrameRef } from '../report/report.ts';
import type { FlowView } from '../vantage/join.ts';
import type { JoinedFlow } from '../vantage/legs.ts';
import { firstNumbers } from './first-numbers.ts';
import { pathPositions } from './path-order.ts';
import { repeats } from './repeats.ts';
import type { Journey, JourneyStop } from './timeline.ts';

/** What all vantages together are known for. */
export interface JourneyMap {
  readonly vantages: readonly CrossVantage[];
  /** Oldest first. */
  readonly takeovers: readonly Takeover[];
  readonly forwarded: readonly Busy[];
  /** Of the timeline: is taken off all times. */
  readonly origin: number;
  /** When each node first did anything itself. */
  readonly firstActs: ReadonlyMap<number, Nanos>;
  /** A frame of the vantage as the report names it. */
  frame(vantage: number, id: FrameId): FrameRef;
}

type Side = Point['at'];

/** Each leg of a proxied flow goes only so far. */
const POINTS: Readonly<Record<'whole' | 'near' | 'far', readonly Side[]>> = {
  whole: ['client', 'in', 'out', 'server'],
  near: ['client', 'in'],
  far: ['out', 'server'],
};

/** The journeys of a flow, of both legs where a proxy made two, in the order of time. */
export function journeysOf(
  { legs }: JoinedFlow,
  map: JourneyMap,
  labels: ReadonlyMap<string, string>,
): Journey[] {
  const isProxied = legs.length > 1;
  const journeys = legs.flatMap(({ views }, leg) => {
    const way = new Way(views, isProxied ? POINTS[leg === 0 ? 'near' : 'far'] : POINTS.whole, map);
    return way.journeys(labels).map((journey) => (isProxied ? { ...journey, leg } : journey));
  });
  return journeys.sort((a, b) => a.time - b.time);
}

/** A stop with where it stands on the path. */
interface Placed {
  readonly position: number;
  readonly side: number;
  readonly stop: JourneyStop;
}

/** One connection on its way. */
class Way {
  private readonly views: readonly FlowView[];
  private readonly points: readonly Side[];
  private readonly map: JourneyMap;
  private readonly positions: readonly number[];
  private readonly nodes: readonly number[];
  /** As they are, but those whose place is not known stand beside the path, each by itself. */
  private readonly vantages: readonly CrossVantage[];
  private readonly crossing: Crossing;

  constructor(views: readonly FlowView[], points: readonly Side[], map: JourneyMap) {
    const stations = map.vantages.map((v) => v.station);
    this.views = views;
    this.points = points;
    this.map = map;
    this.positions = pathPositions(stations);
    this.nodes = [...new Set(stations.filter((s) => s.place === 'node' && s.node >= 0).map((s) => s.node))];
    this.vantages = map.vantages.map((v, i) => (hasNoPoint(v) ? aside(v, i) : v));
    this.crossing = new Crossing(views, this.vantages);
  }

  journeys(labels: ReadonlyMap<string, string>): Journey[] {
    const first = firstNumbers(this.views);
    const { packets, left } = this.withoutCopies();
    const again = repeats(packets);
    return packets.map((packet) => {
      const peer = packet.from === 'client' ? 'server' : 'client';
      const isAck = (packet.flags & ACK) !== 0;
      return {
        from: packet.from,
        time: Math.round(packet.time) - this.map.origin,
        seq: (packet.seq - first[packet.from]) >>> 0,
        ack: isAck ? (packet.ack - first[peer]) >>> 0 : 0,
        length: packet.length,
        flags: flagText(packet.flags),
        label: this.labelOf(packet, labels) ?? again.get(packet) ?? '',
        ...(packet.seen.some((s) => s.row.skippedBefore) && { skippedBefore: true as const }),
        stops: this.stopsOf(packet, left.get(packet) ?? []),
      };
    });
  }

  private labelOf({ seen }: CrossPacket, labels: ReadonlyMap<string, string>): string | null {
    if (labels.size === 0) return null;
    for (const { vantage, row } of seen) {
      const { capture, frame } = this.map.frame(vantage, row.id);
      const label = labels.get(`${capture}:${frame}`);
      if (label !== undefined) return label;
    }
    return null;
  }

  /**
   * A capture of both links of a node that does not say which is which shows what is forwarded twice, the second time
   * with another TTL: that is the same packet, as it leaves.
   */
  private withoutCopies(): { packets: CrossPacket[]; left: Map<CrossPacket, readonly Seen[]> } {
    const left = new Map<CrossPacket, readonly Seen[]>();
    const latest = new Map<string, CrossPacket>();
    const packets = this.crossing.packets.filter((packet) => {
      const key = [packet.from, packet.seq, packet.ack, packet.length, packet.flags, packet.tsVal].join(' ');
      const before = latest.get(key);
      if (before !== undefined && isCopyOf(before, packet)) {
        left.set(before, packet.seen);
        return false;
      }
      latest.set(key, packet);
      return true;
    });
    return { packets, left };
  }

  private stopsOf(packet: CrossPacket, left: readonly Seen[]): JourneyStop[] {
    const toward = packet.from === 'client' ? 1 : -1;
    const stops = [...[...packet.seen, ...left].map((seen) => this.sighting(seen)), ...this.expected(packet)];
    return stops
      .sort((a, b) => toward * (a.position - b.position || a.side - b.side))
      .map(({ stop }) => stop);
  }

  private sighting(seen: Seen): Placed {
    return this.place(seen.vantage, seen.point, this.seenAt(seen));
  }

  /** The stops of the way where the packet was not seen as it is. */
  private expected(packet: CrossPacket): Placed[] {
    const through = this.through(packet);
    const ends = this.points.filter(isEnd).map((at): Point => ({ at, node: -1 }));
    const sides = this.points.filter((at) => !isEnd(at));
    const points = [...ends, ...through.flatMap((node) => sides.map((at): Point => ({ at, node })))];
    return [
      ...points.flatMap((point) => this.stopsAt(packet, point)),
      ...through.flatMap((node) => this.blindStops(packet, node)),
    ];
  }

  private stopsAt(packet: CrossPacket, point: Point): Placed[] {
    if (this.crossing.at(packet, point) !== null) return [];
    return this.watching(point).map((vantage) => {
      const { state, seen } = this.crossing.lookFrom(packet, point, vantage);
      const stop: Omit<JourneyStop, 'vantage'> =
        seen === null ? { seen: state } : { ...this.seenAt(seen), part: true };
      return this.place(vantage, point, stop);
    });
  }

  /** Of several captures of a point those that have the connection; where none has, only a lone one says anything. */
  private watching(point: Point): number[] {
    const there = this.vantages.flatMap((v, i) => (covers(v.station, point) ? [i] : []));
    const own = there.filter((i) => this.views.some((v) => v.vantage === i));
    return own.length > 0 || there.length > 1 ? own : there;
  }

  /** Captures of the node that show one link, and nobody knows which. */
  private blindStops(packet: CrossPacket, node: number): Placed[] {
    return this.map.vantages.flatMap((v, i) => {
      const isOwn = hasNoPoint(v) && v.station.place === 'node' && v.station.node === node;
      return isOwn && !packet.seen.some((s) => s.vantage === i)
        ? [this.place(i, { at: 'in', node }, { seen: 'unknown' })]
        : [];
    });
  }

  /** The nodes whose both sides the packet should have been at. */
  private through(packet: CrossPacket): number[] {
    const at = this.nodes.filter((n) => packet.seen.some((s) => this.nodeOf(s) === n));
    const sides = this.points.filter((p) => !isEnd(p));
    const exit = packet.from === 'client' ? sides.at(-1) : sides[0];
    const passed = at.filter((n) => packet.seen.some((s) => s.point.node === n && s.point.at === exit));
    if (passed.length > 0) return passed;
    const carrier = packet.seen.every((s) => s.tied) ? this.carrierAt(packet.time) : -1;
    if (at.includes(carrier)) return [carrier];
    // What a switch floods to a node is not the node's to pass on.
    if (at.length > 0) return at.filter((n) => !this.map.takeovers.some((t) => isHearsay(t, n, packet.time)));
    if (carrier >= 0) return [carrier];
    // A lone node whose links nobody can tell apart passes nothing on demonstrably; nothing is missing there either.
    return this.nodes.length === 1 &&
      this.map.vantages.some((v) => v.station.place === 'node' && hasNoPoint(v))
      ? [...this.nodes]
      : [];
  }

  /** Which node the path led through: the old one until the new one demonstrably was in it; -1 where that is not known. */
  private carrierAt(time: Nanos): number {
    const { takeovers, forwarded, firstActs } = this.map;
    const [first] = takeovers;
    if (first === undefined) {
      const passing = new Set(forwarded.map((f) => f.node));
      const [only = -1, ...more] = passing;
      // Before that another node, which nobody captured, may have been the one.
      return more.length === 0 && time >= (firstActs.get(only) ?? Number.POSITIVE_INFINITY) ? only : -1;
    }
    if (takeovers.some((t) => !t.tied)) return -1;
    return takeovers.reduce((n, t) => (t.restored !== null && time >= t.restored ? t.to : n), first.from);
  }

  private nodeOf({ vantage }: Seen): number {
    return this.map.vantages[vantage]?.station.node ?? -1;
  }

  private seenAt({ vantage, row, time }: Seen): Omit<JourneyStop, 'vantage'> {
    return { seen: 'seen', frame: this.map.frame(vantage, row.id), time: Math.round(time) - this.map.origin };
  }

  private place(vantage: number, { at }: Point, stop: Omit<JourneyStop, 'vantage'>): Placed {
    const position = this.positions[vantage] as number;
    return { position, side: POINTS.whole.indexOf(at), stop: { vantage: position, ...stop } };
  }
}

const ACK = 0x10;

const isEnd = (at: Side): at is 'client' | 'server' => at === 'client' || at === 'server';

/** No place on the path, or a node's without a side that the frames would tell. */
const hasNoPoint = (v: CrossVantage): boolean =>
  v.station.place === 'unknown' || (isBlind(v) && v.station.place === 'node');

/** A router holds a packet no longer than this. */
const FORWARDED: Nanos = 100_000_000;

/** All that was seen of it was seen where its place is not known, right after the other, with another TTL. */
const isCopyOf = (before: CrossPacket, { seen, time }: CrossPacket): boolean =>
  time - before.time < FORWARDED &&
  seen.every(
    (s) =>
      s.point.node >= ASIDE &&
      before.seen.some((o) => o.vantage === s.vantage && o.row.ttl !== s.row.ttl && o.time <= s.time),
  );

/** Beyond all nodes. */
const ASIDE = 1_000_000;

/** It is never said that something is missing there. */
const aside = (v: CrossVantage, index: number): CrossVantage => ({
  ...v,
  station: {
    place: 'node',
    host: v.station.host,
    side: 'in',
    node: ASIDE + index,
    inferred: true,
    guessed: true,
  },
});
