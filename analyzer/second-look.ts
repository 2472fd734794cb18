/**
 * When the view of the other end counts for more: it saw the same and knows
 * the cause, or the server's own capture shows what its client could not.
 */
import type { IncidentFlow } from './report/build-report.ts';
import { SHORTEST_SILENCE } from './stall/silence.ts';
import type { Case } from './verdict/case.ts';

/**
 * To a client that only listens, a pause in a short answer of unknown length looks like its end. The server's own
 * capture shows that it was repeating in vain meanwhile.
 */
export const isMissedBy = (own: IncidentFlow, { judged }: IncidentFlow): boolean =>
  showsNothing(own.judged.case) &&
  judged.case.outcome === 'resumed' &&
  judged.case.main?.stall.ladder?.by === judged.case.main?.stall.owedBy;

/** No stall, or none but that the capture ends in mid-transfer. */
const showsNothing = ({ outcome, main }: Case): boolean =>
  outcome === 'unaffected' ||
  (outcome === 'undecided' && main !== null && main.stall.duration < SHORTEST_SILENCE);

export const agree = (a: IncidentFlow, b: IncidentFlow): boolean =>
  a.judged.case.outcome === b.judged.case.outcome;
