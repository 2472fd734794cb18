/**
 * What a capture shows of the path itself during a stall: when the far side
 * was last heard by anybody, the first proof that the path works again, and
 * the last proof that it did not.
 * The trap: a flow that is silent among others that move says nothing about
 * the path; and only a *new* connection's unanswered SYN speaks of the path
 * alone, because an old connection's probe may be dropped for want of state.
 */
import type { Nanos } from '../../packet/time.ts';
import { type EndIndex, type Flow, otherEnd } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';
import { ANSWER_WAIT, answeredSinceLoss, type Stall } from '../stall/stall.ts';
import type { Connection } from '../tcp/connection.ts';
import { Segment } from '../tcp/segment.ts';
import type { ArrivalGap, Arrivals, Toward } from './arrivals.ts';
import { lastLostQuestion, type Questions } from './lost-questions.ts';

export interface PathProof {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly flow: Flow;
  /** `node`: a node's own capture shows it in the path. */
  readonly by: 'answered-probe' | 'other-flow' | 'own-data' | 'node';
}

export interface PathView {
  /** The far side was heard by nobody from here on; null where others were heard throughout. */
  readonly lost: { time: Nanos; frame: FrameId } | null;
  /** First frame from the far side after that, of any flow over the same path; null where none came. */
  readonly back: PathProof | null;
  /** Latest unanswered SYN of another connection to the same server: the path to it was down at that time. */
  readonly downAt: { time: Nanos; frame: FrameId } | null;
  /** Of a connection that was being opened: an unanswered SYN of another one to the same server that still waited when its own was sent. */
  readonly downBefore: { time: Nanos; frame: FrameId } | null;
  /** Latest of the DNS questions to the same server that went unanswered in a row until the path was back. */
  readonly askedInVain: { time: Nanos; frame: FrameId } | null;
  /** Latest unanswered SYN of another connection to the same server after the path was back: not all that is new passes. */
  readonly downAgain: { time: Nanos; frame: FrameId } | null;
  /** The last segment of any connection that reached no node before the path was back, by the ends' own captures. */
  readonly vain?: { readonly time: Nanos; readonly frame: FrameId } | null;
  /** Another connection over the same path was heard while this one was silent. */
  readonly othersHeard: Heard | null;
  /** Another connection over the same path was heard after the stall began, if only after its end. */
  readonly heardSince: Heard | null;
}

export interface Heard {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly flow: Flow;
}

/** The two connections over each path whose far end was heard last. */
export type LastHeard = ReadonlyMap<string, readonly Heard[]>;

/**
 * What two connections must share to go over one path: the server, or the next
 * hop that hands over the frames of its far end. A host that was never heard
 * shares neither.
 */
export type PathKeys = (flow: Flow) => readonly string[];

export const pathKeys =
  (connections: readonly Connection[], far: (flow: Flow) => EndIndex): PathKeys =>
  (flow) => {
    const mac = connections[flow.index]?.sides[far(flow)].mac ?? -1;
    const server = flow.addressOf(flow.server);
    return mac < 0 ? [server] : [server, `hop ${mac}`];
  };

/** By path, the newest first. `far` names the end whose frames come over the path. */
export function lastHeard(
  connections: readonly Connection[],
  far: (flow: Flow) => EndIndex,
  keys: PathKeys,
): LastHeard {
  const byPath = new Map<string, Heard[]>();
  for (const { flow, sides } of connections) {
    const side = sides[far(flow)];
    if (!side.seen) continue;
    const heard = { time: side.lastTime, frame: side.lastFrame, flow };
    for (const key of keys(flow)) {
      const known = byPath.get(key);
      if (known === undefined) byPath.set(key, [heard]);
      else insertNewest(known, heard);
    }
  }
  return byPath;
}

/** Keeps the two newest, in their order; of equals the one that came first. */
function insertNewest(known: Heard[], heard: Heard): void {
  const [first, second] = known;
  if (first !== undefined && heard.time > first.time) {
    known[1] = first;
    known[0] = heard;
  } else if (second === undefined || heard.time > second.time) {
    known[1] = heard;
  }
}

/** A SYN that nobody answered, of any flow. The flow's own SYNs say nothing about an older connection's path. */
export interface LostSyn {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly flow: Flow;
}

/** All unanswered SYNs of a flow's handshake stalls. */
export function lostSyns(flow: Flow, stalls: readonly Stall[]): LostSyn[] {
  const found: LostSyn[] = [];
  for (const stall of stalls) {
    if (stall.what !== 'handshake') continue;
    const until = stall.end ?? stall.start + stall.duration;
    const sent = [
      { time: stall.start, id: stall.startFrame },
      ...stall.events.filter((e) => (e.bits & Segment.Syn) !== 0),
    ];
    for (const syn of sent) {
      if (until - syn.time >= ANSWER_WAIT) found.push({ time: syn.time, frame: syn.id, flow });
    }
  }
  return found;
}

/** What viewPath looks at beside the stall itself. */
export interface PathSources {
  readonly arrivals: Arrivals;
  /** In the order of time. */
  readonly syns: readonly LostSyn[];
  readonly questions: Questions;
  readonly lastHeard: LastHeard;
  readonly keys: PathKeys;
}

/** The path as seen during one stall; `near` is the end beside the capture, null where unknown. */
export function viewPath(stall: Stall, flow: Flow, near: EndIndex | null, sources: PathSources): PathView {
  const { arrivals, syns } = sources;
  const hears = near ?? stall.waiting;
  const toward: Toward = hears === flow.client ? 'client' : 'server';
  const until = stall.end ?? stall.start + stall.duration;
  const gap = gapOf(arrivals, toward, stall, until);
  const last = arrivals.last(toward);
  // To the end of the capture, and long enough that somebody would have been heard.
  const silentToEnd =
    last !== null && last.time <= stall.start + ANSWER_WAIT && until - last.time >= ANSWER_WAIT;
  const same = (other: Flow): boolean => sources.keys(other).some((key) => sources.keys(flow).includes(key));
  const back = firstProof(stall, flow, hears, gap !== null && same(gap.firstFlow) ? gap : null);
  const lost = gap !== null ? { time: gap.from, frame: gap.lastFrame } : silentToEnd ? last : null;
  const since = heardAfter(stall.start + ANSWER_WAIT, flow, sources);
  const inGap = gap !== null && gap.to < until && gap.firstFlow !== flow && same(gap.firstFlow);
  return {
    lost: lost === null ? null : { time: lost.time, frame: lost.frame },
    back,
    downAt: lastLostSyn(syns, flow, stall.start, back?.time ?? until),
    downBefore:
      stall.what === 'handshake' ? lastLostSyn(syns, flow, stall.start - ANSWER_WAIT, stall.start) : null,
    askedInVain: lastLostQuestion(
      sources.questions.get(flow.addressOf(flow.server)) ?? [],
      stall.start,
      back?.time ?? until,
    ),
    downAgain: back === null ? null : lastLostSyn(syns, flow, back.time, until),
    othersHeard: inGap
      ? { time: gap.to, frame: gap.firstFrame, flow: gap.firstFlow }
      : since !== null && since.time <= until
        ? since
        : null,
    heardSince: since,
  };
}

const isSameServer = (a: Flow, b: Flow): boolean => a.addressOf(a.server) === b.addressOf(b.server);

function heardAfter(time: Nanos, flow: Flow, { lastHeard: heard, keys }: PathSources): Heard | null {
  const known = keys(flow).flatMap((key) => heard.get(key) ?? []);
  return known.find((h) => h.flow !== flow && h.time > time) ?? null;
}

/** The first lost SYN after `time`, by binary search. */
function firstAfter(syns: readonly LostSyn[], time: Nanos): number {
  let low = 0;
  let high = syns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((syns[middle] as LostSyn).time > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** So many SYNs of this very flow or to other servers are passed over at most, so that a flood costs no more than a look. */
const MOST_PASSED = 64;

function lastLostSyn(
  syns: readonly LostSyn[],
  flow: Flow,
  after: Nanos,
  until: Nanos,
): { time: Nanos; frame: FrameId } | null {
  const from = firstAfter(syns, until) - 1;
  for (let i = from; i >= 0 && i > from - MOST_PASSED; i--) {
    const syn = syns[i] as LostSyn;
    if (syn.time <= after) return null;
    if (syn.flow !== flow && isSameServer(syn.flow, flow)) return { time: syn.time, frame: syn.frame };
  }
  return null;
}

/** The time in which nobody heard the far side, if the stall began in it or just before it. */
function gapOf(arrivals: Arrivals, toward: Toward, stall: Stall, until: Nanos): ArrivalGap | null {
  const gap = arrivals.firstGapEndingAfter(toward, stall.start);
  if (gap === null || gap.from >= until || gap.from > stall.start + 2 * ANSWER_WAIT) return null;
  return gap;
}

function firstProof(stall: Stall, flow: Flow, hears: EndIndex, gap: ArrivalGap | null): PathProof | null {
  const answered = answeredSinceLoss(stall, hears)[0]?.answer ?? null;
  const proofs: PathProof[] = [];
  if (answered !== null) proofs.push({ time: answered.time, frame: answered.id, flow, by: 'answered-probe' });
  if (gap !== null && gap.firstFlow !== flow) {
    proofs.push({ time: gap.to, frame: gap.firstFrame, flow: gap.firstFlow, by: 'other-flow' });
  }
  const { ending } = stall;
  // Progress needs both directions; an RST of the far end came over the path as well.
  const shows =
    stall.endedBy === 'progress' || (stall.endedBy === 'close' && ending?.sender === otherEnd(hears));
  if (ending !== null && shows) proofs.push({ time: ending.time, frame: ending.id, flow, by: 'own-data' });
  return proofs.sort((a, b) => a.time - b.time)[0] ?? null;
}
