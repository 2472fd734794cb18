/**
 * From the facts of one capture to a case and a verdict for each of its flows.
 * Flows that never stood still and were not cut off get neither: they are
 * unaffected, and cost nothing here.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import type { ArrivalGap, Arrivals } from '../failover/arrivals.ts';
import type { Questions } from '../failover/lost-questions.ts';
import type { Mark, Marks } from '../failover/marks.ts';
import {
  lastHeard,
  lostSyns,
  type PathSources,
  type PathView,
  pathKeys,
  viewPath,
} from '../failover/path-view.ts';
import type { EndIndex, Flow } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from '../stall/silence.ts';
import { findStalls, type Stall } from '../stall/stall.ts';
import type { Place } from '../vantage/vantage.ts';
import type { Case, Cross, JudgedStall } from './case.ts';
import { decide, Reasons, type Verdict } from './decide.ts';
import { deriveFacts } from './facts.ts';
import { findInnocent, roundTrip, tryingIn } from './innocent.ts';
import { decideOutcome } from './outcome.ts';
import type { Population } from './population.ts';
import { unheededHere, unheededThere } from './unheeded.ts';
import { idleAtSource } from './way/resumed.ts';

export interface CaptureFacts {
  readonly watches: readonly SilenceWatch[];
  readonly arrivals: Arrivals;
  readonly questions: Questions;
  readonly marks: Marks;
  readonly place: Place;
  readonly coveredUntil: Nanos;
  /** What other vantages add; null where there are none. */
  readonly cross?: CrossSource | null;
}

/** A takeover by this capture's clock. */
export interface LocalTakeover {
  readonly lost: Nanos;
  readonly lostFrame: FrameId;
  readonly restored: Nanos | null;
  readonly restoredFrame: FrameId | null;
  /** The last that reached no node before that; null where nobody sent anything. */
  readonly vain: { readonly time: Nanos; readonly frame: FrameId } | null;
}

/** Answers for any flow of the capture what other vantages show of it. */
export interface CrossSource {
  readonly takeovers: readonly LocalTakeover[];
  /** Of one flow in a time by this capture's clock; null where no other view helps. */
  of(flow: Flow, from: Nanos, to: Nanos): Cross | null;
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

/** Judges every flow of a capture, or only those that are wanted. */
export function judgeCapture(
  facts: CaptureFacts,
  isWanted: (flow: Flow) => boolean = () => true,
): JudgedFlow[] {
  const stalls = facts.watches.map((w) => findStalls(w, facts.coveredUntil));
  const syns = facts.watches
    .flatMap((w, i) => lostSyns(w.connection.flow, stalls[i] as readonly Stall[]))
    .sort((a, b) => a.time - b.time);
  const sharedGaps = findSharedGaps(facts, stalls);
  const connections = facts.watches.map((w) => w.connection);
  const far = (flow: Flow): EndIndex => (facts.place === 'server' ? flow.client : flow.server);
  const keys = pathKeys(connections, far);
  const { arrivals, questions } = facts;
  const sources = { arrivals, syns, questions, keys, lastHeard: lastHeard(connections, far, keys) };
  const reasons = new Reasons();
  const refusals = refusedOpenings(facts.watches);
  return facts.watches.flatMap((watch, i) =>
    isWanted(watch.connection.flow)
      ? [judgeFlow(facts, watch, stalls[i] as readonly Stall[], sources, sharedGaps, refusals, reasons)]
      : [],
  );
}

/** The same case once more, now that the others were judged as well. */
export function judgeAgain(judged: JudgedFlow, population: Population): JudgedFlow {
  const { cross } = judged.case;
  if (cross === null) return judged;
  const known: Case = { ...judged.case, cross: { ...cross, population } };
  const c = isPeerGone(known) ? { ...known, outcome: 'hung' as const } : known;
  return { watch: judged.watch, case: c, verdict: decide(c) };
}

/**
 * Who waits for a proxy that was on the old node, and has nothing to send, never learns that it is gone. The new node's proxy
 * knows none of the old connections, by those that asked it: so this one waits for ever.
 */
function isPeerGone({ outcome, main, cross }: Case): boolean {
  if (outcome !== 'undecided' || main === null || cross?.kind !== 'terminated') return false;
  const { stall } = main;
  const takeover = cross.hops.takeover ?? cross.hops.earlier.at(-1);
  if (stall.end !== null || stall.what === 'handshake' || stall.what === 'unseen') return false;
  if (takeover?.restored == null || cross.coveredUntil < takeover.restored + SHORTEST_SILENCE) return false;
  if (cross.toReference(stall.start) > takeover.restored || cross.hops.wentOnElsewhere) return false;
  // Back at the old node it may go on.
  if (cross.hops.later.length > 0) return false;
  const asked = cross.population?.old.filter((m) => m.proxied) ?? [];
  return asked.some((m) => m.refused) && !asked.some((m) => m.passed || m.outcome === 'resumed');
}

function judgeFlow(
  facts: CaptureFacts,
  watch: SilenceWatch,
  stalls: readonly Stall[],
  sources: PathSources,
  sharedGaps: readonly ArrivalGap[],
  refusals: Refusals,
  reasons: Reasons,
): JudgedFlow {
  const flow = watch.connection.flow;
  const near = nearEnd(facts.place, flow);
  const rtt = stalls.length === 0 ? null : roundTrip(watch);
  const crossOf = (stall: Stall): Cross | null =>
    facts.cross?.of(flow, stall.start, stall.end ?? Math.max(facts.coveredUntil, stall.start)) ?? null;
  const judged = stalls.map((stall): JudgedStall => {
    const shared = sharedGaps.some((gap) => overlaps(gap, stall));
    const trying = tryingIn(stall, near, rtt, shared, marksIn(facts.marks, stall, flow));
    const alone: JudgedStall = {
      stall,
      innocent: unheededHere(stall, watch, near) ?? findInnocent(stall, watch, trying, { rtt, near }),
      trying,
      path: withNodes(viewPath(stall, flow, near, sources), stall, flow, facts.cross ?? null),
    };
    const asks = trying.length === 0 || stall.what === 'handshake';
    const cross = alone.innocent === null && asks ? crossOf(stall) : null;
    if (cross === null) return alone;
    return { ...alone, innocent: unheededThere(stall, flow, cross) ?? idleAtSource(alone, flow, cross) };
  });
  const { outcome, main } = decideOutcome(watch, judged, near, crossOf);
  const c: Case = {
    flow,
    watch,
    stalls: judged,
    main,
    outcome,
    near,
    coveredUntil: facts.coveredUntil,
    refusedOpening: main === null ? null : refusedSince(refusals, flow, main.stall),
    marks: main === null ? [] : marksIn(facts.marks, main.stall, flow),
    facts: deriveFacts(watch, judged, main, near),
    cross: main === null ? null : crossOf(main.stall),
  };
  return { watch, case: c, verdict: decide(c, reasons) };
}

/** A proof that comes with the very segment that the flow went on with says no more than that segment. */
const ONE_PASSAGE: Nanos = seconds(0.2);

/** The path as the nodes' own captures show it, where they show more. */
function withNodes(own: PathView, stall: Stall, flow: Flow, cross: CrossSource | null): PathView {
  let path = own;
  const until = stall.end ?? stall.start + stall.duration;
  const takeover = cross?.takeovers.find(
    (t) => t.lost <= until && (t.restored ?? until) >= stall.start - MARK_BEFORE,
  );
  if (takeover === undefined) return path;
  const { restored, restoredFrame } = takeover;
  const lost = { time: takeover.lost, frame: takeover.lostFrame };
  path = { ...path, vain: takeover.vain };
  if (restored === null || restoredFrame === null || restored > until) return { ...path, lost };
  const isOwn = stall.end !== null && stall.end - restored < ONE_PASSAGE;
  if (isOwn || (path.back !== null && path.back.time <= restored)) return { ...path, lost };
  const back = { time: Math.max(restored, stall.start), frame: restoredFrame, flow, by: 'node' as const };
  // What went unanswered since then speaks of what the new node lets pass, not of the path.
  const isSince = path.downAt !== null && path.downAt.time > back.time;
  const down = isSince ? { downAt: null, downAgain: path.downAgain ?? path.downAt } : {};
  return { ...path, lost, back, ...down };
}

/** The newest SYN to each service that was answered by an RST. */
type Refusals = ReadonlyMap<string, { readonly time: Nanos; readonly frame: FrameId; readonly flow: Flow }>;

function refusedOpenings(watches: readonly SilenceWatch[]): Refusals {
  const found = new Map<string, { time: Nanos; frame: FrameId; flow: Flow }>();
  for (const { connection, close } of watches) {
    const { flow, sides } = connection;
    const refused =
      sides[flow.client].syn !== NO_FRAME && sides[flow.server].syn === NO_FRAME && close?.how === 'RST';
    if (!refused || close.by !== flow.server) continue;
    const known = found.get(serviceOf(flow));
    if (known === undefined || known.time < close.event.time) {
      found.set(serviceOf(flow), { time: close.event.time, frame: close.event.id, flow });
    }
  }
  return found;
}

const serviceOf = (flow: Flow): string => `${flow.addressOf(flow.server)} ${flow.port[flow.server]}`;

function refusedSince(refusals: Refusals, flow: Flow, stall: Stall): FrameId | null {
  const newest = refusals.get(serviceOf(flow));
  return newest !== undefined && newest.flow !== flow && newest.time > stall.start ? newest.frame : null;
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

const NOBODY: readonly Waiting[] = [];

function waitingOf(stalls: readonly Stall[], watch: SilenceWatch, place: Place): readonly Waiting[] {
  if (stalls.length === 0) return NOBODY;
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
