/**
 * A connection whose view did not run while something may have happened to it: what its verdict would rest on is not
 * known, and that is what is said.
 * The trap: most gaps hide nothing. Numbers that go on after a gap where they stood before it show that nothing moved in
 * it, however long it was.
 */
import { type Nanos, seconds as secondsOf } from '../../packet/time.ts';
import type { CaptureGap } from '../capture/capture-gaps.ts';
import type { Span } from '../failover/crossing.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import type { Sighting } from '../flow/trail.ts';
import { CAUSE_IDS, type CauseId } from '../report/report.ts';
import { SHORTEST_SILENCE, type Silence, type SilenceWatch } from '../stall/silence.ts';
import { Segment } from '../tcp/segment.ts';
import type { Case } from './case.ts';
import type { Verdict } from './decide.ts';
import type { JudgedFlow } from './judge.ts';
import { inferred, type VerdictClaim } from './rule.ts';
import { splitBy } from './split-by.ts';
import { seconds } from './words.ts';

export interface GapView {
  readonly gaps: readonly CaptureGap[];
  /** The connection's segments around pauses. */
  readonly trail: readonly Sighting[];
  /** Known failovers, by the view's clock; where there are none, any gap may hide one. */
  readonly incidents: readonly Span[];
  /** `the capture of client`. */
  readonly name: string;
}

/** What an incident casts before and behind it. */
const AROUND: Nanos = secondsOf(1);
/** The first wait of an end whose peer it does not know yet (RFC 6298, 2). */
const FIRST_RTO: Nanos = secondsOf(1);

/** The gaps that may hide what became of the connection; mostly none. */
export function hidingGaps({ case: c, watch }: JudgedFlow, view: GapView): CaptureGap[] {
  return view.gaps.filter((gap) => {
    const pause = hiddenTime(gap, watch, view.trail) ?? explainedPause(gap, c);
    return pause !== null && isOfIncident(pause, c, view.incidents);
  });
}

/** The time without a segment that the gap lies in; null where it can hide nothing. */
function hiddenTime(gap: CaptureGap, watch: SilenceWatch, trail: readonly Sighting[]): Span | null {
  const { flow } = watch.connection;
  if (flow.firstTime >= gap.to) {
    return hidesBeginning(gap, watch) ? { from: gap.from, to: flow.firstTime } : null;
  }
  if (isClosed(watch) && flow.lastTime <= gap.from) return null;
  const pause = longestPause(gap, trail, flow.lastTime);
  if (pause === null || pause.to - pause.from < SHORTEST_SILENCE) return null;
  const silences = watch.everySilence.filter(
    (s) => s.start < gap.to && (s.end ?? Number.POSITIVE_INFINITY) > gap.from,
  );
  if (silences.length > 0) return silences.every((s) => stoodStill(s, gap)) ? null : pause;
  // At rest before and after: only a request whose first tries lie in the gap could have waited.
  const isLate = pause.to >= gap.to + 2 * (gap.to - gap.from) + FIRST_RTO;
  return isLate && Number.isFinite(pause.to) ? null : pause;
}

/** A stall that was found to be nobody's fault by what the capture shows of it. */
function explainedPause(gap: CaptureGap, { outcome, stalls }: Case): Span | null {
  if (outcome !== 'unaffected') return null;
  const spans = stalls.map(({ stall: { start, duration } }) => ({ from: start, to: start + duration }));
  return spans.find(({ from, to }) => from < gap.to && to > gap.from) ?? null;
}

/** A connection that is met in mid-stream, or whose first SYN may have been in the gap. */
function hidesBeginning(gap: CaptureGap, { connection: { flow, sides } }: SilenceWatch): boolean {
  if (sides[flow.client].syn !== flow.firstFrame || flow.firstFrame === NO_FRAME) return true;
  return flow.firstTime < gap.to + (gap.to - gap.from) + FIRST_RTO;
}

const isClosed = ({ close, connection: { sides } }: SilenceWatch): boolean =>
  close !== null || sides.every((s) => s.fin !== NO_FRAME);

/** The longest time between two segments that has a moment in common with the gap. */
function longestPause(gap: CaptureGap, trail: readonly Sighting[], lastTime: Nanos): Span | null {
  const pauses = trail.flatMap((row, i): Span[] => {
    const before = trail[i - 1];
    return before === undefined || row.skippedBefore ? [] : [{ from: before.time, to: row.time }];
  });
  const touching = [...pauses, { from: lastTime, to: Number.POSITIVE_INFINITY }].filter(
    ({ from, to }) => from < gap.to && to > gap.from,
  );
  return touching.reduce<Span | null>((a, b) => (a === null || b.to - b.from > a.to - a.from ? b : a), null);
}

/** The numbers after the gap are those from before it: nothing had moved. */
function stoodStill({ endedBy, ending, events, owed }: Silence, gap: CaptureGap): boolean {
  const after = events.filter((e) => e.time >= gap.to && e.icmp < 0);
  const told = ending === null ? after : [...after, ending];
  if (told.some((e) => (e.bits & (Segment.AckUnseen | Segment.Ahead)) !== 0)) return false;
  if (after.some((e) => (e.bits & Segment.Rst) === 0)) return true;
  return endedBy === 'progress' && owed.what !== 'nothing';
}

function isOfIncident(pause: Span, c: Case, incidents: readonly Span[]): boolean {
  const own =
    c.outcome === 'unaffected'
      ? []
      : c.stalls.map(({ stall }) => ({ from: stall.start, to: stall.start + stall.duration }));
  const all = [...incidents, ...own];
  return all.length === 0 || all.some((s) => pause.from < s.to + AROUND && pause.to > s.from - AROUND);
}

/** What it may have been where the connection went on after all, as often as it happens. */
const WENT_ON: readonly CauseId[] = [
  'capture-gap',
  'rto-backoff',
  'outage',
  'stale-path',
  'midstream-pickup',
  'syn-backoff',
  'application-idle',
  'zero-window',
  'loss',
];
/** Candidates of a judgement that knew nothing of the gap. */
const FEW = 6;

/** The same with a verdict that names all it may have been, and why that is not told. */
export function openByGap(
  judged: JudgedFlow,
  gaps: readonly CaptureGap[],
  view: GapView,
  others: readonly Verdict[] = [],
): JudgedFlow {
  const { watch, verdict } = judged;
  const c: Case = { ...judged.case, outcome: 'undecided' };
  const last = gaps.reduce((t, g) => Math.max(t, g.to), 0);
  const wentOn = !isClosed(watch) && c.flow.lastTime > last;
  const told = [verdict, ...others].flatMap((v) => [...(v.cause === null ? [] : [v.cause]), ...v.candidates]);
  const all = CAUSE_IDS.filter((id) => id !== 'udp-mapping');
  const candidates = [...new Set([...told.slice(0, FEW), ...(wentOn ? WENT_ON : []), ...told, ...all])];
  const shown = verdict.claims.filter((claim) => claim.kind === 'observed');
  return {
    watch,
    case: c,
    verdict: {
      ...verdict,
      cause: null,
      candidates,
      contributing: [],
      confidence: 'low',
      claims: [...gaps.map((gap) => gapClaim(gap, view.name, framesAround(gap, view.trail))), ...shown],
      ruledOut: [{ cause: 'udp-mapping', because: 'this is a TCP connection' }],
      splitBy: splitBy(c, candidates),
    },
  };
}

/** The connection's last segment before a gap, and its first after it. */
function framesAround(gap: CaptureGap, trail: readonly Sighting[]): FrameId[] {
  const around = [trail.findLast((r) => r.time <= gap.from), trail.find((r) => r.time >= gap.to)];
  return around.flatMap((r) => (r === undefined ? [] : [r.id]));
}

/** What a capture cannot tell, and why. `name` is as in `GapView`. */
export function gapClaim(gap: CaptureGap, name: string, frames: readonly FrameId[]): VerdictClaim {
  const how = gap.packets === null ? `${name} did not run` : `${name} lost ${gap.packets} packets`;
  const long = Number.isFinite(gap.to) ? `in ${seconds(gap.to - gap.from)}` : 'to its end';
  return inferred(`${how} ${long} of it (${gap.why}): what passed there then is not told`, [...frames]);
}
