/**
 * From the facts of one capture to a case and a verdict for each of its flows.
 * Flows that never stood still and were not cut off get neither: they are
 * unaffected, and cost nothing here.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { ArrivalGap, Arrivals } from '../failover/arrivals.ts';
import type { Mark, Marks } from '../failover/marks.ts';
import { lastHeard, lostSyns, type PathSources, pathKeys, viewPath } from '../failover/path-view.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import type { SilenceWatch } from '../stall/silence.ts';
import { findStalls, type Stall } from '../stall/stall.ts';
import type { Place } from '../vantage/vantage.ts';
import type { Case, JudgedStall } from './case.ts';
import { decide, Reasons, type Verdict } from './decide.ts';
import { deriveFacts } from './facts.ts';
import { findInnocent, roundTrip, tryingIn } from './innocent.ts';
import { decideOutcome } from './outcome.ts';

export interface CaptureFacts {
  readonly watches: readonly SilenceWatch[];
  readonly arrivals: Arrivals;
  readonly marks: Marks;
  readonly place: Place;
  readonly coveredUntil: Nanos;
}

export interface JudgedFlow {
  readonly watch: SilenceWatch;
  readonly case: Case;
  readonly verdict: Verdict;
}

/** An outage is among the longest silences of a capture; looking at more of them tells nothing new. */
const MOST_SHARED = 32;
/** A mark this long before a stall may still belong to it: announcements come before the loss is felt. */
const MARK_BEFORE: Nanos = seconds(2);

/** Judges every flow of a capture. */
export function judgeCapture(facts: CaptureFacts): JudgedFlow[] {
  const stalls = facts.watches.map((w) => findStalls(w, facts.coveredUntil));
  const syns = facts.watches
    .flatMap((w, i) => lostSyns(w.connection.flow, stalls[i] as Stall[]))
    .sort((a, b) => a.time - b.time);
  const sharedGaps = findSharedGaps(facts, stalls);
  const connections = facts.watches.map((w) => w.connection);
  const far = (flow: Flow): EndIndex => (facts.place === 'server' ? flow.client : flow.server);
  const keys = pathKeys(connections, far);
  const sources = { arrivals: facts.arrivals, syns, keys, lastHeard: lastHeard(connections, far, keys) };
  const reasons = new Reasons();
  return facts.watches.map((watch, i) =>
    judgeFlow(facts, watch, stalls[i] as Stall[], sources, sharedGaps, reasons),
  );
}

function judgeFlow(
  facts: CaptureFacts,
  watch: SilenceWatch,
  stalls: readonly Stall[],
  sources: PathSources,
  sharedGaps: readonly ArrivalGap[],
  reasons: Reasons,
): JudgedFlow {
  const flow = watch.connection.flow;
  const near = nearEnd(facts.place, flow);
  const rtt = roundTrip(watch);
  const judged = stalls.map((stall): JudgedStall => {
    const shared = sharedGaps.some((gap) => overlaps(gap, stall));
    const trying = tryingIn(stall, near, rtt, shared, marksIn(facts.marks, stall, flow));
    return {
      stall,
      innocent: findInnocent(stall, watch, trying, rtt),
      trying,
      path: viewPath(stall, flow, near, sources),
    };
  });
  const { outcome, main } = decideOutcome(watch, judged, near);
  const c: Case = {
    flow,
    watch,
    stalls: judged,
    main,
    outcome,
    near,
    coveredUntil: facts.coveredUntil,
    marks: main === null ? [] : marksIn(facts.marks, main.stall, flow),
    facts: deriveFacts(watch, judged, main, near),
  };
  return { watch, case: c, verdict: decide(c, reasons) };
}

function nearEnd(place: Place, flow: Flow): EndIndex | null {
  if (place === 'client') return flow.client;
  return place === 'server' ? flow.server : null;
}

function marksIn(marks: Marks, stall: Stall, flow: Flow): Mark[] {
  const until = stall.end ?? stall.start + stall.duration;
  return marks.found.filter(
    (m) =>
      m.time >= stall.start - MARK_BEFORE &&
      m.time <= until &&
      (m.flow === null || m.flow === flow || m.strong),
  );
}

/** Times in which nobody heard the far side while at least two flows waited for it. */
function findSharedGaps(facts: CaptureFacts, stalls: readonly (readonly Stall[])[]): ArrivalGap[] {
  const shared: ArrivalGap[] = [];
  const waiting = stalls
    .map((own, i) => waitingOf(own, facts.watches[i] as SilenceWatch, facts.place))
    .filter((own) => own.length > 0);
  for (const toward of ['client', 'server'] as const) {
    if (facts.place === 'client' && toward === 'server') continue;
    if (facts.place === 'server' && toward === 'client') continue;
    const longest = [...facts.arrivals.gaps(toward)]
      .sort((a, b) => b.to - b.from - (a.to - a.from))
      .slice(0, MOST_SHARED);
    for (const gap of longest) if (touchesTwo(gap, waiting)) shared.push(gap);
  }
  return shared;
}

interface Waiting {
  readonly stall: Stall;
  /** Its own segments show that somebody tried in vain. */
  readonly hard: boolean;
}

function waitingOf(stalls: readonly Stall[], watch: SilenceWatch, place: Place): Waiting[] {
  const near = nearEnd(place, watch.connection.flow);
  const rtt = roundTrip(watch);
  return stalls
    .filter((s) => s.kind === 'waiting')
    .map((stall) => ({ stall, hard: tryingIn(stall, near, rtt, false, []).length > 0 }));
}

/** Idle connections are silent together as well: at least one must be shown to have tried in vain. */
function touchesTwo(gap: ArrivalGap, waiting: readonly (readonly Waiting[])[]): boolean {
  let flows = 0;
  let hard = false;
  for (const own of waiting) {
    const here = own.filter((w) => overlaps(gap, w.stall));
    if (here.length > 0) flows += 1;
    hard ||= here.some((w) => w.hard);
    if (flows >= 2 && hard) return true;
  }
  return false;
}

/** They share at least half of the shorter one: a stall that only touches a gap is another matter. */
function overlaps(gap: ArrivalGap, stall: Stall): boolean {
  const until = stall.end ?? stall.start + stall.duration;
  const common = Math.min(gap.to, until) - Math.max(gap.from, stall.start);
  return common > 0 && common >= 0.5 * Math.min(gap.to - gap.from, until - stall.start);
}
