/**
 * Finds, among the connections of one four-tuple, those that may be one by the numbers that they were opened with, without
 * trying every two: a port that is used twenty thousand times has 200 million pairs, and a host whose SYN-ACKs all carry
 * one and the same number leaves them alike.
 * The trap: which of several alike is tried first decides, so an index may leave out only what cannot be joined, and has to
 * keep the order.
 */
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { Cluster, FlowView } from './join.ts';

const isOpenedBy = ({ watch }: FlowView, end: EndIndex): boolean => watch.connection.sides[end].synCount > 0;

/** Null where one of the two openings was not seen. */
function numbersOf(view: FlowView): string | null {
  const [a, b] = view.watch.connection.sides;
  return isOpenedBy(view, 0) && isOpenedBy(view, 1) ? `${a.firstSeq} ${b.firstSeq}` : null;
}

const isAt = ({ views }: Cluster, vantage: number): boolean => views.some((v) => v.vantage === vantage);

/** The clusters of one tuple; nothing but their list while they are few. */
export class TupleUses {
  private readonly clusters: Cluster[] = [];
  private readonly indexFrom: number;
  private index: UseIndex | null = null;

  constructor(indexFrom: number) {
    this.indexFrom = indexFrom;
  }

  /** The view has become the cluster's. */
  add(view: FlowView, cluster: Cluster): void {
    if (cluster.views.length === 1) this.clusters.push(cluster);
    if (this.index !== null) this.index.add(view, cluster);
    else if (this.clusters.length >= this.indexFrom) {
      this.index = new UseIndex();
      for (const one of this.clusters) for (const its of one.views) this.index.add(its, one);
    }
  }

  /** In order: of the clusters that agree with the view at least the first of those that are least apart from it. */
  agreeing(
    view: FlowView,
    agrees: (cluster: Cluster, view: FlowView) => boolean,
    apart: (cluster: Cluster, view: FlowView) => number,
  ): Cluster[] {
    const numbers = this.index === null ? null : numbersOf(view);
    if (this.index === null || numbers === null) return this.clusters.filter((c) => agrees(c, view));
    return this.index.agreeing(numbers, view, agrees, apart);
  }
}

class UseIndex {
  private readonly order = new Map<Cluster, number>();
  /** With a view of which an opening is missing: its numbers are compared as ranges. */
  private readonly partly = new Set<Cluster>();
  private readonly opened = new Map<string, UsesAlike>();

  add(view: FlowView, cluster: Cluster): void {
    if (!this.order.has(cluster)) this.order.set(cluster, this.order.size);
    const numbers = numbersOf(view);
    if (numbers === null) {
      this.partly.add(cluster);
      return;
    }
    const alike = this.opened.get(numbers);
    if (alike === undefined) this.opened.set(numbers, new UsesAlike(cluster));
    else alike.clusters.push(cluster);
  }

  agreeing(
    numbers: string,
    view: FlowView,
    agrees: (cluster: Cluster, view: FlowView) => boolean,
    apart: (cluster: Cluster, view: FlowView) => number,
  ): Cluster[] {
    const found = new Set<Cluster>();
    for (const cluster of this.partly) if (agrees(cluster, view)) found.add(cluster);
    for (const cluster of this.opened.get(numbers)?.without(view.vantage) ?? []) {
      found.add(cluster);
      // Nothing after it is nearer.
      if (apart(cluster, view) === 0) break;
    }
    const placeOf = (cluster: Cluster): number => this.order.get(cluster) as number;
    return [...found].sort((a, b) => placeOf(a) - placeOf(b));
  }
}

/** Opened with the same two numbers. */
class UsesAlike {
  readonly clusters: Cluster[];
  /** By vantage: all before this one have a view there, and will have. */
  private readonly from = new Map<number, number>();

  constructor(cluster: Cluster) {
    this.clusters = [cluster];
  }

  *without(vantage: number): Generator<Cluster, void, undefined> {
    let at = this.from.get(vantage) ?? 0;
    while (at < this.clusters.length && isAt(this.clusters[at] as Cluster, vantage)) at++;
    this.from.set(vantage, at);
    for (; at < this.clusters.length; at++) {
      const cluster = this.clusters[at] as Cluster;
      if (!isAt(cluster, vantage)) yield cluster;
    }
  }
}

/** Clusters that share a tuple; most have theirs for themselves. */
export function usedAgain(clusters: readonly Cluster[]): Iterable<Cluster[]> {
  const first = new Map<string, Cluster>();
  const groups = new Map<string, Cluster[]>();
  for (const cluster of clusters) {
    const before = first.get(cluster.tuple);
    if (before === undefined) first.set(cluster.tuple, cluster);
    else if (groups.has(cluster.tuple)) groups.get(cluster.tuple)?.push(cluster);
    else groups.set(cluster.tuple, [before, cluster]);
  }
  return groups.values();
}

/** What is asked of clusters while they are being joined. */
export interface ClusterQuestions {
  readonly home: (cluster: Cluster) => Cluster;
  /** The initial number of an end; undefined where it was not seen. */
  readonly openedWith: (cluster: Cluster, end: EndIndex) => number | undefined;
}

/**
 * Pairs of clusters of one tuple that opened a direction with the same number, each with all before it, in order; without
 * those that have a vantage in common by then, which no rule joins, but for the two sides of a connection on one host
 * (`Flow.twin`). Clusters may be joined between two pairs.
 */
export function* openedAlike(
  group: readonly Cluster[],
  { home, openedWith }: ClusterQuestions,
): Generator<[Cluster, Cluster], void, undefined> {
  const before: [Map<number, Alike>, Map<number, Alike>] = [new Map(), new Map()];
  const twins = new Twins(group, home);
  for (const cluster of group) {
    const numbers = [openedWith(cluster, 0), openedWith(cluster, 1)] as const;
    if (numbers[0] === undefined || numbers[1] === undefined) continue;
    for (const end of [0, 1] as const) {
      const known = before[end].get(numbers[end] as number) ?? new Alike(home, twins);
      for (const other of known.before(cluster)) yield [other, cluster];
      known.add(cluster);
      before[end].set(numbers[end] as number, known);
    }
  }
}

/** Which clusters hold the other side of a connection. */
class Twins {
  private readonly home: (cluster: Cluster) => Cluster;
  private readonly clusterOf = new Map<Flow, Cluster>();
  private readonly ofFlow = new Map<Flow, Flow[]>();

  constructor(group: readonly Cluster[], home: (cluster: Cluster) => Cluster) {
    this.home = home;
    for (const cluster of group) {
      for (const { watch } of cluster.views) {
        const { flow } = watch.connection;
        this.clusterOf.set(flow, cluster);
        if (flow.twin === null) continue;
        this.ofFlow.set(flow, [...(this.ofFlow.get(flow) ?? []), flow.twin]);
        this.ofFlow.set(flow.twin, [...(this.ofFlow.get(flow.twin) ?? []), flow]);
      }
    }
  }

  /** Homes of the other sides of its views. */
  of(cluster: Cluster): Set<Cluster> {
    const homes = new Set<Cluster>();
    if (this.ofFlow.size === 0) return homes;
    for (const { watch } of cluster.views) {
      for (const twin of this.ofFlow.get(watch.connection.flow) ?? []) {
        const its = this.clusterOf.get(twin);
        if (its !== undefined) homes.add(this.home(its));
      }
    }
    return homes;
  }
}

/** Opened one direction with the same number. */
class Alike {
  private readonly home: (cluster: Cluster) => Cluster;
  private readonly twins: Twins;
  private readonly clusters: Cluster[] = [];
  private readonly placeOf = new Map<Flow, number>();
  /** By the vantages of who asks: where to look on from each place, past those that have one of them: they keep it. */
  private readonly onward = new Map<string, number[]>();

  constructor(home: (cluster: Cluster) => Cluster, twins: Twins) {
    this.home = home;
    this.twins = twins;
  }

  add(cluster: Cluster): void {
    for (const { watch } of cluster.views) this.placeOf.set(watch.connection.flow, this.clusters.length);
    this.clusters.push(cluster);
  }

  /** Those that share no vantage with it, as it is joined by then. */
  *before(cluster: Cluster): Generator<Cluster, void, undefined> {
    for (let at = 0; ; at++) {
      const own = this.home(cluster);
      at = Math.min(this.elsewhere(own, at), this.twinOf(own, at));
      const other = this.clusters[at];
      if (other === undefined) return;
      yield other;
    }
  }

  /** The first place from `at` on whose cluster has no vantage of these. */
  private elsewhere({ views }: Cluster, at: number): number {
    const vantages = new Set(views.map((v) => v.vantage));
    const key = [...vantages].sort((a, b) => a - b).join();
    const onward = this.onward.get(key) ?? [];
    this.onward.set(key, onward);
    const passed: number[] = [];
    let place = at;
    for (;;) {
      const next = onward[place];
      if (next === undefined) {
        const other = this.clusters[place];
        if (other === undefined || !this.home(other).views.some((v) => vantages.has(v.vantage))) break;
      }
      passed.push(place);
      place = next ?? place + 1;
    }
    for (const one of passed) onward[one] = place;
    return place;
  }

  /** The first place from `at` on whose cluster is, or is joined to, the other side of a view. */
  private twinOf(cluster: Cluster, at: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const home of this.twins.of(cluster)) {
      for (const { watch } of home.views) {
        const place = this.placeOf.get(watch.connection.flow);
        if (place !== undefined && place >= at && place < first) first = place;
      }
    }
    return first;
  }
}
