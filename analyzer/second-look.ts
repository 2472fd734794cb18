/**
 * When the view of the other end counts for more: it saw the same and knows
 * the cause, or the server's own capture shows what its client could not.
 */
import { seqDistance } from '../packet/seq.ts';
import type { Nanos } from '../packet/time.ts';
import type { FlowView } from './correlate.ts';
import type { CrossVantage } from './failover/crossing.ts';
import type { EndIndex } from './flow/flow.ts';
import { sentUntil } from './other-views.ts';
import type { IncidentFlow } from './report/build-report.ts';
import type { SegmentEvent } from './stall/segment-event.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from './stall/silence.ts';
import { Segment } from './tcp/segment.ts';
import type { Case } from './verdict/case.ts';

/**
 * A node sees no more of a connection once another passes it on, and nothing of the reset that this other answers with.
 * To a client that only listens, a pause in a short answer of unknown length, or between events, looks like its end. The
 * server's own capture shows that it was repeating in vain meanwhile, to the end where nothing came through any more.
 */
export function isMissedBy(
  own: IncidentFlow,
  other: IncidentFlow,
  vantages: readonly CrossVantage[],
): boolean {
  const { main, outcome } = other.judged.case;
  if (!showsNothing(own.judged.case)) return false;
  // Whose reset it was, and whether it harmed anybody, is for the view that has it to say.
  if (other.judged.watch.close?.how === 'RST') return isResetSince(own, other);
  if (main === null || main.stall.ladder?.by !== main.stall.owedBy) return false;
  return outcome === 'resumed' || (outcome === 'hung' && !isHeardSince(own, other, vantages));
}

/** A connection that nobody ended here, and a reset where no less had come of what either end sent. */
function isResetSince(own: IncidentFlow, other: IncidentFlow): boolean {
  const [here, there] = [viewOf(own), viewOf(other)];
  if (own.judged.watch.close !== null || here === null || there === null) return false;
  return (['client', 'server'] as const).every((of) => {
    const [hereNext, thereNext] = [sentUntil(here, of), sentUntil(there, of)];
    if (thereNext === null) return true;
    return hereNext === null || seqDistance(thereNext, hereNext) >= 0;
  });
}

/** The other's capture may have stopped, and the connection gone on: what repeated there was heard here later. */
function isHeardSince(own: IncidentFlow, other: IncidentFlow, vantages: readonly CrossVantage[]): boolean {
  const from = beginOf(other, vantages);
  const here = vantages[own.vantage];
  const { main, flow } = other.judged.case;
  if (here === undefined || main === null) return true;
  const { connection } = own.judged.watch;
  const end = main.stall.owedBy === flow.client ? connection.flow.client : connection.flow.server;
  if (from === null) return !isStillBefore(own, other);
  return here.clock.toReference(connection.sides[end].lastTime + here.shift) > from + SHORTEST_SILENCE;
}

/** By the numbers, where nothing ties the clocks: what the other capture shows repeated in vain has not come as far as here. */
function isStillBefore(own: IncidentFlow, other: IncidentFlow): boolean {
  const stall = other.judged.case.main?.stall;
  const first = stall?.events.find((e) => e.sender === stall.owedBy && (e.bits & Segment.Resent) !== 0);
  const [here, there] = [viewOf(own), viewOf(other)];
  if (stall === undefined || first === undefined || here === null || there === null) return false;
  const of = stall.owedBy === there.watch.connection.flow.client ? 'client' : 'server';
  const until = sentUntil(here, of);
  return until === null || seqDistance(until, first.seq + there.shift[stall.owedBy]) <= 0;
}

const viewOf = ({ joined, judged }: IncidentFlow): FlowView | null =>
  joined.legs.flatMap((leg) => leg.views).find((v) => v.watch === judged.watch) ?? null;

/** The capture shows bytes of that end unacknowledged for a second or more, also where it began within that time. */
export const repeatedLong = (watch: SilenceWatch | undefined, own: EndIndex): boolean =>
  watch?.silences.some(({ owed, endedBy, events }) => {
    const unacked = owed.what === 'unacknowledged' && owed.by === own;
    const repeats = (e: SegmentEvent): boolean => e.sender === own && (e.bits & Segment.Resent) !== 0;
    return endedBy !== 'close' && (unacked || (owed.what === 'unseen' && events.some(repeats)));
  }) ?? false;

/** When the path was lost, as a connection felt it; by the reference's clock. */
export function lossOf({ judged, vantage }: IncidentFlow, vantages: readonly CrossVantage[]): Nanos[] {
  const { main, outcome } = judged.case;
  const own = vantages[vantage];
  if (own === undefined || main === null || outcome === 'unaffected' || main.trying.length === 0) return [];
  return [own.clock.toReference((main.path.lost?.time ?? main.stall.start) + own.shift)];
}

/** No stall, or none but that the capture ends in mid-transfer. */
const showsNothing = ({ outcome, main }: Case): boolean =>
  outcome === 'unaffected' ||
  (outcome === 'undecided' && main !== null && main.stall.duration < SHORTEST_SILENCE);

/** The same outcome of the same stall: what went on here well after the other's began was another one. */
export function agree(a: IncidentFlow, b: IncidentFlow, vantages: readonly CrossVantage[]): boolean {
  if (a.judged.case.outcome !== b.judged.case.outcome) return false;
  const [own, other] = [beginOf(a, vantages), beginOf(b, vantages)];
  return own === null || other === null || own < other + SHORTEST_SILENCE;
}

/** When the stall began that its outcome rests on, by the reference's clock; null where there is none, or nothing ties its clock. */
function beginOf({ judged, vantage }: IncidentFlow, vantages: readonly CrossVantage[]): Nanos | null {
  const { main, stalls } = judged.case;
  const own = vantages[vantage];
  if (main === null || own === undefined || !own.clock.tied) return null;
  // Numbers that only jumped brought nothing: what stood still before still does.
  const jump = stalls.find(
    ({ stall, innocent }) =>
      innocent?.cause === 'capture-gap' &&
      stall.end !== null &&
      Math.abs(main.stall.start - stall.end) < SHORTEST_SILENCE,
  );
  return own.clock.toReference((jump ?? main).stall.start + own.shift);
}
