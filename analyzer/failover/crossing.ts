/**
 * One connection followed from capture to capture: every segment that was kept
 * anywhere, and at which points of the path it was seen.
 * The trap: "not seen" has three meanings. It is *missing* only where a capture
 * of that point was running and kept everything at that time; otherwise nobody
 * can say. And offload cuts bytes otherwise: a segment that is not there as it
 * is may be there as part of a larger one.
 */
import type { Nanos } from '../../packet/time.ts';
import { nameOf } from '../flow/samples.ts';
import type { Sighting, Trails } from '../flow/trail.ts';
import type { AlignedClock } from '../vantage/clock-align.ts';
import type { FlowView } from '../vantage/join.ts';
import { unshifted } from '../vantage/shared-packets.ts';
import type { Station } from '../vantage/stations.ts';

export type Sender = 'client' | 'server';

/** A place on the path where segments can be seen: an end, or one side of one node. */
export interface Point {
  readonly at: Sender | 'in' | 'out';
  /** -1 for an end. */
  readonly node: number;
}

/** A vantage as the crossing of a flow needs it. */
export interface CrossVantage {
  readonly station: Station;
  readonly trails: Trails;
  readonly clock: AlignedClock;
  /** ns to add to a time of this vantage, for the common base. */
  readonly shift: number;
  /** ns since the common base, by the reference's clock. */
  readonly coveredUntil: Nanos;
  /** Its own statistics, or the other captures, say that it lost frames: what is not there may have been. */
  readonly lossy: boolean;
  /** It holds no TCP segment at all. */
  readonly empty: boolean;
  /** When it did not run, or lost packets: ns since the common base, by its own clock. What is not there then may have been. */
  readonly gaps?: readonly Span[];
  /** It has connections that were not followed: one that it seems to lack may be among them. */
  readonly unfollowed?: boolean;
}

export interface Span {
  readonly from: Nanos;
  readonly to: Nanos;
}

export interface Seen {
  readonly point: Point;
  readonly vantage: number;
  readonly row: Sighting;
  /** By the reference's clock, ns since the common base; by its anchor's, where it is not tied to that. */
  readonly time: Nanos;
  /** ns by which that may be off. */
  readonly error: number | null;
  readonly anchor: number;
  /** False where nothing ties that clock to the reference's: the order with other captures' times is not known. */
  readonly tied: boolean;
}

/** One segment on its way. Sequence numbers are those of the connection's first view. */
export interface CrossPacket {
  readonly from: Sender;
  /** When it was first seen anywhere, by the reference's clock. */
  readonly time: Nanos;
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  readonly flags: number;
  readonly tsVal: number;
  readonly seen: readonly Seen[];
}

/** `seen` is there where the state is, as the packet is or with other bytes around it. */
export interface Look {
  readonly state: 'seen' | 'missing' | 'unknown';
  readonly seen: Seen | null;
}

const MISSING: Look = { state: 'missing', seen: null };
const UNKNOWN: Look = { state: 'unknown', seen: null };

/** Two sightings further apart than this are two transmissions: no path takes so long, no timer is so short. */
export const ONE_PASSAGE: Nanos = 180_000_000;
/**
 * Unless it is the very same packet: a router holds it while it asks for the next hop's MAC, which a node that has just taken over
 * must (RFC 1122, 2.3.2.2; Linux asks three times, a second apart). A sender that repeats takes another IP identification.
 */
const HELD_FOR_ADDRESS: Nanos = 3_500_000_000;
/** Where clocks are not tied, nothing is said by time. */
const UNKNOWN_ERROR: Nanos = 86_400_000_000_000;

export class Crossing {
  readonly packets: readonly CrossPacket[];
  private readonly vantages: readonly CrossVantage[];
  private readonly rows = new Map<string, Seen[]>();
  /** By vantage and sender, whatever the point: what was skipped was skipped for all of them. */
  private readonly all = new Map<string, Seen[]>();
  private readonly flows: ReadonlyMap<number, FlowView[]>;

  /** `views` are all of one connection. */
  constructor(views: readonly FlowView[], vantages: readonly CrossVantage[]) {
    this.vantages = vantages;
    const flows = new Map<number, FlowView[]>();
    for (const view of views) flows.set(view.vantage, [...(flows.get(view.vantage) ?? []), view]);
    this.flows = flows;
    this.packets = this.follow(views);
  }

  /** Where the packet was seen on its way, or null. */
  at(packet: CrossPacket, point: Point): Seen | null {
    return packet.seen.find((s) => s.point.at === point.at && s.point.node === point.node) ?? null;
  }

  /**
   * `seen`, as it is or as part of another segment; `missing` though a capture
   * of the point was running and kept everything; `unknown` otherwise.
   */
  look(packet: CrossPacket, point: Point): 'seen' | 'missing' | 'unknown' {
    if (this.at(packet, point) !== null) return 'seen';
    const there = this.vantages.flatMap((v, i) => (covers(v.station, point) ? [i] : []));
    if (there.length === 0) return 'unknown';
    const verdicts = there.map((i) => this.lookAt(packet, point, i).state);
    if (verdicts.includes('seen')) return 'seen';
    return verdicts.includes('missing') ? 'missing' : 'unknown';
  }

  /** What one vantage says of a point that it covers, with the frame that shows it. */
  lookFrom(packet: CrossPacket, point: Point, vantage: number): Look {
    const own = packet.seen.find(
      (s) => s.vantage === vantage && s.point.at === point.at && s.point.node === point.node,
    );
    return own === undefined ? this.lookAt(packet, point, vantage) : { state: 'seen', seen: own };
  }

  private lookAt(packet: CrossPacket, point: Point, index: number): Look {
    const vantage = this.vantages[index] as CrossVantage;
    if (packet.time > vantage.coveredUntil || isBlind(vantage)) return UNKNOWN;
    if (vantage.unfollowed === true && !this.flows.has(index)) return UNKNOWN;
    const first = packet.seen[0];
    const { clock } = vantage;
    const there = clock.fromReference(packet.time);
    const own = { error: clock.errorByAnchor(there), anchor: clock.anchor };
    const error = first === undefined ? UNKNOWN_ERROR : errorBetween(own, first);
    const reach = ONE_PASSAGE + error;
    const inGap = this.mayBeInGap(packet, vantage, { there, reach });
    // A place that is only guessed may be the next one: what passed where it was not is missing nowhere.
    const absent: Look = vantage.lossy || inGap || vantage.station.guessed === true ? UNKNOWN : MISSING;
    const rows = this.rows.get(key(point, packet.from, index)) ?? [];
    const near = rows.filter((s) => Math.abs(s.time - packet.time) <= ONE_PASSAGE + error);
    const part = near.find((s) => holds(s.row, packet));
    if (part !== undefined) return error >= UNKNOWN_ERROR ? UNKNOWN : { state: 'seen', seen: part };
    if (this.isSkipped(packet, this.all.get(`${index} ${packet.from}`) ?? [], index, error)) return UNKNOWN;
    // What was seen as the captures ended may have come further after that.
    const hadTime = !isAhead(point, packet) || packet.time + ONE_PASSAGE <= vantage.coveredUntil;
    return hadTime ? absent : UNKNOWN;
  }

  /** By the sighting whose clock is best known here: that of the same host's other side, where there is one. */
  private mayBeInGap(
    { seen }: CrossPacket,
    vantage: CrossVantage,
    usual: { readonly there: Nanos; readonly reach: Nanos },
  ): boolean {
    if ((vantage.gaps ?? []).length === 0) return false;
    const { clock } = vantage;
    let best = usual;
    for (const one of seen) {
      const other = this.vantages[one.vantage] as CrossVantage;
      // Two sides of a host have one clock, however little is known of how it stands to others.
      if (other.station.host === vantage.station.host && other.station.node === vantage.station.node) {
        best = { there: one.row.time + other.shift, reach: ONE_PASSAGE };
        break;
      }
      const there = clock.fromReference(one.time);
      const reach =
        ONE_PASSAGE + errorBetween({ error: clock.errorByAnchor(there), anchor: clock.anchor }, one);
      if (reach < best.reach) best = { there, reach };
    }
    return overlapsGap(vantage, best.there - best.reach, best.there + best.reach);
  }

  /** Segments of this direction were left out of the trail around that time. */
  private isSkipped(packet: CrossPacket, rows: readonly Seen[], index: number, error: number): boolean {
    const reach = ONE_PASSAGE + Math.min(error, UNKNOWN_ERROR);
    let before: Nanos = Number.NEGATIVE_INFINITY;
    for (const s of rows) {
      const from = before;
      before = s.time;
      if (s.row.skippedBefore && from <= packet.time + reach && s.time >= packet.time - reach) return true;
    }
    const trails = (this.vantages[index] as CrossVantage).trails;
    const open = (this.flows.get(index) ?? []).some((v) => {
      const { flow } = v.watch.connection;
      return trails.isOpenEnded(flow.index, packet.from === 'client' ? flow.client : flow.server);
    });
    return open && before <= packet.time + reach;
  }

  private follow(views: readonly FlowView[]): CrossPacket[] {
    const byName: Record<Sender, Map<number, Seen[]>> = { client: new Map(), server: new Map() };
    for (const view of views) {
      const vantage = this.vantages[view.vantage] as CrossVantage;
      const { flow } = view.watch.connection;
      for (const raw of vantage.trails.of(flow.index)) {
        const row = unshifted(raw, view);
        const from: Sender = row.sender === flow.client ? 'client' : 'server';
        const point = pointOf(vantage.station, row, from);
        if (point === null) continue;
        const based = row.time + vantage.shift;
        const seen: Seen = {
          point,
          vantage: view.vantage,
          row,
          time: vantage.clock.toReference(based),
          error: vantage.clock.errorByAnchor(based),
          anchor: vantage.clock.anchor,
          tied: vantage.clock.tied,
        };
        const name = nameOf(row);
        const known = byName[from].get(name);
        if (known === undefined) byName[from].set(name, [seen]);
        else known.push(seen);
        add(this.rows, key(point, from, view.vantage), seen);
        add(this.all, `${view.vantage} ${from}`, seen);
      }
    }
    for (const rows of this.all.values()) rows.sort((a, b) => a.time - b.time);
    for (const rows of this.rows.values()) rows.sort((a, b) => a.time - b.time);
    const packets: CrossPacket[] = [];
    for (const from of ['client', 'server'] as const) {
      for (const seen of byName[from].values()) {
        for (const one of passages(seen)) packets.push(toPacket(one, from));
      }
    }
    return packets.sort((a, b) => a.time - b.time);
  }
}

function add(to: Map<string, Seen[]>, name: string, seen: Seen): void {
  const known = to.get(name);
  if (known === undefined) to.set(name, [seen]);
  else known.push(seen);
}

const key = (point: Point, from: Sender, vantage: number): string =>
  `${vantage} ${point.at} ${point.node} ${from}`;

/** True where a capture of this station shows that point. */
export function covers(station: Station, point: Point): boolean {
  if (point.node < 0) return station.place === point.at;
  if (station.place !== 'node' || station.node !== point.node) return false;
  return station.side === undefined || station.side === point.at;
}

/** The packet comes to that point after it was first seen, if it comes there at all. */
function isAhead({ at }: Point, { from, seen }: CrossPacket): boolean {
  const steps = PATH.indexOf(at) - PATH.indexOf(seen[0]?.point.at ?? from);
  return from === 'client' ? steps > 0 : steps < 0;
}

const PATH: readonly Point['at'][] = ['client', 'in', 'out', 'server'];

/** It did not run, or lost packets, for some of a time by its own clock. */
const overlapsGap = ({ gaps = [] }: CrossVantage, from: Nanos, to: Nanos): boolean =>
  gaps.some((g) => g.from < to && g.to > from);

/** The same of a time by the reference's clock, as far as the clocks are known. */
export function hasGapIn(vantage: CrossVantage, { from, to }: Span): boolean {
  const { clock } = vantage;
  const [a, b] = [clock.fromReference(from), clock.fromReference(to)];
  const error = Math.max(clock.errorByAnchor(a) ?? UNKNOWN_ERROR, clock.errorByAnchor(b) ?? UNKNOWN_ERROR);
  return overlapsGap(vantage, a - error, b + error);
}

/** One link of a node, and nobody knows which: what is not in it may have passed on the other. */
export const isBlind = ({ station, trails, empty }: CrossVantage): boolean =>
  station.place === 'node' && station.side === undefined && !empty && !trails.cooked;

/** Where on the path a row was seen; on a cooked capture of a whole node, what leaves it is on the far side. */
function pointOf(station: Station, row: Sighting, from: Sender): Point | null {
  switch (station.place) {
    case 'client':
    case 'server':
      return { at: station.place, node: -1 };
    case 'node': {
      if (station.side !== undefined) return { at: station.side, node: station.node };
      if (row.packetType < 0) return null;
      const leaves = row.packetType === OUTGOING;
      const at = (from === 'client') === leaves ? 'out' : 'in';
      return { at, node: station.node };
    }
    default:
      return null;
  }
}

/** `PacketType.Outgoing`. */
const OUTGOING = 4;

/** The same words sent again later, or seen again at the same point, are another packet. */
function passages(seen: readonly Seen[]): Seen[][] {
  const sorted = [...seen].sort((a, b) => a.time - b.time);
  const found: Seen[][] = [];
  for (const s of sorted) {
    const open = found.find((one) => belongs(one, s));
    if (open === undefined) found.push([s]);
    else open.push(s);
  }
  return found;
}

function belongs(one: readonly Seen[], s: Seen): boolean {
  if (one.some((o) => o.vantage === s.vantage && o.point.at === s.point.at)) return false;
  const first = one[0] as Seen;
  const error = errorBetween(first, s);
  const isSame = s.row.ipId > 0 && s.row.ipId === first.row.ipId;
  return Math.abs(s.time - first.time) <= (isSame ? HELD_FOR_ADDRESS : ONE_PASSAGE) + error;
}

/** ns by which two times may be out of order: times by two anchors tell nothing. */
function errorBetween(a: Pick<Seen, 'error' | 'anchor'>, b: Pick<Seen, 'error' | 'anchor'>): number {
  if (a.anchor !== b.anchor) return UNKNOWN_ERROR;
  return (a.error ?? UNKNOWN_ERROR) + (b.error ?? UNKNOWN_ERROR);
}

function toPacket(seen: readonly Seen[], from: Sender): CrossPacket {
  const { row, time } = seen[0] as Seen;
  const { seq, ack, length, flags, tsVal } = row;
  return { from, time, seq, ack, length, flags, tsVal, seen };
}

/** The row carries some of the packet's bytes; without bytes, the same numbers. */
function holds(row: Sighting, packet: CrossPacket): boolean {
  if (packet.length === 0) {
    return row.length === 0 && row.seq === packet.seq && row.ack === packet.ack && sameKind(row, packet);
  }
  if (row.length === 0) return false;
  const from = (row.seq - packet.seq) | 0;
  return from < packet.length && from + row.length > 0;
}

const sameKind = (row: Sighting, packet: CrossPacket): boolean => ((row.flags ^ packet.flags) & 0x07) === 0;
