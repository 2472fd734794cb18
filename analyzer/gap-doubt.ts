/**
 * What a verdict would rest on, and no capture was running for: it is judged again by what else there is, and left open
 * where that does not tell the same.
 * The trap: a gap of the view itself takes its outcome with it; one of another vantage only what that one proved.
 */
import type { Nanos } from '../packet/time.ts';
import type { CaptureGap } from './capture/capture-gaps.ts';
import { gapsIn } from './capture/capture-gaps.ts';
import type { Correlation } from './correlate.ts';
import type { CrossVantage, Span } from './failover/crossing.ts';
import type { JournalEvent } from './failover/journal-event.ts';
import type { Placed } from './placed-vantage.ts';
import type { IncidentFlow } from './report/build-report.ts';
import type { JoinedFlow } from './vantage/legs.ts';
import type { Cross } from './verdict/case.ts';
import { type GapView, gapClaim, hidingGaps, openByGap } from './verdict/in-gap.ts';
import type { JudgedFlow } from './verdict/judge.ts';
import { TICK } from './verdict/way/node.ts';

export interface Judging {
  readonly placed: readonly Placed[];
  readonly correlation: Correlation;
  /** What the other ends' views say of a flow, by its index. */
  others(flow: number): readonly IncidentFlow[];
  /** All flows, without some of the vantages. */
  without(blind: ReadonlySet<number>): readonly IncidentFlow[];
}

/** What an incident casts before and behind it: announcements come before a loss is felt. */
const AROUND: Nanos = 2_000_000_000;

/** The same flows, and what the captures could not see left open. */
export function withGaps(judged: readonly IncidentFlow[], judging: Judging): IncidentFlow[] {
  const { placed, correlation } = judging;
  if (placed.every((p) => p.named.analysis.gaps.length === 0)) return [...judged];
  const incidents = incidentsOf(judged, correlation);
  const again = new Map<string, readonly IncidentFlow[]>();
  const without = (blind: readonly number[]): readonly IncidentFlow[] => {
    const key = blind.join();
    const made = again.get(key) ?? judging.without(new Set(blind));
    again.set(key, made);
    return made;
  };
  return judged.map((f, i) => {
    const view = viewOf(f, judging, incidents);
    const hiding = hidingGaps(f.judged, view);
    if (hiding.length > 0) return openHere(f, hiding, view, wholeViews(i, judging, incidents));
    const blind = blindDuring(f, i, judging);
    if (blind.length === 0) return f;
    return withoutBlind(f, blind, judging, without(blind.map((b) => b.vantage)));
  });
}

/** The views of ends that no gap takes anything from. */
const wholeViews = (flow: number, judging: Judging, incidents: readonly Span[]): JudgedFlow[] =>
  judging
    .others(flow)
    .filter((o) => hidingGaps(o.judged, viewOf(o, judging, incidents)).length === 0)
    .map((o) => o.judged);

/** Where another end tells the same, and it is nothing that the two ends may see otherwise, it stands. */
function openHere(
  f: IncidentFlow,
  hiding: readonly CaptureGap[],
  view: GapView,
  whole: readonly JudgedFlow[],
): IncidentFlow {
  const { case: c, verdict } = f.judged;
  const wentOn = c.outcome === 'resumed' || c.outcome === 'connect-delayed';
  const isSame = whole.some((o) => o.case.outcome === c.outcome && o.verdict.cause === verdict.cause);
  if (wentOn && isSame) return f;
  const others = whole.map((o) => o.verdict);
  return { ...f, judged: openByGap(f.judged, hiding, view, others) };
}

interface Blind {
  readonly vantage: number;
  readonly gaps: readonly CaptureGap[];
}

/** The other vantages that did not run for some of what the verdict rests on. */
function blindDuring({ judged, vantage: own }: IncidentFlow, flow: number, judging: Judging): Blind[] {
  const { placed, correlation } = judging;
  const { case: c } = judged;
  const { clock, shift } = correlation.vantages[own] as CrossVantage;
  if (c.main === null || c.outcome === 'unaffected' || correlation.strangers.has(own)) return [];
  const at = (t: Nanos): Nanos => clock.toReference(t + shift);
  const { start, duration } = c.main.stall;
  const takeover = c.cross?.hops.takeover ?? null;
  const from = Math.min(at(start), takeover?.lost ?? Number.POSITIVE_INFINITY) - AROUND;
  const to = Math.max(at(start + duration), takeover?.restored ?? 0) + AROUND;
  return placed.flatMap(({ named: { analysis } }, vantage): Blind[] => {
    if (vantage === own || correlation.strangers.has(vantage)) return [];
    const there = correlation.vantages[vantage] as CrossVantage;
    const local = (t: Nanos): Nanos => there.clock.fromReference(t) - there.shift;
    const gaps = gapsIn(analysis.gaps, local(from), local(to)).filter((gap) => {
      const [begin, end] = [gap.from, gap.to].map((t) =>
        Number.isFinite(t) ? there.clock.toReference(t + there.shift) : t,
      ) as [Nanos, Nanos];
      if (gap.atEnd && end - begin < LAST_MOMENT) return false;
      if (c.cross !== null && wasOutOfService(c.cross, vantage, placed[vantage] as Placed, gap)) return false;
      return !wasAtRest(flow, begin, end, judging);
    });
    return gaps.length === 0 ? [] : [{ vantage, gaps }];
  });
}

/** ns: what a node passed on so shortly before its adapter left it says nothing of the time without it. */
const LAST_MOMENT: Nanos = 500_000_000;
/** ns: from an end to a node, and what clocks may be apart. */
const ON_THE_WAY: Nanos = 50_000_000;

/**
 * By its journal, which goes back to before the gap, the node did not forward then: it had stopped or not yet begun, and said
 * nothing else until well after. What came and stayed there would only have been more of what it kept.
 */
function wasOutOfService(
  { journal, base, localTime }: Cross,
  vantage: number,
  { vantage: { host } }: Placed,
  { from, to }: CaptureGap,
): boolean {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return false;
  const epoch = (t: Nanos): bigint => base + BigInt(Math.round(localTime(vantage, t)));
  const [begin, end] = [epoch(from) - TICK, epoch(to) + TICK];
  const own = journal.filter((e) => e.node === host);
  const isOn = (e: JournalEvent): boolean => e.kind === 'forwarding-on' || e.role?.to === 'active';
  const words = own.filter((e) => isOn(e) || e.kind === 'forwarding-off');
  if (!words.some((e) => e.kind === 'forwarding-on') || !own.some((e) => e.until <= begin)) return false;
  if (words.some((e) => e.until > begin && e.from <= end)) return false;
  const before = words.findLast((e) => e.until <= begin);
  return before === undefined || !isOn(before);
}

/**
 * Both ends' own captures ran, and show no segment of the connection around that time: then none can have passed a node, and
 * whoever did not look at it then has missed nothing of it.
 */
function wasAtRest(
  flow: number,
  from: Nanos,
  to: Nanos,
  { placed, correlation }: Pick<Judging, 'placed' | 'correlation'>,
): boolean {
  const views = (correlation.flows[flow] as JoinedFlow).legs.flatMap((leg) => leg.views);
  const restsAt = (place: 'client' | 'server'): boolean =>
    views.some(({ vantage, watch }) => {
      if (correlation.stations[vantage]?.place !== place) return false;
      const { clock, shift } = correlation.vantages[vantage] as CrossVantage;
      const { analysis } = (placed[vantage] as Placed).named;
      const own = (t: Nanos): Nanos => (Number.isFinite(t) ? clock.fromReference(t) - shift : t);
      const [begin, end] = [own(from) - ON_THE_WAY, own(to) + ON_THE_WAY];
      if (gapsIn(analysis.gaps, begin, end).length > 0) return false;
      // A row that others were left out before reaches back to the one before it.
      const rows = analysis.trails.of(watch.connection.flow.index);
      return rows.every((row, i) => {
        const since = row.skippedBefore ? (rows[i - 1]?.time ?? Number.NEGATIVE_INFINITY) : row.time;
        return row.time < begin || since > end;
      });
    });
  return restsAt('client') && restsAt('server');
}

/** As the other vantages have it; what those that were blind added comes first among what is open. */
function withoutBlind(
  f: IncidentFlow,
  blind: readonly Blind[],
  { placed }: Judging,
  again: readonly IncidentFlow[],
): IncidentFlow {
  const { flow } = f.judged.case;
  const alt = again.find((o) => o.judged.case.flow === flow)?.judged;
  const { verdict, case: c } = f.judged;
  if (alt === undefined) return f;
  if (alt.verdict.cause === verdict.cause && verdict.cause !== null && alt.case.outcome === c.outcome)
    return f;
  const told = [...(verdict.cause === null ? [] : [verdict.cause]), ...verdict.candidates];
  const open = alt.verdict.candidates;
  const candidates =
    alt.verdict.cause === null ? [...new Set([...told.filter((id) => open.includes(id)), ...open])] : [];
  const claims = [
    ...blind.flatMap(({ vantage, gaps }) =>
      gaps.map((g) => gapClaim(g, nameOf(placed[vantage] as Placed), [])),
    ),
    ...alt.verdict.claims,
  ];
  return {
    ...f,
    judged: {
      ...alt,
      case: { ...alt.case, cross: c.cross },
      verdict: { ...alt.verdict, candidates, claims },
    },
  };
}

function viewOf({ vantage, judged }: IncidentFlow, judging: Judging, incidents: readonly Span[]): GapView {
  const placed = judging.placed[vantage] as Placed;
  const { analysis } = placed.named;
  const { clock, shift } = judging.correlation.vantages[vantage] as CrossVantage;
  const own = (t: Nanos): Nanos => (Number.isFinite(t) ? clock.fromReference(t) - shift : t);
  return {
    gaps: analysis.gaps,
    trail: analysis.gaps.length === 0 ? [] : analysis.trails.of(judged.case.flow.index),
    incidents: incidents.map(({ from, to }) => ({ from: own(from), to: own(to) })),
    name: nameOf(placed),
  };
}

const nameOf = ({ vantage: { host, side } }: Placed): string =>
  `the capture of ${host}${side === undefined ? '' : `.${side}`}`;

/** When paths were lost, as far as anything shows it; by the reference's clock. */
const incidentsOf = (judged: readonly IncidentFlow[], { takeovers, vantages }: Correlation): Span[] => [
  ...takeovers.map((t) => ({ from: t.lost, to: t.restored ?? Number.POSITIVE_INFINITY })),
  ...judged.flatMap(({ judged: { case: c }, vantage }) => {
    const { clock, shift } = vantages[vantage] as CrossVantage;
    if (c.main === null || c.outcome === 'unaffected') return [];
    const { start, duration } = c.main.stall;
    return [{ from: clock.toReference(start + shift), to: clock.toReference(start + duration + shift) }];
  }),
];
