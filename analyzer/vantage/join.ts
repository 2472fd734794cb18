/**
 * Finds the same connection in several captures. Under the same addresses and
 * ports the sequence numbers must agree; under others (NAT) the same packets
 * must be there. A firewall that shifts sequence numbers keeps lengths and
 * timestamps and a constant distance.
 * The trap: the same four-tuple is used again, and a transparent proxy opens
 * its own connection under it: equal addresses alone join nothing.
 */
import { PacketType } from '../../packet/wire/frame.ts';
import { FirstOfName } from '../flow/first-of-name.ts';
import { type EndIndex, type Flow, otherEnd } from '../flow/flow.ts';
import { nameOf } from '../flow/samples.ts';
import type { Sighting, Trails } from '../flow/trail.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import type { Side } from '../tcp/side.ts';
import { openedAlike, TupleUses, usedAgain } from './opening-index.ts';

/** What joining needs of a vantage. */
export interface JoinSource {
  readonly watches: readonly SilenceWatch[];
  readonly trails: Trails;
}

/** One connection at one vantage. */
export interface FlowView {
  readonly vantage: number;
  readonly watch: SilenceWatch;
  /** What is added to the sequence numbers of end 0 and end 1 of this view to get those of the first view. */
  readonly shift: readonly [number, number];
  /** End 0 of this view is end 1 of the first one: translated addresses sort otherwise. */
  readonly flipped: boolean;
}

/** One TCP connection (one leg of a proxied flow), wherever it was seen. */
export interface JoinedLeg {
  readonly views: FlowView[];
}

/** Bytes that were sent and never came here may lie this far beyond what did. */
const SLACK = 1 << 24;
/** Sequence numbers of longer transfers have wrapped, or may have. */
const LONG = 2 ** 31;
/** So many rows of a view are looked up: its first and its newest ones. */
const LOOKED_UP = 12;
/** Equal distances in so many segments are no chance. */
const SHIFT_VOTES = 3;

export interface Cluster {
  /** Of the views that it was made of. */
  readonly tuple: string;
  readonly views: FlowView[];
  joinedTo: Cluster | null;
}

/** Connections of one tuple from which on they are found by their numbers, and no longer by trying all. */
const MANY_USES = 16;

/** All connections of all vantages, each once. `manyUses`: for tests, which compare; the result is the same. */
export function joinFlows(sources: readonly JoinSource[], manyUses = MANY_USES): JoinedLeg[] {
  const clusters = joinByTuple(sources, manyUses);
  if (clusters.length > 1) {
    joinByOpening(clusters, manyUses);
    // Two connections of one capture are never joined by a distance.
    if (sources.length > 1) joinByShift(clusters, sources);
    joinByPackets(clusters, sources);
  }
  const legs = clusters.filter((c) => c.joinedTo === null).map(({ views }) => ({ views }));
  for (const leg of legs) settleEnds(leg.views);
  return legs;
}

function joinByTuple(sources: readonly JoinSource[], manyUses: number): Cluster[] {
  // Connections of one capture are told apart already; a port may have been used there ten thousand times.
  if (sources.length === 1) {
    return viewsOf(sources).map((view) => ({
      tuple: tupleKey(view.watch.connection.flow),
      views: [view],
      joinedTo: null,
    }));
  }
  const clusters: Cluster[] = [];
  const byTuple = new Map<string, TupleUses>();
  for (const view of surestFirst(sources)) {
    const key = tupleKey(view.watch.connection.flow);
    const known = byTuple.get(key);
    const home = nearest(known?.agreeing(view, agrees, apart) ?? [], view);
    if (home !== undefined) {
      home.views.push(view);
      known?.add(view, home);
      continue;
    }
    const made: Cluster = { tuple: key, views: [view], joinedTo: null };
    clusters.push(made);
    const uses = known ?? new TupleUses(manyUses);
    uses.add(view, made);
    if (known === undefined) byTuple.set(key, uses);
  }
  for (const { views } of clusters) views.sort(byCapture);
  return clusters.sort((a, b) => byCapture(a.views[0] as FlowView, b.views[0] as FlowView));
}

/** Initial numbers tell two uses of a port apart; a view in mid-stream then finds the one that it belongs to. */
function surestFirst(sources: readonly JoinSource[]): FlowView[] {
  const views = viewsOf(sources);
  return [...views.filter(isOpened), ...views.filter((v) => !isOpened(v))];
}

const NOT_SHIFTED = [0, 0] as const;

const viewsOf = (sources: readonly JoinSource[]): FlowView[] =>
  sources.flatMap(({ watches }, vantage) =>
    watches.map((watch): FlowView => ({ vantage, watch, shift: NOT_SHIFTED, flipped: false })),
  );

const isOpened = ({ watch }: FlowView): boolean =>
  watch.connection.sides[0].synCount > 0 || watch.connection.sides[1].synCount > 0;

const byCapture = (a: FlowView, b: FlowView): number =>
  a.vantage - b.vantage || a.watch.connection.flow.index - b.watch.connection.flow.index;

const tupleKey = ({ address, port, ipVersion }: Flow): string =>
  ipVersion === 4
    ? `${address[0]} ${address[4]} ${port[0]} ${port[1]}`
    : `${address.join('.')} ${port[0]} ${port[1]}`;

/** The same connection: no other one of its vantage there, and sequence numbers of one range in every direction that both saw. */
function agrees(cluster: Cluster, view: FlowView): boolean {
  if (cluster.views.some((v) => v.vantage === view.vantage)) return false;
  return cluster.views.some((v) => {
    const verdicts = ([0, 1] as const).map((end) =>
      sameRange(v.watch.connection.sides[end], view.watch.connection.sides[end]),
    );
    return !verdicts.includes(false) && verdicts.includes(true);
  });
}

/** Of several uses of a port whose numbers are near each other, the one whose numbers the view has. */
function nearest(clusters: readonly Cluster[], view: FlowView): Cluster | undefined {
  if (clusters.length < 2) return clusters[0];
  return clusters.reduce((a, b) => (apart(b, view) < apart(a, view) ? b : a));
}

/** Bytes between the view and the nearest of the cluster's. */
function apart({ views }: Cluster, view: FlowView): number {
  return Math.min(
    ...views.map(({ watch }) =>
      ([0, 1] as const)
        .map((end) => gapOf(watch.connection.sides[end], view.watch.connection.sides[end]))
        .reduce((sum, gap) => sum + gap),
    ),
  );
}

/** Bytes between what two views have of a direction. */
function gapOf(a: Side, b: Side): number {
  const [x, y] = [rangeOf(a), rangeOf(b)];
  return x === null || y === null ? 0 : Math.max(0, (x.from - y.to) | 0, (y.from - x.to) | 0);
}

/** Null where one of the two never saw the direction. */
function sameRange(a: Side, b: Side): boolean | null {
  const [x, y] = [rangeOf(a), rangeOf(b)];
  if (x === null || y === null) return null;
  if (a.synCount > 0 && b.synCount > 0) return a.firstSeq === b.firstSeq;
  if (a.bytes > LONG || b.bytes > LONG) return true;
  return ((x.to - y.from) | 0) >= -SLACK && ((y.to - x.from) | 0) >= -SLACK;
}

/** Sequence numbers that a side has used, as far as its own segments or the acknowledgements for them tell. */
function rangeOf(side: Side): { from: number; to: number } | null {
  if (side.seen) return { from: side.firstSeq, to: side.next };
  return side.acked ? { from: side.una, to: side.una } : null;
}

/**
 * A gateway that shifts the numbers of one direction only leaves the other as
 * they are: the same tuple, one initial number equal, one not.
 */
function joinByOpening(clusters: readonly Cluster[], manyUses: number): void {
  for (const group of usedAgain(clusters)) {
    const alike = group.length < manyUses ? alikeInOne(group) : openedAlike(group, { home, openedWith });
    for (const [a, b] of alike) {
      if (home(a) === home(b) || conflict(home(a), home(b))) continue;
      const shift = openingShift(home(a), home(b));
      if (shift !== null) absorb(a, b, shift, false);
    }
  }
}

/** Pairs that opened a direction with the same number: a port that is used ten thousand times has few of them, and many pairs. */
function* alikeInOne(group: readonly Cluster[]): Generator<[Cluster, Cluster]> {
  const before: [Map<number, Cluster[]>, Map<number, Cluster[]>] = [new Map(), new Map()];
  for (const cluster of group) {
    const numbers = [openedWith(cluster, 0), openedWith(cluster, 1)] as const;
    if (numbers[0] === undefined || numbers[1] === undefined) continue;
    for (const end of [0, 1] as const) {
      const known = before[end].get(numbers[end] as number);
      for (const other of known ?? []) yield [other, cluster];
      if (known === undefined) before[end].set(numbers[end] as number, [cluster]);
      else known.push(cluster);
    }
  }
}

/** The initial number of an end, by the cluster's numbers; undefined where none of its views saw it. */
function openedWith(cluster: Cluster, end: EndIndex): number | undefined {
  const view = cluster.views.find((v) => v.watch.connection.sides[end].synCount > 0);
  return view && view.watch.connection.sides[end].firstSeq + view.shift[end];
}

/** What to add to the second's numbers, where one direction was opened with the same number and the other was not. */
function openingShift(a: Cluster, b: Cluster): [number, number] | null {
  const [a0, a1, b0, b1] = [openedWith(a, 0), openedWith(a, 1), openedWith(b, 0), openedWith(b, 1)];
  if (a0 === undefined || a1 === undefined || b0 === undefined || b1 === undefined) return null;
  const by: [number, number] = [(a0 - b0) >>> 0, (a1 - b1) >>> 0];
  return (by[0] === 0) === (by[1] === 0) ? null : by;
}

/** One capture numbers two connections of one tuple as two: they are. */
function conflict(a: Cluster, b: Cluster): boolean {
  return a.views.some((v) => b.views.some((w) => v.vantage === w.vantage && areTwo(v, w)));
}

/** On a cooked capture both sides of one connection may stand under one tuple, if its numbers are shifted in between. */
function areTwo(v: FlowView, w: FlowView): boolean {
  const [x, y] = [v.watch.connection.flow, w.watch.connection.flow];
  return x.twin !== y && y.twin !== x && tupleKey(x) === tupleKey(y);
}

/** Connections under different addresses that hold the same packets. */
function joinByPackets(clusters: readonly Cluster[], sources: readonly JoinSource[]): void {
  const edges = new Edges(clusters, sources);
  const byName = new FirstOfName(edges.most);
  edges.forEachName((name, at) => {
    const known = byName.take(name, at);
    if (known >= 0 && edges.home(known) !== edges.home(at)) {
      const [first, second] = [edges.found(known), edges.found(at)];
      if (mayBeOne(first, second)) merge(first, second, evenShift(first, second));
    }
  });
}

/**
 * The rows at both ends of every view's trail, each by a number: there are
 * hundreds of thousands, and few are looked at a second time.
 */
class Edges {
  private readonly views: { readonly cluster: Cluster; readonly view: FlowView }[];
  private readonly sources: readonly JoinSource[];

  constructor(clusters: readonly Cluster[], sources: readonly JoinSource[]) {
    this.views = clusters.flatMap((cluster) => cluster.views.map((view) => ({ cluster, view })));
    this.sources = sources;
  }

  forEach(take: (row: Sighting, at: number, view: FlowView, cluster: Cluster) => void): void {
    for (const [i, { view, cluster }] of this.views.entries()) {
      const rows = edgeRows(view, this.sources);
      for (const [n, row] of rows.entries()) take(row, i * ROWS_A_VIEW + n, view, cluster);
    }
  }

  /** There are no more rows than these. */
  get most(): number {
    const kept = this.sources.reduce((n, { trails }) => n + trails.size, 0);
    return Math.min(kept, this.views.length * ROWS_A_VIEW);
  }

  /** Of each row that says which packet it was, that packet's name. */
  forEachName(take: (name: number, at: number) => void): void {
    const names = new Float64Array(ROWS_A_VIEW);
    for (let i = 0; i < this.views.length; i++) {
      const { view } = this.views[i] as { view: FlowView };
      const { trails } = this.sources[view.vantage] as JoinSource;
      const count = trails.edgeNames(view.watch.connection.flow.index, LOOKED_UP, names);
      for (let n = 0; n < count; n++) {
        const name = names[n] as number;
        if (!Number.isNaN(name)) take(name, i * ROWS_A_VIEW + n);
      }
    }
  }

  home(at: number): Cluster {
    return home(this.placeOf(at).cluster);
  }

  vantage(at: number): number {
    return this.placeOf(at).view.vantage;
  }

  found(at: number): Found {
    const { cluster, view } = this.placeOf(at);
    return { cluster, view, row: edgeRows(view, this.sources)[at % ROWS_A_VIEW] as Sighting };
  }

  private placeOf(at: number): { readonly cluster: Cluster; readonly view: FlowView } {
    return this.views[Math.floor(at / ROWS_A_VIEW)] as { cluster: Cluster; view: FlowView };
  }
}

const ROWS_A_VIEW = 2 * LOOKED_UP;

/** One capture shows a packet twice only on its way through a host: coming in, and going out with a smaller TTL. */
function mayBeOne(a: Found, b: Found): boolean {
  if (a.view.vantage !== b.view.vantage) return true;
  if (Math.abs(a.row.time - b.row.time) > PASSAGE) return false;
  return a.row.packetType !== b.row.packetType || a.row.ttl !== b.row.ttl;
}

/** A router holds a packet no longer than this. */
const PASSAGE = 100_000_000;

/** The rows at both ends of a view's trail. */
function edgeRows(view: FlowView, sources: readonly JoinSource[]): Sighting[] {
  const trails = (sources[view.vantage] as JoinSource).trails;
  const rows = trails.of(view.watch.connection.flow.index);
  if (rows.length <= 2 * LOOKED_UP) return rows;
  return [...rows.slice(0, LOOKED_UP), ...rows.slice(-LOOKED_UP)];
}

function home(cluster: Cluster): Cluster {
  let at = cluster;
  while (at.joinedTo !== null) at = at.joinedTo;
  return at;
}

interface Found {
  readonly cluster: Cluster;
  readonly view: FlowView;
  readonly row: Sighting;
}

/** Joins the clusters of two packets that are one; `shift` as for `absorb`. */
function merge(first: Found, second: Found, shift: readonly [number, number]): void {
  // An RST for an older connection of the tuple has that one's numbers.
  if (conflict(home(first.cluster), home(second.cluster))) return;
  absorb(first.cluster, second.cluster, shift, isFlipped(first, second));
}

/** Takes the second cluster into the first; `shift` is added to the second's numbers, by its own ends. */
function absorb(first: Cluster, second: Cluster, shift: readonly [number, number], flip: boolean): void {
  const [into, from] = [home(first), home(second)];
  for (const view of from.views) {
    const own: [number, number] = [
      (view.shift[0] + shift[endOf(view, 0)]) >>> 0,
      (view.shift[1] + shift[endOf(view, 1)]) >>> 0,
    ];
    into.views.push({ ...view, shift: own, flipped: view.flipped !== flip });
  }
  from.joinedTo = into;
}

/** One packet with the same numbers in both: what is added to the one is added to the other. */
function evenShift(a: Found, b: Found): [number, number] {
  const [x, y, flip] = [current(a), current(b), isFlipped(a, b)];
  const of = (end: EndIndex): number =>
    x.shift[endOf(x, flip ? otherEnd(end) : end)] - y.shift[endOf(y, end)];
  return [of(0), of(1)];
}

/** The sender of the one packet is another end of the one cluster than of the other. */
const isFlipped = (a: Found, b: Found): boolean =>
  endOf(current(a), a.row.sender) !== endOf(current(b), b.row.sender);

/** The view as it stands now: with every merging it may have been turned, and its numbers moved. */
const current = ({ cluster, view }: Found): FlowView =>
  home(cluster).views.find((v) => v.watch === view.watch) ?? view;

/** The end of the cluster's first view that an end of this view is. */
export const endOf = (view: { flipped: boolean }, end: EndIndex): EndIndex =>
  view.flipped ? otherEnd(end) : end;

/** Connections whose segments agree in everything but a constant distance of the sequence numbers. */
function joinByShift(clusters: readonly Cluster[], sources: readonly JoinSource[]): void {
  const edges = new Edges(clusters, sources);
  const byStamp = new Map<number, number[]>();
  const openedAt = new Map<Cluster, number>();
  edges.forEach((row, at, view, cluster) => {
    if (row.packetType < 0 && isOpened(view)) {
      openedAt.set(home(cluster), (openedAt.get(home(cluster)) ?? 0) | bitOf(view));
    }
    if (row.tsVal < 0 && row.ipId <= 0) return;
    if (row.length === 0 && (row.flags & 0x02) === 0) return;
    const stamp = stampOf(row);
    const known = byStamp.get(stamp);
    if (known === undefined) byStamp.set(stamp, [at]);
    else if (known.length < 16) known.push(at);
  });
  for (const rows of pairsOf(clusters, edges, byStamp, openedAt)) {
    if (rows.length < SHIFT_VOTES) continue;
    const found = rows.map(([a, b]): [Found, Found] => [edges.found(a), edges.found(b)]);
    const [a, b] = found[0] as [Found, Found];
    if (home(a.cluster) === home(b.cluster)) continue;
    const shift = constantShift(found);
    if (shift !== null && mayShare(a, b, sources)) merge(a, b, shift);
  }
}

/** What a shift leaves of a packet, in 53 bits. */
const stampOf = (row: Sighting): number =>
  nameOf({ ...row, seq: row.tsVal < 0 ? row.ipId : 0, ack: row.tsVal < 0 ? 1 : 0 });

/** The vantage in a set of 31; none for those beyond. */
const bitOf = ({ vantage }: FlowView): number => (vantage < 31 ? 1 << vantage : 0);

/** The rows that two clusters have alike, for every two that may be one. */
function pairsOf(
  clusters: readonly Cluster[],
  edges: Edges,
  byStamp: ReadonlyMap<number, readonly number[]>,
  openedAt: ReadonlyMap<Cluster, number>,
): Iterable<[number, number][]> {
  const pairs = new Map<number, [number, number][]>();
  const indexOf = new Map(clusters.map((c, i) => [c, i]));
  for (const rows of byStamp.values()) {
    for (const [i, one] of rows.entries()) {
      for (let j = i + 1; j < rows.length; j++) {
        const two = rows[j] as number;
        const [x, y] = [edges.home(one), edges.home(two)];
        if (x === y || edges.vantage(one) === edges.vantage(two)) continue;
        // Most pairs are two that began in one tick: quickly told from what `mayShare` looks at.
        if (((openedAt.get(x) ?? 0) & (openedAt.get(y) ?? 0)) !== 0) continue;
        const [p, q] = [indexOf.get(x) as number, indexOf.get(y) as number];
        const key = Math.min(p, q) * clusters.length + Math.max(p, q);
        const pair: [number, number] = p <= q ? [one, two] : [two, one];
        const known = pairs.get(key);
        if (known === undefined) pairs.set(key, [pair]);
        else known.push(pair);
      }
    }
  }
  return pairs.values();
}

/**
 * What to add to the numbers of the second's cluster, by its own ends; null where too few rows agree.
 * A node that took over without the offset passes the numbers on as they are, so that the late rows of a shifted
 * connection have another distance: its opening counts, else the distance that most rows have.
 */
function constantShift(rows: readonly [Found, Found][]): [number, number] | null {
  const votes: [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  const opening: [number | null, number | null] = [null, null];
  const numberOf = (f: Found): number => f.row.seq + current(f).shift[f.row.sender];
  for (const [a, b] of rows) {
    const end = endOf(current(b), b.row.sender);
    const distance = (numberOf(a) - numberOf(b)) >>> 0;
    votes[end].set(distance, (votes[end].get(distance) ?? 0) + 1);
    if ((b.row.flags & 0x02) !== 0) opening[end] ??= distance;
  }
  let agreeing = 0;
  const of = (end: EndIndex): number => {
    const most = [...votes[end]].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
    const distance = opening[end] ?? most[0];
    agreeing += votes[end].get(distance) ?? 0;
    return distance;
  };
  const shift: [number, number] = [of(0), of(1)];
  return agreeing >= SHIFT_VOTES ? shift : null;
}

/**
 * Two connections that one host opens in one tick and uses alike keep a constant distance as well: they are two
 * wherever one capture saw both opened, unless it is a node's and what comes to it in the one leaves it in the other.
 */
function mayShare(a: Found, b: Found, sources: readonly JoinSource[]): boolean {
  const flip = isFlipped(a, b);
  const leaves = ({ vantage, watch, flipped }: FlowView, end: EndIndex): boolean | null => {
    const rows = (sources[vantage] as JoinSource).trails.of(watch.connection.flow.index);
    const row = rows.find((r) => r.sender === endOf({ flipped }, end));
    return row === undefined || row.packetType < 0 ? null : row.packetType === PacketType.Outgoing;
  };
  const isBoth = (v: FlowView, w: FlowView): boolean => {
    if (v.vantage !== w.vantage || !isOpened(v) || !isOpened(w)) return false;
    const [x, y] = [leaves(v, 0), leaves(w, flip ? 1 : 0)];
    return x === null || x === y;
  };
  return !home(a.cluster).views.some((v) => home(b.cluster).views.some((w) => isBoth(v, w)));
}

/** Whoever knows best which end is the client tells the others. */
function settleEnds(views: readonly FlowView[]): void {
  if (views.length < 2) return;
  const surest = views.reduce((a, b) => (isSurer(b, a) ? b : a));
  const client = endOf(surest, surest.watch.connection.flow.client);
  for (const view of views) {
    const { flow } = view.watch.connection;
    const end = endOf(view, client);
    if (flow.client !== end) flow.takeClient(end);
  }
}

const RANK = ['syn', 'syn-ack', 'hello', 'port', 'peers', 'guess'] as const;
const isSurer = (a: FlowView, b: FlowView): boolean =>
  RANK.indexOf(a.watch.connection.flow.clientReason) < RANK.indexOf(b.watch.connection.flow.clientReason);
