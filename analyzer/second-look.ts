/**
 * When the view of the other end counts for more: it saw the same and knows
 * the cause, or the server's own capture shows what its client could not.
 */
import type { Nanos } from '../packet/time.ts';
import type { CrossVantage } from './failover/crossing.ts';
import type { EndIndex } from './flow/flow.ts';
import type { IncidentFlow } from './report/build-report.ts';
import { SHORTEST_SILENCE, type SilenceWatch } from './stall/silence.ts';
import type { Case } from './verdict/case.ts';

/**
 * To a client that only listens, a pause in a short answer of unknown length looks like its end. The server's own
 * capture shows that it was repeating in vain meanwhile.
 */
export const isMissedBy = (own: IncidentFlow, { judged }: IncidentFlow): boolean =>
  showsNothing(own.judged.case) &&
  judged.case.outcome === 'resumed' &&
  judged.case.main?.stall.ladder?.by === judged.case.main?.stall.owedBy;

/** The end's own capture shows its bytes unacknowledged for a second or more, and then acknowledged. */
export const repeatedLong = (watch: SilenceWatch | undefined, own: EndIndex): boolean =>
  watch?.silences.some(
    ({ owed, endedBy }) => owed.what === 'unacknowledged' && owed.by === own && endedBy === 'progress',
  ) ?? false;

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
