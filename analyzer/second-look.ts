/**
 * When the view of the other end counts for more: it saw the same and knows
 * the cause, or the server's own capture shows what its client could not.
 */
import type { Nanos } from '../packet/time.ts';
import type { CrossVantage } from './failover/crossing.ts';
import type { EndIndex } from './flow/flow.ts';
import type { IncidentFlow } from './report/build-report.ts';
import type { SegmentEvent } from './stall/segment-event.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from './stall/silence.ts';
import { Segment } from './tcp/segment.ts';
import type { Case } from './verdict/case.ts';

/**
 * To a client that only listens, a pause in a short answer of unknown length, or between events, looks like its end. The
 * server's own capture shows that it was repeating in vain meanwhile, to the end where nothing came through any more.
 */
export function isMissedBy(
  own: IncidentFlow,
  other: IncidentFlow,
  vantages: readonly CrossVantage[],
): boolean {
  const { main, outcome } = other.judged.case;
  if (!showsNothing(own.judged.case) || main === null || main.stall.ladder?.by !== main.stall.owedBy)
    return false;
  return outcome === 'resumed' || (outcome === 'hung' && !isHeardSince(own, other, vantages));
}

/** The other's capture may have stopped, and the connection gone on: what repeated there was heard here later. */
function isHeardSince(own: IncidentFlow, other: IncidentFlow, vantages: readonly CrossVantage[]): boolean {
  const from = beginOf(other, vantages);
  const here = vantages[own.vantage];
  const { main, flow } = other.judged.case;
  if (from === null || here === undefined || main === null) return true;
  const { connection } = own.judged.watch;
  const end = main.stall.owedBy === flow.client ? connection.flow.client : connection.flow.server;
  return here.clock.toReference(connection.sides[end].lastTime + here.shift) > from + SHORTEST_SILENCE;
}

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
