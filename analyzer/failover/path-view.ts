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
import { Segment } from '../tcp/segment.ts';
import type { Arrivals, Toward } from './arrivals.ts';

export interface PathProof {
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly flow: Flow;
  readonly by: 'answered-probe' | 'other-flow' | 'own-data';
}

export interface PathView {
  /** The far side was heard by nobody from here on; null where others were heard throughout. */
  readonly lost: { time: Nanos; frame: FrameId } | null;
  /** First frame from the far side after that, of any flow; null where none came. */
  readonly back: PathProof | null;
  /** Latest unanswered SYN of another connection: the path was down at that time. */
  readonly downAt: { time: Nanos; frame: FrameId } | null;
  /** Other flows' frames came from the far side while this one was silent. */
  readonly othersHeard: { time: Nanos; frame: FrameId; flow: Flow } | null;
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

/** The path as seen during one stall; `near` is the end beside the capture, null where unknown. */
export function viewPath(
  stall: Stall,
  flow: Flow,
  near: EndIndex | null,
  arrivals: Arrivals,
  syns: readonly LostSyn[],
): PathView {
  const hears = near ?? stall.waiting;
  const toward: Toward = hears === flow.client ? 'client' : 'server';
  const until = stall.end ?? stall.start + stall.duration;
  const gap = gapOf(arrivals, toward, stall, until);
  const last = arrivals.last(toward);
  const silentToEnd = last !== null && last.time <= stall.start + ANSWER_WAIT;
  const back = firstProof(stall, flow, hears, gap);
  const lost =
    gap !== null ? { time: gap.from, frame: gap.lastFrame } : silentToEnd && last !== null ? last : null;
  const down = lastLostSyn(syns, flow, stall.start, back?.time ?? until);
  return {
    lost: lost === null ? null : { time: lost.time, frame: 'frame' in lost ? lost.frame : 0 },
    back,
    downAt: down === undefined ? null : { time: down.time, frame: down.frame },
    othersHeard:
      gap === null && !silentToEnd ? heardDuring(arrivals, toward, stall, flow) : afterGap(gap, flow, until),
  };
}

/** `syns` are in the order of time. */
function lastLostSyn(syns: readonly LostSyn[], flow: Flow, after: Nanos, until: Nanos): LostSyn | undefined {
  for (let i = syns.length - 1; i >= 0; i--) {
    const syn = syns[i] as LostSyn;
    if (syn.time <= after) return undefined;
    if (syn.time <= until && syn.flow !== flow) return syn;
  }
  return undefined;
}

/** The time in which nobody heard the far side, if the stall began in it or just before it. */
function gapOf(arrivals: Arrivals, toward: Toward, stall: Stall, until: Nanos) {
  for (const gap of arrivals.gaps(toward)) {
    if (gap.to <= stall.start || gap.from >= until) continue;
    if (gap.from <= stall.start + 2 * ANSWER_WAIT) return gap;
  }
  return null;
}

function firstProof(
  stall: Stall,
  flow: Flow,
  hears: EndIndex,
  gap: { to: Nanos; firstFrame: FrameId; firstFlow: Flow } | null,
): PathProof | null {
  const far = otherEnd(hears);
  const answered = answeredSinceLoss(stall, hears)[0]?.answer ?? null;
  const data =
    stall.endedBy === 'progress' && stall.ending !== null && stall.ending.sender === far
      ? stall.ending
      : null;
  const proofs: PathProof[] = [];
  if (answered !== null) proofs.push({ time: answered.time, frame: answered.id, flow, by: 'answered-probe' });
  if (gap !== null && gap.firstFlow !== flow) {
    proofs.push({ time: gap.to, frame: gap.firstFrame, flow: gap.firstFlow, by: 'other-flow' });
  }
  if (data !== null) proofs.push({ time: data.time, frame: data.id, flow, by: 'own-data' });
  return proofs.sort((a, b) => a.time - b.time)[0] ?? null;
}

function heardDuring(arrivals: Arrivals, toward: Toward, stall: Stall, flow: Flow) {
  const last = arrivals.last(toward);
  if (last === null || last.flow === flow || last.time <= stall.start + ANSWER_WAIT) return null;
  return { time: last.time, frame: last.frame, flow: last.flow };
}

function afterGap(gap: { to: Nanos; firstFrame: FrameId; firstFlow: Flow } | null, flow: Flow, until: Nanos) {
  if (gap === null || gap.firstFlow === flow || gap.to >= until) return null;
  return { time: gap.to, frame: gap.firstFrame, flow: gap.firstFlow };
}
