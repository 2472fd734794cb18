/**
 * From vantages that are read to the report: correlates them, judges every
 * connection once, from the view that tells most of it with what the others
 * add, and then once more with what the other connections did.
 * The trap: the view of an end decides the outcome, for it is the end that
 * waits; views of nodes may decide the cause, but never overrule it.
 */
import type { Nanos } from '../packet/time.ts';
import { joinCopies } from './copies.ts';
import type { FlowView, JoinedFlow, JoinedLeg } from './correlate.ts';
import { type Correlation, crossingOf } from './correlate.ts';
import type { Crossing, CrossVantage } from './failover/crossing.ts';
import { type Journal, nodesOf } from './failover/journal.ts';
import { buildLinkFacts } from './failover/link-evidence.ts';
import type { LinkFacts } from './failover/link-facts.ts';
import { loneLegs } from './failover/lone-legs.ts';
import { questionsOf } from './failover/lost-questions.ts';
import { pathKindOf } from './failover/path-kind.ts';
import type { Takeover } from './failover/takeover.ts';
import type { Flow } from './flow/flow.ts';
import { withGaps } from './gap-doubt.ts';
import { type NamedAnalysis, problemsOf, toCapture } from './named-vantage.ts';
import { farTuples, heardBy, nodesSeen } from './nodes-seen.ts';
import { closedSomewhere, endsOf, wentOnElsewhere } from './other-views.ts';
import { idsOf, type Placed, settle, together } from './placed-vantage.ts';
import { buildReport, type IncidentFlow, type ReportVantage } from './report/build-report.ts';
import { ReportClock } from './report/clock.ts';
import type { PathKind, Report } from './report/report.ts';
import { agree, isMissedBy, lossOf, repeatedLong } from './second-look.ts';
import { clockProblems } from './set-clocks.ts';
import { type Bounds, boundsOf, vainOf } from './takeover-bounds.ts';
import { udpProblems, udpView } from './udp-view.ts';
import { type AlignedClock, errorOfTwo } from './vantage/clock-align.ts';
import type { Place } from './vantage/vantage.ts';
import { inOneOrder } from './vantage-order.ts';
import type { Cross } from './verdict/case.ts';
import { deriveHops, type Hops } from './verdict/hops.ts';
import { type CrossSource, judgeAgain, judgeCapture } from './verdict/judge.ts';
import { type Lived, membersOf } from './verdict/members.ts';
import { isReplaced, type Opened, openedByService } from './verdict/replaced.ts';
import { judgeUdp, type UdpFlowReport } from './verdict/udp.ts';
import {
  answeredLate,
  closedByProxy,
  closedShort,
  type Unsure,
  unsureOf,
  unsureVerdict,
} from './verdict/unsure.ts';

export interface IncidentOptions {
  readonly tool: { name: string; version: string };
  readonly ladderFor?: string | undefined;
}

/** A report with what it was made of, for whoever draws it. */
export interface Diagnosis {
  readonly report: Report;
  /** In one order, whatever the order of files; everything else counts vantages as they stand here. */
  readonly placed: readonly Placed[];
  readonly correlation: Correlation;
  readonly vantages: readonly ReportVantage[];
  /** Each is the flow of the report at the same index; flows of UDP follow those there. */
  readonly flows: readonly IncidentFlow[];
}

export function diagnoseIncident(
  given: readonly NamedAnalysis[],
  journals: readonly Journal[],
  options: IncidentOptions,
): Diagnosis {
  const vantages = joinCopies(inOneOrder(given.map(settle)));
  const { placed, correlation } = together(vantages);
  const incident = new Incident(placed, correlation, journals);
  const flows = incident.judge();
  const reported = placed.map((p, i) => toReportVantage(p, incident, i));
  const report = buildReport(
    {
      vantages: reported,
      correlation: { ...correlation, bounds: incident.bounds() },
      flows,
      udp: incident.judgeUdp(),
      journals: nodesOf(journals),
    },
    options,
  );
  return { report, placed, correlation, vantages: reported, flows };
}

function toReportVantage(
  { named, settled, vantage }: Placed,
  { ids, clocks, correlation, placed }: Incident,
  i: number,
): ReportVantage {
  const { analysis, inputs } = named;
  const clock = clocks[i] as ReportClock;
  const problems = inputs.flatMap(({ file }) => problemsOf(file, ids[file.state.index] as string));
  problems.push(...udpProblems(named, ids));
  const contradiction = settled.contradiction ?? correlation.contradictions[i] ?? null;
  if (contradiction !== null) {
    problems.push({
      code: 'vantage-contradicted',
      message: contradiction,
      at: { capture: ids[inputs[0]?.file.state.index ?? 0] as string },
    });
  }
  problems.push(...clockProblems(correlation, i, (v) => ids[fileOf(placed[v])] as string));
  return {
    captures: inputs.map(({ file }) => toCapture(file, analysis, vantage, clock, ids)),
    clock,
    exactStreams: analysis.exactStreams,
    problems,
  };
}

const fileOf = (placed: Placed | undefined): number => placed?.named.inputs[0]?.file.state.index ?? 0;

/** A node that goes closes what it holds at most so long before. */
const TEAR_DOWN: Nanos = 10_000_000_000;
const SAME_MOMENT: Nanos = 1_000_000_000;

/** Connections that a takeover is dated by. */
const MOST_DATING = 2000;

/** Which view of a flow decides: the client's, the server's, and of nodes whichever saw most. */
const PLACE_SCORE: Record<Place, number> = { client: 3, server: 2, node: 1, unknown: 1 };

class Incident {
  readonly ids: readonly string[];
  readonly clocks: readonly ReportClock[];
  readonly links: LinkFacts;
  readonly placed: readonly Placed[];
  readonly correlation: Correlation;
  private readonly journals: readonly Journal[];
  private readonly home = new Map<Flow, { joined: JoinedFlow; leg: number }>();
  private readonly crossings = new Map<JoinedLeg, Crossing>();
  private readonly kinds = new Map<JoinedFlow, PathKind>();
  /** Of the captures that say anything of the incident. */
  private readonly tellingClocks: readonly AlignedClock[];

  constructor(placed: readonly Placed[], correlation: Correlation, journals: readonly Journal[]) {
    this.placed = placed;
    this.correlation = correlation;
    this.journals = journals;
    this.ids = idsOf(placed);
    this.clocks = placed.map((p, i) => this.clockOf(p, i));
    this.tellingClocks = correlation.vantages.flatMap((v, i) =>
      v.empty || correlation.strangers.has(i) ? [] : [v.clock],
    );
    this.links = buildLinkFacts(
      placed.map((p) => p.named.analysis),
      correlation.vantages,
    );
    for (const joined of correlation.flows) {
      for (const [leg, { views }] of joined.legs.entries()) {
        for (const view of views) this.home.set(view.watch.connection.flow, { joined, leg });
      }
      this.kinds.set(joined, pathKindOf(joined, correlation.vantages));
    }
    for (const joined of loneLegs(correlation.flows, correlation.vantages))
      this.kinds.set(joined, 'terminated');
  }

  judge(): IncidentFlow[] {
    const primary = this.correlation.flows.map((f) => this.ranked(f));
    const first = this.judgeAll(primary.map((views) => views[0] as View));
    const second = this.askOthers(first, primary);
    const { strangers, takeovers } = this.correlation;
    const related = second.filter((f) => !strangers.has(f.vantage));
    const members = membersOf(
      related.map((f) => this.lived(f)),
      takeovers,
    );
    const opened = openedByService(related.map((f) => f.judged));
    this.losses = [
      ...takeovers.map((t) => t.lost),
      ...related.flatMap((f) => lossOf(f, this.correlation.vantages)),
    ];
    const judged = second.map((f) => {
      const { cross, outcome } = f.judged.case;
      if (outcome === 'unaffected') return this.withDoubt(f, opened);
      return cross === null ? f : { ...f, judged: judgeAgain(f.judged, members) };
    });
    return withGaps(judged, {
      placed: this.placed,
      correlation: this.correlation,
      others: (i) => this.judgeAll((primary[i] as readonly View[]).slice(1).filter((v) => this.isEnds(v))),
      without: (blind) => this.without(blind),
    });
  }

  private isEnds({ vantage }: View): boolean {
    return isEnd((this.placed[vantage] as Placed).place);
  }

  /** What would be said without some of the vantages. */
  private without(blind: ReadonlySet<number>): readonly IncidentFlow[] {
    const rest = this.placed.filter((_, i) => !blind.has(i));
    const { placed, correlation } = together(rest);
    return new Incident(placed, correlation, this.journals).judge();
  }

  /** When a path was lost, by the nodes and by what the connections felt; by the reference's clock. */
  private losses: readonly Nanos[] = [];

  /** How closely each takeover is dated. */
  bounds(): readonly Bounds[] {
    this.dated ??= this.date();
    return this.dated;
  }

  private dated: readonly Bounds[] | null = null;

  private date(): Bounds[] {
    const { takeovers, stations } = this.correlation;
    if (takeovers.length === 0) return [];
    const nodes = [...new Set(stations.filter((s) => s.place === 'node' && s.node >= 0).map((s) => s.node))];
    return takeovers.map((t) =>
      boundsOf(
        t,
        this.during(t).map((leg) => this.crossing(leg)),
        nodes,
      ),
    );
  }

  /** The connections that were there while the path was gone: no other dates it. Of very many, some of each age. */
  private during({ lost, restored }: Takeover): JoinedLeg[] {
    const { flows, vantages } = this.correlation;
    const until = restored ?? Number.POSITIVE_INFINITY;
    const isThere = ({ vantage, watch }: FlowView): boolean => {
      const { clock, shift } = vantages[vantage] as CrossVantage;
      const { firstTime, lastTime } = watch.connection.flow;
      return clock.toReference(lastTime + shift) > lost && clock.toReference(firstTime + shift) < until;
    };
    const there = flows.flatMap((f) => f.legs.filter((leg) => leg.views.some(isThere)));
    const step = Math.ceil(there.length / MOST_DATING);
    return there.filter((_, i) => i % step === 0);
  }

  /** Unaffected, as far as a view that is not the client's can tell. */
  private withDoubt(f: IncidentFlow, opened: Opened): IncidentFlow {
    const { case: c, verdict, watch } = f.judged;
    const { stations } = this.correlation;
    const isClients = f.joined.legs.some((l) =>
      l.views.some(
        (v) => this.placed[v.vantage]?.place === 'client' && stations[v.vantage]?.guessed !== true,
      ),
    );
    const near = stations[f.vantage]?.guessed === true ? null : c.near;
    const unsure =
      this.tornDown(f) ??
      (isClients
        ? null
        : (unsureOf(c, isReplaced(c, opened), near) ??
          answeredLate(c, f.joined.legs, this.correlation.vantages)));
    if (unsure === null) return f;
    const doubted = { ...c, outcome: unsure.outcome };
    return { ...f, judged: { watch, case: doubted, verdict: unsureVerdict(doubted, unsure, verdict) } };
  }

  judgeUdp(): UdpFlowReport[] {
    const { ids } = this;
    return judgeUdp(
      this.placed.map((p, i) =>
        udpView(p, this.correlation.vantages[i], {
          clock: this.clocks[i] as ReportClock,
          ids,
          coveredUntil: this.coveredUntil(i),
        }),
      ),
    );
  }

  /** Closed shortly before a path was lost, and not by the ends: by the proxy itself, or short of what was promised. */
  private tornDown({ joined, judged, vantage }: IncidentFlow): Unsure | null {
    const own = this.correlation.vantages[vantage] as CrossVantage;
    const end = own.clock.toReference(judged.case.flow.lastTime + own.shift);
    const soon = this.losses.some((lost) => lost > end - SAME_MOMENT && lost < end + TEAR_DOWN);
    const [inner, outer] = joined.legs.map((l) => l.views[0]?.watch);
    if (inner !== undefined && outer !== undefined) return closedByProxy(judged.case, inner, outer, soon);
    return soon ? closedShort(judged.case) : null;
  }

  private lived({ judged, vantage }: IncidentFlow): Lived {
    const { flow } = judged.case;
    const cross = this.correlation.vantages[vantage] as CrossVantage;
    const at = (t: Nanos): Nanos => cross.clock.toReference(t + cross.shift);
    return { judged, from: at(flow.firstTime), to: at(flow.lastTime) };
  }

  /** Where the best view leaves the cause open, another one that sees the same outcome may settle it. */
  private askOthers(first: readonly IncidentFlow[], ranked: readonly (readonly View[])[]): IncidentFlow[] {
    const open = first.flatMap((f, i) => {
      const { verdict, case: c } = f.judged;
      const rest = (ranked[i] as readonly View[]).slice(1);
      // A node's view of a part of the connection is in the hops of an end's already; without one it may be all there is of a hang.
      const isMissed = c.outcome === 'unaffected' && c.near === null;
      const others = isMissed ? rest : rest.filter((v) => this.isEnds(v));
      const asked = c.outcome === 'unaffected' ? others.filter((v) => this.showsHarm(v)) : others;
      return verdict.cause === null && asked.length > 0 ? [{ i, others: asked }] : [];
    });
    if (open.length === 0) return [...first];
    const wanted = open.flatMap(({ others }) => others);
    const seen = new Map(this.judgeAll(wanted).map((f) => [f.judged.case.flow, f]));
    const settled = [...first];
    for (const { i, others } of open) {
      const own = first[i] as IncidentFlow;
      const decided = others
        .map((v) => seen.get(v.flow))
        .find(
          (f) =>
            f !== undefined &&
            (isMissedBy(own, f, this.correlation.vantages) ||
              (f.judged.verdict.cause !== null && agree(own, f, this.correlation.vantages))),
        );
      if (decided !== undefined) settled[i] = decided;
    }
    return settled;
  }

  private showsHarm({ vantage, flow }: View): boolean {
    const { named, place: where } = this.placed[vantage] as Placed;
    const watch = named.analysis.watches[flow.index];
    if (watch?.close?.how === 'RST') return true;
    if (isEnd(where)) return repeatedLong(watch, where === 'client' ? flow.client : flow.server);
    return repeatedLong(watch, flow.client) || repeatedLong(watch, flow.server);
  }

  private ranked(joined: JoinedFlow): View[] {
    const views = joined.legs.flatMap(({ views: own }, leg) =>
      own.map((v) => ({ joined, leg, vantage: v.vantage, flow: v.watch.connection.flow })),
    );
    const score = (v: View): number => {
      const { place: where } = this.placed[v.vantage] as Placed;
      // The client's leg is the flow; what the server sees of the other one comes after.
      return PLACE_SCORE[where] * 1e12 - v.leg * 2.5e12 + v.flow.frames;
    };
    return views.sort((a, b) => score(b) - score(a));
  }

  private judgeAll(views: readonly View[]): IncidentFlow[] {
    const byVantage = new Map<number, Set<Flow>>();
    for (const { vantage, flow } of views) {
      const known = byVantage.get(vantage);
      if (known === undefined) byVantage.set(vantage, new Set([flow]));
      else known.add(flow);
    }
    const judged = new Map<Flow, IncidentFlow>();
    for (const [vantage, wanted] of byVantage) {
      const { named, place: where } = this.placed[vantage] as Placed;
      const { analysis } = named;
      const flows = judgeCapture(
        {
          watches: analysis.watches,
          arrivals: analysis.arrivals,
          questions: questionsOf(analysis.udp.dnsRecords()),
          marks: analysis.marks,
          place: where,
          coveredUntil: this.coveredUntil(vantage),
          cross: this.crossSource(vantage),
        },
        (flow) => wanted.has(flow),
      );
      for (const one of flows) {
        const { joined } = this.home.get(one.case.flow) as { joined: JoinedFlow };
        judged.set(one.case.flow, {
          joined,
          vantage,
          judged: one,
          kind: this.kinds.get(joined) ?? 'unknown',
        });
      }
    }
    return views.flatMap((v) => judged.get(v.flow) ?? []);
  }

  /** By the vantage's own clock: the incident ends with the latest frame of any capture, unless this one demonstrably stopped before. */
  private coveredUntil(vantage: number): Nanos {
    const own = (this.placed[vantage] as Placed).named.analysis;
    const cross = this.correlation.vantages[vantage];
    const covered = own.coveredUntil ?? 0;
    if (cross === undefined || this.placed.length === 1) return covered;
    const all = cross.clock.fromReference(cross.coveredUntil) - cross.shift;
    return this.stoppedEarly(vantage) ? covered : Math.max(covered, all);
  }

  /** Frames went on toward this end after its capture's last one: the capture is what stopped. */
  private stoppedEarly(vantage: number): boolean {
    const { place: where, named } = this.placed[vantage] as Placed;
    const cross = this.correlation.vantages[vantage];
    if ((where !== 'client' && where !== 'server') || cross === undefined) return false;
    const { arrivals, coveredUntil } = named.analysis;
    const last = Math.max(
      arrivals.last('client')?.time ?? 0,
      arrivals.last('server')?.time ?? 0,
      coveredUntil ?? 0,
    );
    const at = cross.clock.toReference(last + cross.shift);
    const slack = 200_000_000 + (cross.clock.errorAt(last + cross.shift) ?? Number.POSITIVE_INFINITY);
    return this.correlation.forwarded.filter((b) => b.toward === where && b.from > at + slack).length >= 2;
  }

  private crossSource(vantage: number): CrossSource | null {
    const { vantages, takeovers, stations } = this.correlation;
    const own = vantages[vantage];
    if (own === undefined || this.correlation.strangers.has(vantage)) return null;
    if (this.placed.length === 1 && !(stations[0]?.place === 'node' && stations[0]?.side === undefined))
      return null;
    const local = (t: Nanos): Nanos => own.clock.fromReference(t) - own.shift;
    return {
      takeovers: takeovers.flatMap((t, i) =>
        !t.tied
          ? []
          : {
              lost: local(t.lost),
              lostFrame: t.lostFrame,
              restored: t.restored === null ? null : local(t.restored),
              restoredFrame: t.restoredFrame,
              vain: vainOf(t, this.bounds()[i], local),
            },
      ),
      of: (flow, from, to) => this.cross(flow, from, to, vantage),
    };
  }

  private cross(flow: Flow, from: Nanos, to: Nanos, vantage: number): Cross | null {
    const home = this.home.get(flow);
    const own = this.correlation.vantages[vantage];
    if (home === undefined || own === undefined) return null;
    const toReference = (t: Nanos): Nanos => own.clock.toReference(t + own.shift);
    const leg = home.joined.legs[home.leg] as JoinedLeg;
    const other = home.joined.legs.find((l) => l !== leg) ?? null;
    const hops = (l: JoinedLeg): Hops => this.hops(l, flow, toReference(from), toReference(to));
    return {
      hops: hops(leg),
      isGuess: this.correlation.stations[vantage]?.guessed === true,
      otherLeg: other === null ? null : hops(other),
      kind: this.kinds.get(home.joined) ?? 'unknown',
      population: null,
      journal: this.journals.flatMap((j) => j.events),
      toReference,
      fromReference: (t) => own.clock.fromReference(t) - own.shift,
      clockError: errorOfTwo(this.tellingClocks, toReference(from), toReference(to)),
      coveredUntil: own.coveredUntil,
      localTime: (v, t) => t + (this.correlation.vantages[v]?.shift ?? 0),
      base: this.correlation.base,
      links: this.links,
    };
  }

  private hops(leg: JoinedLeg, flow: Flow, since: Nanos, until: Nanos): Hops {
    return deriveHops({
      crossing: this.crossing(leg),
      takeovers: this.correlation.takeovers,
      firstActs: this.correlation.firstActs,
      since,
      until,
      nodes: nodesSeen(leg, this.correlation, { from: since, to: until }),
      heard: heardBy(leg, this.correlation),
      farTuples: farTuples(leg, this.correlation),
      links: this.links,
      ends: endsOf(this.correlation.stations),
      sure: endsOf(this.correlation.stations.filter((s) => s.guessed !== true)),
      wentOnElsewhere: wentOnElsewhere(leg, flow, this.correlation),
      closedSomewhere: closedSomewhere(leg, this.correlation),
    });
  }

  private crossing(leg: JoinedLeg): Crossing {
    const known = this.crossings.get(leg);
    if (known !== undefined) return known;
    const made = crossingOf(leg, this.correlation);
    this.crossings.set(leg, made);
    return made;
  }

  private clockOf({ named }: Placed, index: number): ReportClock {
    const { analysis } = named;
    if (this.placed.length === 1) return new ReportClock(analysis.origin, this.ids);
    const { base, vantages } = this.correlation;
    const own = vantages[index];
    if (own === undefined) return new ReportClock(analysis.origin, this.ids);
    return new ReportClock(base, this.ids, (t) => own.clock.toReference(t + own.shift));
  }
}

interface View {
  readonly joined: JoinedFlow;
  readonly leg: number;
  readonly vantage: number;
  readonly flow: Flow;
}

const isEnd = (where: Place): boolean => where === 'client' || where === 'server';
