/**
 * All vantages of an incident together: the same connections found in each, one
 * clock for all of them, where each was taken, and what the nodes forwarded
 * when. Judging comes after this; nothing here says what went wrong.
 */
import { type Nanos, seconds } from '../packet/time.ts';
import { Crossing, type CrossVantage, type Span } from './failover/crossing.ts';
import type { NeighbourEvent } from './failover/neighbours.ts';
import { type Announcement, findTakeovers, NEXT_NODE, type Takeover } from './failover/takeover.ts';
import { type Busy, forwarding, receiving, refusing } from './failover/tenure.ts';
import { stoppedCaptures, wornCaptures } from './failover/worn.ts';
import type { Flow } from './flow/flow.ts';
import { setClocks } from './set-clocks.ts';
import type { AlignedClock, ClockLink } from './vantage/clock-align.ts';
import { type ClockPair, fitClocks, orientation } from './vantage/clock-fit.ts';
import type { ClockContradiction } from './vantage/clock-words.ts';
import { type FlowView, type JoinedLeg, joinFlows } from './vantage/join.ts';
import { checkLabels, type LegTtls, type Tie } from './vantage/label-check.ts';
import { lackingOf } from './vantage/lacking.ts';
import { legTimes } from './vantage/leg-times.ts';
import { type JoinedFlow, joinLegs } from './vantage/legs.ts';
import { linkTies } from './vantage/link-frames.ts';
import { type SharedPacket, sharedPackets } from './vantage/shared-packets.ts';
import { placeStations, type Station, type StationEvidence } from './vantage/stations.ts';
import { loners, strangersOf } from './vantage/strangers.ts';
import type { Place } from './vantage/vantage.ts';
import type { VantageAnalysis } from './vantage-analysis.ts';

/** A vantage before it is known where it was taken. */
export interface Unplaced {
  readonly analysis: VantageAnalysis;
  /** As the user or the file's name has it. */
  readonly named: StationEvidence['named'];
  readonly guess: Place;
}

export interface Correlation {
  readonly flows: readonly JoinedFlow[];
  readonly vantages: readonly CrossVantage[];
  readonly stations: readonly Station[];
  /** Vantages that have nothing to do with the others: each is judged by itself. */
  readonly strangers: ReadonlySet<number>;
  readonly clocks: readonly AlignedClock[];
  /** Index of the vantage whose clock all times are given by. */
  readonly reference: number;
  /** ns since the epoch from which times of the common base count. */
  readonly base: bigint;
  readonly takeovers: readonly Takeover[];
  /** When each node first did anything itself: passed on, refused, announced. None of one that did nothing at all. */
  readonly firstActs: ReadonlyMap<number, Nanos>;
  readonly forwarded: readonly Busy[];
  readonly received: readonly Busy[];
  /** By vantage: what the captures together say against its label; null where nothing does. */
  readonly contradictions: readonly (string | null)[];
  /** Where collectors say of two clocks what packets contradict. */
  readonly clockDoubts: readonly ClockContradiction[];
}

export function correlate(unplaced: readonly Unplaced[]): Correlation {
  const analyses = unplaced.map((u) => u.analysis);
  const base = analyses.map((a) => a.origin).reduce((a, b) => (b !== 0n && (a === 0n || b < a) ? b : a), 0n);
  const shifts = analyses.map((a) => (a.origin === 0n ? 0 : Number(a.origin - base)));
  const legs = joinFlows(analyses);
  const sources = analyses.map(({ samples, trails }, i) => ({ samples, trails, shift: shifts[i] as number }));
  const shared = unplaced.length > 1 ? sharedPackets(sources, legs) : [];
  const ties = shared.map((s) => ({ ...s, trips: orientation(s.packets).nearer }));
  const orders = ties.map((t) => ({ ...t, nearer: orderOf(t, analyses) }));
  const flows = joinLegs(
    legs,
    unplaced.map(({ analysis, guess, named }, i) => ({
      place: named?.place ?? guess,
      side: named?.side,
      cooked: analysis.cooked,
      shift: shifts[i] as number,
    })),
  );
  for (const tie of legTimes(flows, shifts)) {
    if (!shared.some((s) => s.a === tie.a && s.b === tie.b)) {
      const tied = { ...tie, trips: orientation(tie.packets).nearer };
      orders.push({ ...tied, nearer: orderOf(tied, analyses) });
    }
  }
  const alone = loners(flows, analyses);
  // What everybody named needs no proof that it cannot be something else.
  const lacks = unplaced.some((u) => u.named === null)
    ? lackingOf(
        legs,
        analyses.map((a) => a.trails),
      )
    : [];
  const evidence = unplaced.map((u, i) => ({
    ...evidenceOf(u, shifts[i] as number, flows, i),
    lacks: lacks[i] ?? NO_LACK,
    alone: alone[i] === true,
  }));
  const nearer = (a: number, b: number): -1 | 0 | 1 => {
    const known = orders.find((o) => (o.a === a && o.b === b) || (o.a === b && o.b === a));
    if (known === undefined) return 0;
    return known.a === a ? known.nearer : ((-known.nearer || 0) as -1 | 0 | 1);
  };
  const shares = (a: number, b: number): number =>
    shared.find((s) => (s.a === a && s.b === b) || (s.a === b && s.b === a))?.packets.length ?? 0;
  const placed = placeStations(evidence, nearer, shares);
  const reference = pickReference(placed, evidence);
  const strangers = strangersOf(alone, placed, reference, analyses);
  const stations = placed.map(
    (s, i): Station => (strangers.has(i) ? { ...s, place: 'unknown', node: -1 } : s),
  );
  const links = [
    ...orders.flatMap((o): ClockLink[] => toLink(o, stations)),
    ...linkTies(analyses.map(({ linkFrames: frames }, i) => ({ frames, shift: shifts[i] as number }))).map(
      ({ a, b, pairs }): ClockLink => ({ a, b, fits: fitClocks(pairs) }),
    ),
  ];
  const { clocks, doubts } = setClocks(analyses, base, { stations, reference, links });
  const covered = withCoverage(
    analyses.map((a, i) => ({
      station: stations[i] as Station,
      trails: a.trails,
      clock: clocks[i] as AlignedClock,
      shift: shifts[i] as number,
      coveredUntil: a.coveredUntil === null ? null : a.coveredUntil + (shifts[i] as number),
      empty: a.watches.length === 0,
      lossy: a.isLossy,
      unfollowed: a.unfollowed,
      gaps: whenBlind(a).map(({ from, to }) => ({
        from: from + (shifts[i] as number),
        to: to + (shifts[i] as number),
      })),
    })),
    strangers,
    analyses.map((a, i) => beginOf(a) + (shifts[i] as number)),
  );
  const worn = wornCaptures(
    legs,
    covered,
    covered.map((v, i) => v.clock.toReference(beginOf(analyses[i] as VantageAnalysis) + v.shift)),
  );
  const ends = covered.map((v, i) => v.clock.toReference(endOf(analyses[i] as VantageAnalysis) + v.shift));
  const stopped = stoppedCaptures(legs, covered, ends);
  const vantages = covered.map((v, i) => ({
    ...v,
    lossy: v.lossy || worn[i] === true,
    coveredUntil: stopped[i] === true ? (ends[i] as Nanos) : v.coveredUntil,
  }));
  const tenure = analyses.map(({ arrivals, departures, resets }, i) => ({
    station: stations[i] as Station,
    clock: clocks[i] as AlignedClock,
    shift: shifts[i] as number,
    arrivals,
    departures,
    resets,
  }));
  const forwarded = forwarding(tenure);
  const received = receiving(tenure);
  const said = announcements(analyses, vantages, strangers);
  const nodes = [...new Set(stations.filter((s) => s.place === 'node' && s.node >= 0).map((s) => s.node))];
  const refused = refusing(tenure);
  const takeovers = findTakeovers(forwarded, received, said, nodes, refused);
  const contradictions =
    unplaced.length < 2
      ? stations.map(() => null)
      : checkLabels({
          stations,
          ties,
          ttls: legs.map(ttlsOfLeg),
          active: evidence.map((e) => e.active !== null),
        });
  return {
    flows,
    vantages,
    stations,
    strangers,
    clocks,
    reference,
    base,
    takeovers,
    firstActs: firstActs([...forwarded, ...refused], said),
    forwarded,
    received,
    contradictions,
    clockDoubts: doubts,
  };
}

function firstActs(passed: readonly Busy[], said: readonly Announcement[]): Map<number, Nanos> {
  const first = new Map<number, Nanos>();
  const acts = [...passed.map((b) => ({ node: b.node, time: b.from })), ...said];
  for (const { node, time } of acts) first.set(node, Math.min(first.get(node) ?? time, time));
  return first;
}

const NO_LACK = { client: false, server: false };

/** Which of two captures is nearer to the client: by round trips, else by the TTLs of what both hold. */
function orderOf({ a, b, trips }: Tie, analyses: readonly VantageAnalysis[]): -1 | 0 | 1 {
  if (trips !== 0) return trips;
  const [x, y] = [ttlsOf(analyses[a] as VantageAnalysis), ttlsOf(analyses[b] as VantageAnalysis)];
  const client = x.client >= 0 && y.client >= 0 ? Math.sign(x.client - y.client) : 0;
  const server = x.server >= 0 && y.server >= 0 ? Math.sign(y.server - x.server) : 0;
  return (client !== 0 ? client : server) as -1 | 0 | 1;
}

/** Times of the packets that two captures share, with the way that each went; none where nobody knows the way. */
function toLink(
  { a, b, packets, nearer }: { a: number; b: number; packets: SharedPacket[]; nearer: -1 | 0 | 1 },
  stations: readonly Station[],
): ClockLink[] {
  const order = nearer !== 0 ? nearer : orderOfStations(stations[a] as Station, stations[b] as Station);
  if (order === 0) return [];
  const pairs = packets.map(
    (p): ClockPair => ({ a: p.a, b: p.b, way: (p.dir === 'c') === (order === 1) ? 1 : -1 }),
  );
  return [{ a, b, fits: fitClocks(pairs) }];
}

/** The place of a station along the path, from the client on; a whole node lies between the ends. NaN where it is not known. */
function rank({ place, side }: Station): number {
  if (place === 'client') return 0;
  if (place === 'server') return 3;
  if (place !== 'node') return Number.NaN;
  return side === undefined ? 1.5 : side === 'in' ? 1 : 2;
}

function orderOfStations(a: Station, b: Station): -1 | 0 | 1 {
  const by = rank(b) - rank(a);
  return Number.isNaN(by) ? 0 : (Math.sign(by) as -1 | 0 | 1);
}

/** The client's clock, else the server's, else that of whoever saw most; before all of one that has nothing to do with the others. */
function pickReference(stations: readonly Station[], evidence: readonly StationEvidence[]): number {
  const score = (i: number): number => {
    const place = stations[i]?.place;
    const rankOf = place === 'client' ? 3 : place === 'server' ? 2 : 1;
    const { active = null, alone = true, frames = 0 } = evidence[i] ?? {};
    return (active === null ? 0 : rankOf + (alone ? 0 : 4)) * 1e12 + frames;
  };
  let best = 0;
  for (let i = 1; i < stations.length; i++) if (score(i) > score(best)) best = i;
  return best;
}

function evidenceOf(
  { analysis, named, guess }: Unplaced,
  shift: number,
  flows: readonly JoinedFlow[],
  index: number,
): Omit<StationEvidence, 'alone' | 'lacks'> {
  const times = analysis.watches.map((w) => w.connection.flow);
  const left = analysis.cooked.some((c) => c !== undefined && c.left[0] + c.left[1] > 0);
  const came = analysis.cooked.some((c) => c !== undefined && c.came[0] + c.came[1] > 0);
  const own = flows.filter(
    (f) => f.legs.length === 2 && f.legs.some((l) => l.views.some((v) => v.vantage === index)),
  );
  const onLeg = (leg: number): boolean =>
    own.length > 0 &&
    own.every((f) => f.legs.every((l, i) => (i === leg) === l.views.some((v) => v.vantage === index)));
  return {
    named,
    guess,
    // Of a node that took over and kept all that came, nothing left.
    passes:
      (left && came && (guess === 'node' || holdsBothSides(flows, index))) ||
      ((left || came) && named?.place === 'node'),
    ttl: ttlsOf(analysis),
    active:
      times.length === 0
        ? null
        : {
            from: least(times.map((f) => f.firstTime)) + shift,
            to: -least(times.map((f) => -f.lastTime)) + shift,
          },
    frames: times.reduce((n, f) => n + f.frames, 0),
    leg: onLeg(0) ? 'client' : onLeg(1) ? 'server' : null,
  };
}

/** A translated connection twice, as it comes and as it leaves: the traffic of each alone looks like an end's. */
const holdsBothSides = (flows: readonly JoinedFlow[], vantage: number): boolean =>
  flows.some(({ legs }) => legs.some((l) => l.views.filter((v) => v.vantage === vantage).length > 1));

const least = (times: readonly Nanos[]): Nanos =>
  times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

function ttlsOfLeg({ views }: JoinedLeg): LegTtls {
  return new Map(
    views.map(({ vantage, watch: { connection } }) => {
      const { flow, sides } = connection;
      return [vantage, { client: sides[flow.client].ttl, server: sides[flow.server].ttl }];
    }),
  );
}

/** The TTL that most connections' segments arrive with. */
function ttlsOf({ watches }: VantageAnalysis): { client: number; server: number } {
  const of = (end: (flow: Flow) => 0 | 1): number => {
    const counts = new Map<number, number>();
    for (const { connection } of watches) {
      const { ttl } = connection.sides[end(connection.flow)];
      if (ttl >= 0) counts.set(ttl, (counts.get(ttl) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
  };
  return { client: of((f) => f.client), server: of((f) => f.server) };
}

/** When it saw nothing for certain: its gaps; and of a collector's capture, which says when it ran, all that was before and after. */
function whenBlind(analysis: VantageAnalysis): Span[] {
  const gaps = analysis.gaps.map(({ from, to }): Span => ({ from, to }));
  if (!analysis.isCollected) return gaps;
  const { coveredFrom, coveredUntil } = analysis;
  if (coveredFrom === null || coveredUntil === null) return gaps;
  return [
    { from: Number.NEGATIVE_INFINITY, to: coveredFrom },
    ...gaps,
    { from: coveredUntil, to: Number.POSITIVE_INFINITY },
  ];
}

/** Its first frame, ns since its origin; never where it has none. */
const beginOf = ({ files }: VantageAnalysis): Nanos => least(files.flatMap((f) => f.state.firstTime ?? []));

/** Its last frame; before all times where it has none. */
const endOf = ({ files }: VantageAnalysis): Nanos =>
  -least(files.flatMap((f) => -(f.state.lastTime ?? -Infinity)));

type Uncovered = Omit<CrossVantage, 'coveredUntil'> & { coveredUntil: Nanos | null };

/** A node that took over may have its first frame long after an end had its last one; clocks that are wrong are so by hours. */
const SAME_TIME: Nanos = seconds(600);

/**
 * The incident ends at the latest frame of any vantage; a capture that falls silent counts as running on (report.md). A clock
 * that nothing ties is taken as it is, unless it is of another time altogether: then it says nothing of when the others ended.
 */
function withCoverage(
  vantages: readonly Uncovered[],
  strangers: ReadonlySet<number>,
  begins: readonly Nanos[],
): CrossVantage[] {
  const own = vantages.map((v) => (v.coveredUntil === null ? 0 : v.clock.toReference(v.coveredUntil)));
  const latest = (counts: (i: number) => boolean): Nanos =>
    own.reduce((a, b, i) => (!strangers.has(i) && counts(i) ? Math.max(a, b) : a), 0);
  const clock = (i: number) => (vantages[i] as Uncovered).clock;
  const tied = latest((i) => clock(i).tied);
  const until = latest((i) => clock(i).tied || clock(i).toReference(begins[i] as Nanos) <= tied + SAME_TIME);
  return vantages.map((v, i) => {
    const end = own[i] as Nanos;
    return { ...v, coveredUntil: strangers.has(i) ? end : Math.max(until, end) };
  });
}

/** Frames that say that another node is in service now: it announces an address, or speaks for its VRRP group. */
function announcements(
  analyses: readonly VantageAnalysis[],
  vantages: readonly CrossVantage[],
  strangers: ReadonlySet<number>,
): Announcement[] {
  const found: Announcement[] = [];
  for (const [i, { neighbours, watches }] of analyses.entries()) {
    if (strangers.has(i)) continue;
    const { station, clock, shift } = vantages[i] as CrossVantage;
    const hosts = hostMacs(watches, station);
    const speakers = new Map<string, Map<string, number>>();
    for (const event of neighbours.events) {
      const at = { time: clock.toReference(event.time + shift), frame: event.id, anchor: clock.anchor };
      // A host that announces its own address has just started, or been given it.
      if (event.kind === 'announces' && !hosts.has(event.mac)) {
        found.push({ node: station.place === 'node' ? station.node : NEXT_NODE, ...at });
      } else if (event.kind === 'vrrp' && isNewSpeaker(event, speakers, station)) {
        found.push({ node: NEXT_NODE, ...at });
      }
    }
  }
  return found.sort((a, b) => a.time - b.time);
}

/** MACs that the connections' own ends, or the routers before them, have on the link of a capture. */
function hostMacs(watches: VantageAnalysis['watches'], { place, side }: Station): Set<number> {
  const link =
    place === 'client' || side === 'in' ? 'client' : place === 'server' || side === 'out' ? 'server' : null;
  if (link === null) return new Set();
  return new Set(
    watches.map(({ connection: { flow, sides } }) => sides[flow[link]].mac).filter((m) => m >= 0),
  );
}

/**
 * Both nodes hear the advertisements of either: only another speaker than the last one is a sign. A number names
 * a group of each protocol; and in a capture of a whole node one of each link, so that there only who had been
 * silent while another spoke several times is new.
 */
function isNewSpeaker(
  { about, address }: NeighbourEvent,
  groups: Map<string, Map<string, number>>,
  { place, side }: Station,
): boolean {
  const isWhole = place === 'node' && side === undefined;
  const key = `${about} ${address.includes(':') ? 6 : 4}`;
  const group = groups.get(key) ?? new Map<string, number>();
  groups.set(key, group);
  const missed = group.get(address);
  const isFirst = group.size === 0;
  for (const [other, count] of group) group.set(other, count + 1);
  group.set(address, 0);
  if (missed === undefined) return !isFirst;
  return missed >= (isWhole ? SEVERAL_ADVERTS : 1);
}

/** After three that were missed a backup takes over (RFC 9568, 6.1). */
const SEVERAL_ADVERTS = 3;

/** The crossing of one leg of a flow, over all vantages. */
export const crossingOf = (leg: JoinedLeg, { vantages }: Correlation): Crossing =>
  new Crossing(leg.views, vantages);

export type { FlowView, JoinedFlow, JoinedLeg };
